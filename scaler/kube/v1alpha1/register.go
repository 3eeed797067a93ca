package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is the kind of the resource.
const Kind = "KafkaScaler"

// GroupVersion is the API group and version.
var GroupVersion = schema.GroupVersion{Group: "lagscaler.io", Version: "v1alpha1"}

// Resource is the name of the resource in the API.
var Resource = GroupVersion.WithResource("kafkascalers")
