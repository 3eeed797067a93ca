// Package rebalance holds what lagscaler says of rebalances against the truth: the group coordinator's own log.
//
// Real brokers of Apache Kafka 3.9 and 4.3, real Java consumers, classic (eager, cooperative, static) and KIP-848,
// several groups side by side. A script has members join, leave, die, hang, restart and roll over, and topics grow.
// Meanwhile lagscaler's reading half runs as in the daemon: kafkasource, lag.Compute and rebalancemon, with a sample
// each second and a poll each 2 s (10 s in production; everything else, session timeouts too, is as much faster).
//
// [TestRebalances] is part of make test. make accuracy runs the long one, some hundred rebalances of each version,
// and writes docs/accuracy.md.
package rebalance
