// Package scale runs lagscaler against a real Kubernetes control plane and
// a real Kafka at once: each Ready pod of a Deployment stands for one real
// consumer process, so that a decision moves replicas, pods, consumers and, in
// the end, lag.
package scale
