// Package lag tests lag/kafkasource with real Apache Kafka: the conformance test, a comparison with Kafka's own tool, every
// type of group, brokers that die and return, elections, and missing permissions.
package lag
