// Package engine runs the program: it reads the clusters, decides, writes replica counts and publishes Reports.
//
// The problem: Kafka and Kubernetes may answer late or not at all. The other clusters must still be read on time, and every
// page, metric and command must show one consistent state. The rule: only one goroutine, that of [Engine.Run], has mutable
// state. The pollers and samplers read Kafka and send the results to it. A poll of a large cluster takes some 10 ms to be taken in: that
// concerns this cluster alone, so its poller does it, and has the history of the cluster for so long (taking.go).
//
//	goroutine   number             what it does
//	poller      one per cluster    Source.Observe every 10 s, or at the interval of the cluster; lag.Compute, History, rebalancemon of it
//	sampler     one per cluster    Source.Sample every 1 s, or at the interval of the cluster, sends the Sample; none if it says so
//	Run         one                has all state; scaler.Evaluate, Targets.Apply; publishes a Report
//	readers     any number         metrics, pages and commands call Latest, which does not block
//
// A Report is immutable, and so is the [ClusterReport] of each cluster in it. A ClusterReport is replaced only when its
// cluster was read. Successive Reports share the ClusterReports that were not replaced, so that the work of one poll does not
// depend on the number of clusters.
//
// Example: cluster "a" answers within 0.1 s, cluster "b" not at all. The poller of "b" waits until the poll ends after 8 s
// (kafkasource: 8/10 of the interval; the engine itself ends a poll after 9/10) and then sends an Observation that contains only errors. In the meantime "a" is polled every 10 s as
// usual, and the Reports of these polls contain the last ClusterReport of "b".
//
// A panic does not end the program: panics.go turns it into an error of the one cluster or scaler that was being processed.
// This cluster then counts as not read, or this scaler has no decision, so that nothing is scaled for it.
//
// The package is larger than others, but it has one task: the loop. Its files share the state that only Run may touch.
//
// [Engine.Tick] polls all clusters once and does everything that follows, without timers. Tests and one-shot commands use it.
package engine
