// Package alerts tests with running consumers that alerts are delivered and that the queries of the dashboards have results.
//
//	producer --> brokers <-- consumers: stopped, frozen, poisoned, restarted; of one group, one for each Ready pod
//	                |
//	       lagscaler run, three times <--> Kubernetes: Leases, a Deployment, its KafkaScaler
//	                |
//	            Prometheus, with our rules --> Alertmanager --> webhook of the test
//
// Each lagscaler is the program itself, built from the checkout, in a process of its own: a leader, its follower, and an
// installation in mode advise. So two processes export the metrics of every group all the time. In production this happens
// only for some seconds after a change of the leader.
// Kubernetes, Prometheus and Alertmanager are the real ones. Only the brokers (embedded, as those of the demo) and their
// clients run in the process of the test.
//
// The rules are exported with a time scale that makes an hour a minute. The times of the program itself are real: a partition
// is stalled, and the data of a cluster are stale, after two minutes. So the tests of these two start first and end last.
package alerts
