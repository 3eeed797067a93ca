package kube

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"
)

// object is any Kubernetes object.
type object = *unstructured.Unstructured

// handle calls changed for what is there or became different, and deleted for what is gone.
func handle(changed, deleted func(object)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { seen(o, changed) },
		UpdateFunc: func(_, o any) { seen(o, changed) },
		DeleteFunc: func(o any) {
			if missed, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = missed.Obj
			}
			if last, ok := o.(object); ok {
				deleted(last)
			}
		},
	}
}

// seen hands an object on. Informers of dynamic clients bring no others.
func seen(o any, to func(object)) {
	if obj, ok := o.(object); ok {
		to(obj)
	}
}
