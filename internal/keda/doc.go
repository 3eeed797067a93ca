// Package keda converts KEDA ScaledObjects with kafka triggers to KafkaScalers. A setting without an equivalent becomes a
// comment above the KafkaScaler: nothing is lost in silence.
//
//	stream.go                documents and lists become objects; a broken object is reported with the name of its document
//	convert.go               an object becomes a KafkaScaler under its comments
//	replicas.go              limits and speed; annotations.go: what pauses
//	trigger.go, fields.go    triggers become sources; the table of all fields of KEDA's two triggers
//	auth.go                  the connections that KEDA refuses
//	clusters.go              brokers, TLS and SASL become the name of a cluster
//	ways.go                  what is written beside the KafkaScaler: the ScaledObject that asks lagscaler, or an HPA
//	check.go                 the result is checked as the program checks a KafkaScaler
//
// The package is larger than others, but it has one task, and does no I/O: text in, text out. The fields of KEDA v2.21:
//
//	KEDA                                KafkaScaler
//	scaleTargetRef                      scaleTargetRef, with the same defaults
//	minReplicaCount, idleReplicaCount   minReplicas; KEDA's default is 0
//	maxReplicaCount                     maxReplicas; KEDA's default of 100 is omitted: the number of partitions is the limit
//	cooldownPeriod                      idleTime, if minReplicas is 0
//	fallback.replicas                   fallbackReplicas
//	behavior.scaleDown.stabilization…   stabilizationWindow
//	trigger kafka, apache-kafka         a source; triggers of the same group and cluster become one source
//	trigger cron                        an entry of schedule
//	activationLagThreshold              activationLag, the smallest value of all kafka triggers
//	topic                               topics: a list for apache-kafka, one name for kafka; a name that cannot exist is refused
//	sasl, tls, unsafeSsl, awsRegion     a comment with the configuration of the cluster
//	annotation paused-replicas          annotation lagscaler.io/fixed-replicas; paused-scale-in and -out: pause-scale-in and -out
//	other settings that affect scaling  a comment
//
// For example, two kafka triggers with consumerGroup orders and the topics orders and returns become one source:
//
//	sources: [{cluster: main, group: orders, topics: [orders, returns]}]
package keda
