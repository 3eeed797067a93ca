// Package v1alpha1 is the custom resource KafkaScaler, lagscaler.io/v1alpha1: what a user writes, and what is answered in
// its status. The markers on the fields become the schema in ../crd, and zz_generated.deepcopy.go; go generate writes
// both anew.
//
// +kubebuilder:object:generate=true
// +groupName=lagscaler.io
package v1alpha1

//go:generate controller-gen object paths=.
//go:generate controller-gen crd:allowDangerousTypes=true,generateEmbeddedObjectMeta=false,maxDescLen=1000 paths=. output:crd:dir=../crd
