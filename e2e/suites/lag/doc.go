// Package lag holds the tests of what the source promises on real Apache Kafka: the conformance test, the comparison
// with Kafka's own tool, every kind of group, brokers that die and return, elections, and rights that are missing.
package lag
