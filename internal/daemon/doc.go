// Package daemon makes the program from its parts and runs it. The command run starts it, and so do the tests in e2e.
//
// [New] turns one configuration into every part and starts none of them. [Daemon.Run] starts every long-lived goroutine in
// one run group, under a drawing of it. The parts do not know each other; their types meet here:
//
//	config -> kafkasource          kafka.go, and sources.go: a new password keeps what is known of a cluster
//	config -> scaler/kube          kubernetes.go: the Controller as the engine's Targets and Memories
//	config -> engine               daemon.go: who is told of each Report
//	config -> metrics, web         pages.go, and serve.go: the port
//	changed configuration          reload.go, and restart.go: what changes only with a restart
//	memory without Kubernetes      memoryfile.go: a file instead of ConfigMaps
//
// Commands that read Kafka themselves use the same parts without the servers: [Watcher], [LookOnce], [CheckCluster].
package daemon
