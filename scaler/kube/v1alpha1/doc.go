// Package v1alpha1 has the types of the custom resource KafkaScaler, lagscaler.io/v1alpha1.
//
//	spec.go                    the fields that a user sets
//	status.go                  the fields that the daemon writes, and the types of the conditions
//	zz_generated.deepcopy.go   generated from the types
//	../crd                     the schema, generated from the types, their comments and markers
//
// The comment of a field is its description in kubectl explain. Defaults that depend on a preset are not in the schema: the
// daemon fills them in. After a change run `go generate`. Then run `make chart-files`, which updates the copy in the chart. For
// example, the smallest spec is:
//
//	scaleTargetRef: {name: orders}
//	sources: [{cluster: main, group: orders}]
//
// +kubebuilder:object:generate=true
// +groupName=lagscaler.io
package v1alpha1

//go:generate controller-gen object paths=.
//go:generate controller-gen crd:allowDangerousTypes=true,generateEmbeddedObjectMeta=false,maxDescLen=1000 paths=. output:crd:dir=../crd
