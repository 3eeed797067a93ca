// Package propose finds the workloads in which consumer groups run, and writes KafkaScalers and chart values for them: the work of
// `lagscaler init`. It does no I/O.
//
// A KafkaScaler is written for what is sure. What is not sure is a comment that says what is known and what is missing:
//
//	what is seen of the members of a group                    what is written
//	all run in ready pods of one workload, and every ready    a KafkaScaler in mode advise
//	pod of it has one
//	the same, but the pods have members of other groups, too  a comment with the KafkaScaler: one process with several groups and
//	                                                          a proxy for their consumers look the same
//	some pods have none, or some members run elsewhere        a comment with the KafkaScaler
//	they run in several workloads                             a comment
//	none is known to run in a pod: NAT, outside, a node       a comment, with workloads of similar names, which is no evidence
//	there are none, or they are not known                     a comment
//	the workload has a KafkaScaler                            a comment
//
// Where a member runs is said by seen.Locate.
//
//	propose.go  groups and workloads become claims
//	write.go    claims become YAML
//	values.go   clusters become chart values; secrets are named, not written
package propose
