package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is the resource's kind.
const Kind = "KafkaScaler"

// GroupVersion is the API group and version.
var GroupVersion = schema.GroupVersion{Group: "lagscaler.io", Version: "v1alpha1"}

// Resource names the resource as the API serves it.
var Resource = GroupVersion.WithResource("kafkascalers")
