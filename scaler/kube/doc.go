// Package kube is Kubernetes for the engine: custom resources in, scale subresource out.
//
//	KafkaScalers, HPAs, ScaledObjects, workloads, pods --watches--> caches --Scalers--> engine
//	scale subresource <------------------------------------------- Apply <------------- engine
//	status, Events    <-- one writer, on change only <------------ Publish <----------- engine
//	ConfigMaps        <------------------------------------------- Load, Save <-------- engine
//	Lease             <-- election ------------------------------> Leading -----------> engine
//
// [Controller.Scalers] reads caches and does no I/O: a slow API server delays no decision, and one that is down leaves
// what was known. Only the leader writes, and only what [Rules] lists: each right with the reason for it.
// A right that is missing is named once in the log and in the conditions of the scalers that it concerns, and the rest
// goes on.
//
// Start with controller.go, then scalers.go for what the engine sees and apply.go for the one write that matters.
package kube
