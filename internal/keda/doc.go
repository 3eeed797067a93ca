// Package keda turns ScaledObjects of KEDA, their kafka triggers, into KafkaScalers, and says what has no equivalent.
//
// It is pure: text in, text out. Field by field, KEDA v2.21 to ours:
//
//	scaleTargetRef                      scaleTargetRef, with the same defaults
//	minReplicaCount, idleReplicaCount   minReplicas; KEDA's default is 0
//	maxReplicaCount                     maxReplicas; KEDA's default of 100 is left out, the partitions bound it
//	cooldownPeriod                      idleTime, where scaling to zero is allowed
//	fallback.replicas                   fallbackReplicas
//	behavior.scaleDown.stabilization…   stabilizationWindow
//	trigger kafka, apache-kafka         a source; triggers of one group on one cluster become one
//	trigger cron                        a schedule
//	activationLagThreshold              activationLag, the smallest of all
//	everything else                     a note
package keda
