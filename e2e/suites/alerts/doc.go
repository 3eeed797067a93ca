// Package alerts holds the test that sees the alerts delivered, and the dashboards answered, for a fleet that lives.
//
//	producer --> brokers <-- consumers: stopped, frozen, poisoned, restarted; of one group, one for each Ready pod
//	                |
//	       lagscaler run, three times <--> Kubernetes: Leases, a Deployment, its KafkaScaler
//	                |
//	            Prometheus, with our rules --> Alertmanager --> webhook of the test
//
// Each lagscaler is the program itself, built from the checkout, in a process of its own: a leader, its follower, and an
// installation that only advises. So every group is exposed twice all the time, as it is for some seconds after a hand-over.
// Kubernetes, Prometheus and Alertmanager are the real ones. In the test's own process are only the brokers (embedded, as
// those of the demo) and their clients.
//
// The rules are exported with a time scale, so that an hour is a minute. The program's own clocks have no such thing: a
// partition is stalled, and a cluster's data stale, after two real minutes. Both stories begin first and end last.
package alerts
