package watch

import (
	"cmp"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The annotations of KEDA that stop a ScaledObject. An annotation that pauses one direction only does not stop it.
const (
	kedaPaused         = "autoscaling.keda.sh/paused"
	kedaPausedReplicas = "autoscaling.keda.sh/paused-replicas"
)

// owner is the other controller that sets a target's replicas, if there is one. A ScaledObject works through an HPA of its
// own: then the owner is the ScaledObject, with the number of replicas that the HPA wants. A paused ScaledObject has no HPA
// and owns nothing.
func (ws *Workloads) owner(ref seen.Ref) seen.Owner {
	hpa := ws.autoscaler(ref)
	keda := ws.scaledObject(ref)
	if keda.Kind == "" {
		return hpa
	}
	keda.Desired, keda.Unknown = hpa.Desired, hpa.Unknown
	if hpa.Kind != "" {
		keda.Paused = false // its HPA is still there and acts
	}
	return keda
}

func (ws *Workloads) autoscaler(ref seen.Ref) seen.Owner {
	all, _ := ws.Watches.store(Key{Autoscalers, ref.Namespace})
	var found []seen.Owner
	for _, o := range all {
		hpa, ok := o.(*autoscalingv2.HorizontalPodAutoscaler)
		t := autoscalingv2.CrossVersionObjectReference{}
		if ok {
			t = hpa.Spec.ScaleTargetRef
		}
		if ok && sameTarget(ref, t.APIVersion, t.Kind, t.Name) {
			found = append(found, seen.Owner{
				Kind: "HorizontalPodAutoscaler", Name: hpa.Name, Desired: hpa.Status.DesiredReplicas, Unknown: !computed(hpa),
			})
		}
	}
	return first(found)
}

// computed reports whether an HPA has computed the replicas that it wants. Until then its status has no condition, and 0.
func computed(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	return hpa.Status.DesiredReplicas > 0 || len(hpa.Status.Conditions) > 0
}

func (ws *Workloads) scaledObject(ref seen.Ref) seen.Owner {
	all, _ := ws.Watches.store(Key{ScaledObjects, ref.Namespace})
	var found []seen.Owner
	for _, o := range all {
		so, ok := o.(Object)
		if !ok {
			continue
		}
		text := func(field string) string {
			s, _, _ := unstructured.NestedString(so.Object, "spec", "scaleTargetRef", field)
			return s
		}
		if sameTarget(ref, cmp.Or(text("apiVersion"), "apps/v1"), cmp.Or(text("kind"), "Deployment"), text("name")) {
			found = append(found, seen.Owner{Kind: "ScaledObject", Name: so.GetName(), Paused: kedaIsPaused(so)})
		}
	}
	return first(found)
}

func kedaIsPaused(o metav1.Object) bool {
	annotations := o.GetAnnotations()
	_, fixed := annotations[kedaPausedReplicas]
	return fixed || annotations[kedaPaused] == "true"
}

// first is the first owner by name, of those that own the target if any does.
func first(found []seen.Owner) seen.Owner {
	if len(found) == 0 {
		return seen.Owner{}
	}
	return slices.MinFunc(found, func(a, b seen.Owner) int {
		if a.Owns() != b.Owns() {
			if a.Owns() {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
}

// sameTarget reports whether a reference names the target, in whatever version of its API group.
func sameTarget(ref seen.Ref, apiVersion, kind, name string) bool {
	theirs := schema.FromAPIVersionAndKind(apiVersion, kind).GroupKind()
	return ref.Name == name && KindOf(ref).GroupKind() == theirs
}
