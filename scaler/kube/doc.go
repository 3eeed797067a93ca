// Package kube is the adapter between the engine and Kubernetes: it reads KafkaScalers and their targets, and writes scale
// subresources, statuses, Events, saved memories and a Lease.
//
//	KafkaScalers, HPAs, ScaledObjects, workloads, pods --watches--> caches --Scalers--> engine
//	scale subresource <------------------------------------------- Apply <------------- engine
//	status, Events    <-- one writer, on change only <------------ Publish <----------- engine
//	ConfigMaps        <------------------------------------------- Load, Save <-------- engine
//	Lease             <-- election ------------------------------> Leading -----------> engine
//
// [Controller.Scalers] reads caches and does no I/O: a slow API server delays no decision, and if it does not answer, the
// cached objects are used. Only the leader writes. The permissions that it needs are listed in the package access, each
// with its reason. A missing permission is logged once and shown in the conditions of the scalers that it concerns;
// everything else continues.
//
// [Controller] only joins the parts. Each has one job, and a lock of its own where it has state:
//
//	the API server       access      clients; which permissions are needed, and which are missing
//	who may write        election    the Lease
//	what is watched      watch       watches and caches; the target of a scaler, from the caches
//	the custom resource  v1alpha1    its fields, conditions, reasons and annotations
//
//	what is declared     declarations.go, convert.go         KafkaScalers and the scalers of the configuration file
//	                     scalers.go                          which of them are refused, and why
//	who keeps it         keeper.go                           the claim of this installation, before it writes
//	                     others.go                           whether another installation that keeps it still runs
//	what is written      scales.go                           replicas: the only file that writes them, for decisions and for restore
//	                     publisher.go, status.go, events.go  statuses and Events
//	KEDA's triggers      triggers.go                         the KafkaScaler, or the settings, that a trigger asks for
//	for commands         check.go, triggercheck.go           is everything there and allowed; do live ScaledObjects ask as they should
//	                     inventory.go                        which workloads and pods there are
//	what is remembered   asleep.go                           in the status: why a target has no replica
//	                     memories.go, deleted.go             saved memories, and the clean-up after deleted scalers
//
// The files of this package, 3,400 lines, have one task: to follow a declared scaler in Kubernetes, from its declaration to
// the clean-up after its deletion. All of them use the same declarations. Start with controller.go.
package kube
