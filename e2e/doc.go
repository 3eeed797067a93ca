// Package e2e is the home of the tests against real servers: Apache Kafka, a
// Kubernetes control plane, Prometheus and Alertmanager.
//
// It is a Go module of its own, so that what these tests need never shows in
// the go.mod of lagscaler.
//
//   - e2e/kafka starts clusters of Apache Kafka 3.9 and 4.3 and real Java
//     clients, and reads the truth from the group coordinator's log.
//   - e2e/kube starts a Kubernetes control plane with pretend nodes.
//   - e2e/prom starts Prometheus and Alertmanager.
//
// The servers come from package registries, fetched and built by the
// makefiles under tools/ into a cache folder; see those for the targets. Each
// listens on 127.0.0.1 on a free port, keeps its data in a temporary folder
// and ends with the test that started it, even when that test is killed.
package e2e
