package watch

import (
	"cmp"
	"slices"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
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

// computed reports whether an HPA has computed the replicas that it wants. Until then its status has 0: it was just made, or its
// metrics cannot be read. Of a target with 0 replicas it wants 0, and says that it is disabled.
func computed(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	return hpa.Status.DesiredReplicas > 0 || slices.ContainsFunc(hpa.Status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
		return c.Type == autoscalingv2.ScalingActive && (c.Status == corev1.ConditionTrue || c.Reason == "ScalingDisabled")
	})
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

// ScaledObject is what is read of a ScaledObject whose trigger carries settings of its own.
type ScaledObject struct {
	Target   seen.Ref
	Min, Max int32 // with KEDA's defaults; Min is its idle size, if it has one
	Created  time.Time
	Triggers []Trigger
}

// Trigger is one trigger of a ScaledObject.
type Trigger struct {
	Type     string
	Metadata map[string]string
}

// ScaledObject finds a ScaledObject; read is false until those of its namespace are listed.
func (ws *Workloads) ScaledObject(namespace, name string) (found ScaledObject, ok, read bool) {
	all, read := ws.Watches.store(Key{ScaledObjects, namespace})
	for _, o := range all {
		if so, is := o.(Object); is && so.GetName() == name {
			return ScaledObjectOf(so), true, read
		}
	}
	return ScaledObject{}, false, read
}

// ScaledObjectOf reads a ScaledObject.
func ScaledObjectOf(o Object) ScaledObject {
	text := func(field string) string {
		s, _, _ := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", field)
		return s
	}
	number := func(field string, otherwise int64) int32 {
		if n, ok, _ := unstructured.NestedInt64(o.Object, "spec", field); ok {
			return count(n)
		}
		return count(otherwise)
	}
	out := ScaledObject{
		Target: seen.Ref{
			APIVersion: cmp.Or(text("apiVersion"), "apps/v1"), Kind: cmp.Or(text("kind"), "Deployment"),
			Namespace: o.GetNamespace(), Name: text("name"),
		},
		Max: number("maxReplicaCount", 100), Created: o.GetCreationTimestamp().Time,
	}
	out.Min = number("idleReplicaCount", int64(number("minReplicaCount", 0)))
	triggers, _, _ := unstructured.NestedSlice(o.Object, "spec", "triggers")
	for _, one := range triggers {
		if t, ok := one.(map[string]any); ok {
			kind, _, _ := unstructured.NestedString(t, "type")
			metadata, _, _ := unstructured.NestedStringMap(t, "metadata")
			out.Triggers = append(out.Triggers, Trigger{Type: kind, Metadata: metadata})
		}
	}
	return out
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
