// Package alerts holds the test that sees the alerts delivered, and the dashboards answered, for a fleet that lives.
//
//	producer --> embedded brokers <-- consumers that the test stops, freezes and restarts
//	                  |
//	          two replicas of the engine --pages--> Prometheus, with our rules --> Alertmanager --> webhook of the test
//
// The rules are exported with a time scale, so that an hour is a minute.
package alerts
