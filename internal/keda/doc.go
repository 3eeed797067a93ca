// Package keda converts KEDA ScaledObjects with kafka triggers to KafkaScalers. A setting without an equivalent becomes a
// comment above the KafkaScaler.
//
// The package does no I/O: text in, text out. The fields of KEDA v2.21:
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
//	other settings that affect scaling  a comment
//
// For example, two kafka triggers with consumerGroup orders and the topics orders and returns become one source:
//
//	sources: [{cluster: main, group: orders, topics: [orders, returns]}]
package keda
