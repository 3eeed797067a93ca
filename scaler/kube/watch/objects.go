package watch

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// replicas is a number of the object; what is absent is the API's 0, but for spec.replicas, which is 1 then.
func replicas(o Object, path ...string) int32 {
	n, ok, err := unstructured.NestedInt64(o.Object, path...)
	if (err != nil || !ok) && path[0] == "spec" {
		return 1
	}
	return count(n)
}

// count is a number of replicas. Objects of other kinds than the built-in ones may hold any number, and one above 2^32 must not
// become a small one.
func count(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

func selectorOf(o Object) labels.Selector {
	raw, _, _ := unstructured.NestedMap(o.Object, "spec", "selector")
	var s metav1.LabelSelector
	text, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	selector, invalid := metav1.LabelSelectorAsSelector(&s)
	if err != nil || invalid != nil {
		return labels.Nothing()
	}
	return selector
}

// rolling reports whether old pods are being replaced by new ones. A resize is no rollout: it makes no pod old.
//
//	Deployment   replicas 4, updated 4                       no
//	Deployment   replicas 5, updated 1                       yes: four are of the old template
//	StatefulSet  current revision a, update revision b       yes
//	either       paused, OnDelete, or below the partition    no: nothing is replaced
//	Rollout      paused at a step of a canary, or aborted    no: it may last until somebody promotes it, see [resting]
func rolling(o Object) bool {
	status := func(field string) int32 { return replicas(o, "status", field) }
	text := func(path ...string) string { s, _, _ := unstructured.NestedString(o.Object, path...); return s }
	if paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused"); paused || resting(o) {
		return false
	}
	if o.GetKind() != "StatefulSet" {
		updated, known, _ := unstructured.NestedInt64(o.Object, "status", "updatedReplicas")
		return (known || o.GetKind() == "Deployment") && status("replicas") > count(updated)
	}
	if text("spec", "updateStrategy", "type") == "OnDelete" || text("status", "updateRevision") == text("status", "currentRevision") {
		return false
	}
	kept, _, _ := unstructured.NestedInt64(o.Object, "spec", "updateStrategy", "rollingUpdate", "partition")
	return status("updatedReplicas") < status("replicas")-count(kept)
}

// resting reports whether a Rollout of Argo stays between two versions: its controller has paused it (a step of a canary, a
// preview of blue-green; it then notes why), or it was aborted and no pod of the new version is left. This may last for days,
// so it does not count as a rollout.
func resting(o Object) bool {
	if !isRollout(o) {
		return false
	}
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	reasons, _, _ := unstructured.NestedSlice(o.Object, "status", "pauseConditions")
	aborted, _, _ := unstructured.NestedBool(o.Object, "status", "abort")
	paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused")
	return paused || phase == "Paused" || len(reasons) > 0 || aborted && replicas(o, "status", "updatedReplicas") == 0
}

func isRollout(o Object) bool {
	return o.GetKind() == "Rollout" && strings.HasPrefix(o.GetAPIVersion(), "argoproj.io/")
}

// readyOf is the number of ready replicas in an object's status; told is false for a kind without this field, such as
// KafkaConnector. Kinds with this field omit it if it is 0.
func readyOf(o Object) (ready int32, told bool) {
	n, told, _ := unstructured.NestedInt64(o.Object, "status", "readyReplicas")
	switch o.GetKind() {
	case "Deployment", "StatefulSet", "ReplicaSet":
		told = true
	}
	return count(n), told || isRollout(o)
}

// refusedOf is why the API server creates no more pods for an object: the condition ReplicaFailure, which Deployments, ReplicaSets
// and Rollouts have while a pod is refused, in the words of the API server.
func refusedOf(o Object) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		c, ok := c.(map[string]any)
		if !ok || c["type"] != "ReplicaFailure" || c["status"] != "True" {
			continue
		}
		message, _, _ := unstructured.NestedString(c, "message")
		reason, _, _ := unstructured.NestedString(c, "reason")
		return cmp.Or(oneLine(message), oneLine(reason), "ReplicaFailure")
	}
	return ""
}

// author is who set the replicas last, according to the managed fields.
type author string

// The authors. Nobody: once a size of 0 was written through the scale subresource, which leaves the field out, the API
// server (1.37) tracks no author of it any more.
const (
	us       author = "us"
	somebody author = "somebody"
	nobody   author = "nobody"
)

// writerOf reads the author of spec.replicas, so that a follower knows its leader's writes.
func (ts *Targets) writerOf(o Object) author {
	for _, m := range o.GetManagedFields() {
		if m.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Spec map[string]json.RawMessage `json:"f:spec"`
		}
		if json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if _, owns := fields.Spec["f:replicas"]; owns {
			if ts.isOurs(&m) {
				return us
			}
			return somebody
		}
	}
	return nobody
}

// isOurs reports whether this installation is a field manager. Every installation of the versions before it had the name of the
// program: its writes are ours if they are of the time before our first under a name of our own. The API server (1.37) does not say
// when a write through the scale subresource was made, so what is seen after our first write counts as made after it.
//
//	manager                  wrote                     ours
//	lagscaler:NAMESPACE/OWN  at any time               yes
//	lagscaler                before our first write    yes: an earlier version of this installation, or its old replicas during an upgrade
//	lagscaler                after it                  no: another installation, of an earlier version
func (ts *Targets) isOurs(m *metav1.ManagedFieldsEntry) bool {
	if m.Manager == ts.api.Installation.FieldManager() {
		return true
	}
	first, known := ts.firstWrite()
	return m.Manager == access.Program && (!known || m.Time != nil && !m.Time.After(first))
}

// versionOf is a resourceVersion as a number, which may be compared; 0 when it is none.
func versionOf(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
