// Package scale runs lagscaler with a real Kubernetes control plane and a real
// Kafka. For every Ready pod of a Deployment, the test runs one real consumer
// process. So a decision changes the replicas, the pods, the consumers and
// then the lag.
package scale
