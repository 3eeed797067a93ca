// Package watch reads Kubernetes: it watches what the scalers need, and shows their targets as the caches have them.
//
//	watches.go                            which watches run
//	kinds.go                              which kinds the API server serves
//	targets.go, objects.go                workloads: sizes, resizes, rollouts, who wrote the replicas
//	workloads.go, pods.go, autoscalers.go    a scaler's target: its size, pods, other autoscaler, annotations
//	freeze.go                             the annotations that freeze a namespace, a scaler or a target
//
// [Workloads.Read] does no I/O. A target is unknown, and its scaler refused, until its kind has been listed:
//
//	kind served   listed   in the list   size known   answer
//	not asked     -        -             -            NotReadYet
//	no            -        -             -            not found
//	yes           no       -             -            NotReadYet, or MissingRight
//	yes           yes      no            -            not found
//	yes           yes      yes           no           NotReadYet, or MissingRight: its scale is being read
//	yes           yes      yes           yes          found
package watch
