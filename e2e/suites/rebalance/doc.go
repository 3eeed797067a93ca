// Package rebalance compares the rebalances that lagscaler reports with the log of the group coordinators.
//
// Real brokers of Apache Kafka 3.9 and 4.3, real Java consumers, classic (eager, cooperative, static) and KIP-848,
// several groups side by side. A script has members join, leave, die, hang, restart and roll over, and topics grow.
// Meanwhile lagscaler runs, wired by the program itself (internal/daemon), with a sample every second and a poll every 2 s.
// In production a poll runs every 10 s; the session timeouts of these groups are as much shorter.
//
// [TestRebalances] is part of make test. make accuracy runs the long one, some hundred rebalances of each version,
// and writes docs/accuracy.md.
package rebalance
