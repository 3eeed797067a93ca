// Package e2e holds the tests against real servers: Apache Kafka, a Kubernetes
// control plane, Prometheus, Alertmanager and a browser.
//
// It is a Go module of its own, so that the go.mod of lagscaler does not have
// the dependencies of these tests.
//
// # Which claim is tested where
//
//	claim                                                       package          servers
//	Is the lag what Kafka's own tool says, whatever happens?    suites/lag       Kafka
//	Are count, time and cause of rebalances correct?            suites/rebalance Kafka; the truth is the coordinator's log
//	Does a decision move pods, consumers and, in the end, lag?  suites/scale     Kafka, Kubernetes
//	Does it do no harm while what it depends on is broken?      suites/chaos     Kafka, Kubernetes
//	Does the chart install, with no permission that is unused?  suites/chart     Kafka, Kubernetes, Helm 3 and 4
//	Do alerts fire and resolve, do dashboards have data?        suites/alerts    Kubernetes, Prometheus, Alertmanager; embedded Kafka
//	Do the pages work in a browser?                             suites/web       Chromium; embedded Kafka
//	Does the image run as the chart asks, and what is in it?    suites/image     buildah, Kafka
//	Does KEDA act by our number, also when a replica is gone?   suites/versus    KEDA, Kafka, Kubernetes (make versus)
//	How many requests and how much memory does a poll take?     bench            embedded Kafka (make bench)
//
// # Which server is started by what
//
//	servers/kafka      clusters of Apache Kafka 3.9, 4.3 and 4.4, Java clients, and MirrorMaker; servers/kafka/coordlog reads the coordinator's log
//	servers/kube       etcd, the Kubernetes control plane, and simulated nodes
//	servers/keda       KEDA's operator and its metrics adapter
//	servers/prom       Prometheus and Alertmanager
//	servers/child      runs each of these servers as a child process
//	servers/closedloop a Deployment whose Ready pods are real consumers, under load, and lagscaler as a process of its own
//	servers/daemon     lagscaler in the process of a test, wired by internal/daemon
//	servers/long       tells the tests that only make stories runs whether they run
//	servers/built      finds programs that the makefiles built, and builds lagscaler
//
// The makefiles under tools/ fetch the servers from package registries, and
// build them in a cache folder; the make targets are in these files. Each
// listens on 127.0.0.1 on a free port, keeps its data in a temporary folder
// and ends with the test that started it, even when that test is killed.
package e2e
