// Package strimzi finds the Kafka clusters that Strimzi runs: its Kafka resources of some namespaces, with what is needed to read each of
// them, as they come, change and go.
//
//	Kafka resources (one namespace, a label selector) --watch--┐
//	                                                           ├─ Found: bootstrap address, authorities, user ──> changed
//	the Secret of a KafkaUser (by its name)           --watch--┘
//
// It needs list and watch on the Kafka resources of a namespace, and list and watch on the Secrets that are named, and no other Secret: a
// watch with the field selector metadata.name is allowed by a role with resourceNames. The certificate authorities of a listener are in the
// status of the resource, so no Secret is read for them.
//
// What cannot be used of one resource is an error of that resource. What cannot be read, for example while the API server is down, stays as
// it was read last.
//
// The fields of Strimzi's API are those of kafka.strimzi.io/v1beta2 and v1, in every version of Strimzi from 0.36 on:
// spec.kafka.listeners, status.listeners (name, bootstrapServers, certificates) and status.clusterId. The keys of the Secret of a
// KafkaUser are password (SCRAM-SHA-512), user.crt and user.key (TLS).
//
//	strimzi.go  Discovery: which watches run, and what they found
//	find.go     how clusters are found in lists of objects, those of watches or those of Once
//	watches.go  one watch
//	read.go     a resource and a Secret become what is Found; values in, values out
package strimzi
