// Package rebalance compares the rebalances that lagscaler reports with the log of the group coordinators.
//
// The brokers are real ones of Apache Kafka 3.9 and 4.3, and the consumers are real Java clients. There are several groups at
// the same time: classic (eager, cooperative, static) and KIP-848. In a script, members join, leave, die, hang, restart and
// roll over, and topics get more partitions. Meanwhile lagscaler runs, wired by the program itself (internal/daemon), with a
// sample every second and a poll every 2 s. In production a poll runs every 10 s; the session timeouts of these groups are
// shorter by the same factor.
//
// [TestRebalances] is part of make test. make accuracy runs the long test, with some hundred rebalances of each version, and
// writes docs/accuracy.md.
package rebalance
