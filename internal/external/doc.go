// Package external is the gRPC server of KEDA's externalscaler protocol: a ScaledObject asks it for the number of replicas.
//
// The problem: what KEDA is told, its HPA does. A number that is not known must not look like zero, and a replica of lagscaler that
// does not lead must not tell its own number.
//
// The rules:
//
//   - One metric, replicas, with the target 1 for each replica. The trigger must have metricType AverageValue, KEDA's default: then
//     the HPA makes as many replicas as the metric says. With Value it multiplies the metric by the pods that are ready.
//   - Every number is that of the latest Report of the leader. Another replica asks the leader: its address is in the Lease.
//   - What is not known is an error, so that KEDA's fallback can work.
//   - The metric's specification is always answered: without it KEDA cannot make its HPA.
//
// What is asked, and what is answered:
//
//	call             answer
//	GetMetricSpec    replicas, 1; in every state
//	GetMetrics       scaler.Decision.Answer: answer.go
//	IsActive         the same number is at least 1
//	StreamIsActive   true, each time it becomes so. Never false: KEDA takes the word of one trigger as that of all of them
//
//	file        question
//	server.go   how is the port served, and how does it end?
//	answer.go   which number is given, and when is there none?
//	allow.go    who may ask for a namespace?
//	tls.go      which certificates are used and accepted, also while they are replaced?
//	leader.go   how is the leader asked?
//	stream.go   when is a stream told something?
//	counts.go   how often was what asked?
package external
