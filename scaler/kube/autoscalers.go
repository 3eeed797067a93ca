package kube

import (
	"cmp"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler"
)

// Annotations of KEDA that stop a ScaledObject. Those that pause one direction only do not.
const (
	kedaPaused         = "autoscaling.keda.sh/paused"
	kedaPausedReplicas = "autoscaling.keda.sh/paused-replicas"
)

// owner is who else sets a target's replicas. A ScaledObject works through an HPA of its own, so it is named, with
// the number the HPA wants; a paused one has none, and owns nothing.
func (ws *workloads) owner(ref scaler.Ref) scaler.Owner {
	hpa := ws.autoscaler(ref)
	keda := ws.scaledObject(ref)
	if keda.Kind == "" {
		return hpa
	}
	keda.Desired = hpa.Desired
	if hpa.Kind != "" {
		keda.Paused = false // its HPA is still there and acts
	}
	return keda
}

func (ws *workloads) autoscaler(ref scaler.Ref) scaler.Owner {
	all, _ := ws.watches.store(watchKey{autoscalers, ref.Namespace})
	var found []scaler.Owner
	for _, o := range all {
		hpa, ok := o.(*autoscalingv2.HorizontalPodAutoscaler)
		t := autoscalingv2.CrossVersionObjectReference{}
		if ok {
			t = hpa.Spec.ScaleTargetRef
		}
		if ok && sameTarget(ref, t.APIVersion, t.Kind, t.Name) {
			found = append(found, scaler.Owner{Kind: "HorizontalPodAutoscaler", Name: hpa.Name, Desired: hpa.Status.DesiredReplicas})
		}
	}
	return first(found)
}

func (ws *workloads) scaledObject(ref scaler.Ref) scaler.Owner {
	all, _ := ws.watches.store(watchKey{scaledObjects, ref.Namespace})
	var found []scaler.Owner
	for _, o := range all {
		so, ok := o.(object)
		if !ok {
			continue
		}
		text := func(field string) string {
			s, _, _ := unstructured.NestedString(so.Object, "spec", "scaleTargetRef", field)
			return s
		}
		if sameTarget(ref, cmp.Or(text("apiVersion"), "apps/v1"), cmp.Or(text("kind"), "Deployment"), text("name")) {
			found = append(found, scaler.Owner{Kind: "ScaledObject", Name: so.GetName(), Paused: kedaIsPaused(so)})
		}
	}
	return first(found)
}

func kedaIsPaused(o metav1.Object) bool {
	says := o.GetAnnotations()
	_, fixed := says[kedaPausedReplicas]
	return fixed || says[kedaPaused] == "true"
}

// first is the one that owns, and of several the first by name.
func first(found []scaler.Owner) scaler.Owner {
	if len(found) == 0 {
		return scaler.Owner{}
	}
	return slices.MinFunc(found, func(a, b scaler.Owner) int {
		if a.Owns() != b.Owns() {
			if a.Owns() {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
}

// sameTarget compares a target with a reference to one; versions of an API group are one and the same object.
func sameTarget(ref scaler.Ref, apiVersion, kind, name string) bool {
	theirs := schema.FromAPIVersionAndKind(apiVersion, kind).GroupKind()
	return ref.Name == name && kindOf(ref).GroupKind() == theirs
}
