// Package daemon creates the parts of the program and runs them. The command `lagscaler run` starts the daemon, and so do the
// tests in e2e.
//
// [New] creates every part from one configuration and starts none of them. [Daemon.Run] starts every long-lived goroutine in
// one run group; its comment has a diagram of them. Neither kafkasource nor scaler/kube imports the engine: this package
// connects them:
//
//	config -> kafkasource          kafka.go, and sources.go: after a change of the password, the history of a cluster is kept
//	config -> scaler/kube          kubernetes.go: the Controller as the engine's Targets and Memories
//	config -> engine               daemon.go: who receives each Report
//	config -> metrics, web         pages.go, and serve.go: the port
//	config -> external             external.go: the endpoint that KEDA asks
//	config -> custommetrics        custommetrics.go: the endpoint that the API server asks for an HPA
//	config -> messages             messages.go: who hears what happens
//	config -> otlp                 otlp.go: the collector to which metrics are pushed
//	changed configuration          reload.go, and restart.go: which settings take effect only after a restart
//	memory without Kubernetes      memoryfile.go: a file instead of ConfigMaps
//
// It has more than 15 files, and one task: each file connects one package with the others.
//
// Commands that read Kafka themselves use the same parts without the servers: [Watcher], [LookOnce], [FindClusters], [CheckCluster].
package daemon
