// Package kube is the adapter between the engine and Kubernetes: it reads KafkaScalers and workloads, and writes scale
// subresources, statuses, Events, saved memories and a Lease.
//
//	KafkaScalers, HPAs, ScaledObjects, workloads, pods --watches--> caches --Scalers--> engine
//	scale subresource <------------------------------------------- Apply <------------- engine
//	status, Events    <-- one writer, on change only <------------ Publish <----------- engine
//	ConfigMaps        <------------------------------------------- Load, Save <-------- engine
//	Lease             <-- election ------------------------------> Leading -----------> engine
//
// [Controller.Scalers] reads caches and does no I/O: a slow API server delays no decision, and while it is down the cached
// objects are used. Only the leader writes, and only with the rights that [Permissions] lists, each with its reason.
// A missing right is logged once and shown in the conditions of the scalers that it concerns; everything else goes on.
//
// [Controller] only joins the parts. Each has one file, one job, and a lock of its own where it has state:
//
//	what is declared     declarations.go, convert.go          KafkaScalers and the scalers of the configuration file
//	                     scalers.go                           which of them are refused, and why
//	what is watched      watches.go, kinds.go                 which watches run; which kinds the API server serves
//	                     targets.go, objects.go               workloads: sizes, resizes, rollouts, who wrote them
//	                     workloads.go, pods.go, autoscalers.go    a scaler's target as the caches show it
//	what is written      scales.go                            replicas: the only place, for decisions and for restore
//	                     publisher.go, status.go, events.go   statuses and Events
//	what is remembered   memories.go, deleted.go              saved memories, and the clean-up after deleted scalers
//	who may write        election.go                          the Lease
//	                     permissions.go, rights.go            the rights that are needed, and those that are missing
//	the API server       connect.go                           clients, and the log of client-go
//
// These are one package, though a large one, because they are one idea, Kubernetes as the engine sees it: the parts share
// the client, the missing rights and the targets, and none of them is of use without the others. Start with controller.go.
package kube
