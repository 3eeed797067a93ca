package kube

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

// target is what is known of one workload.
type target struct {
	ref      scaler.Ref
	uid      types.UID
	resource schema.GroupVersionResource
	version  uint64 // resourceVersion of what is known; older news is no news

	sized    bool // the numbers below are known
	scalable bool // it has a scale subresource
	dirty    bool // an unusual kind: its scale subresource must be asked again

	spec, status, ready int32
	selector            labels.Selector
	rolling             bool
	annotations         map[string]string
	by                  author // of spec

	writing *int32              // the size that is being written now; nil: none
	write   scaler.Write        // our last one, or another replica's of ours
	hints   []rebalancemon.Hint // oldest first
}

// keepHints is how long resizes and rollouts are told: as long as a rebalance may be laid to them.
const keepHints = time.Hour

// usual kinds show in themselves what their scale subresource says; any other kind may keep its replicas anywhere.
func usual(r schema.GroupResource) bool {
	return r.Group == "apps" && (r.Resource == "deployments" || r.Resource == "statefulsets" || r.Resource == "replicasets")
}

func refOf(o object) scaler.Ref {
	return scaler.Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// targetChanged takes in a workload as the watch shows it.
func (c *Controller) targetChanged(resource schema.GroupVersionResource, o object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := refOf(o)
	t, ok := c.targets[ref]
	if !ok {
		t = &target{ref: ref, resource: resource}
		c.targets[ref] = t
	}
	version := versionOf(o.GetResourceVersion())
	if version < t.version {
		return
	}
	t.version, t.uid = version, o.GetUID()
	t.by = writerOf(o)
	t.annotations = o.GetAnnotations()
	now := c.clock()
	t.ready = replicas(o, "status", "readyReplicas")
	t.roll(rolling(o), now)
	if !usual(resource.GroupResource()) {
		t.dirty = true
		signal(c.wake)
		return
	}
	t.scalable = true
	t.selector = selectorOf(o)
	spec := replicas(o, "spec", "replicas")
	t.size(spec, replicas(o, "status", "replicas"), c.ours(t, spec), now)
}

func (c *Controller) targetDeleted(o object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.targets, refOf(o))
}

// forgetTargets drops what an ended watch had brought; the caller holds the lock.
func (c *Controller) forgetTargets(key watchKey) {
	for ref, t := range c.targets {
		if t.resource == key.resource && ref.Namespace == key.namespace {
			delete(c.targets, ref)
		}
	}
}

// measure asks the scale subresource of unusual kinds that changed and that a scaler names.
func (c *Controller) measure(ctx context.Context) {
	_, declared := c.declarations()
	for _, d := range declared {
		c.mu.Lock()
		t, ok := c.targets[d.Target]
		ask := ok && t.dirty
		if ask {
			t.dirty = false
		}
		c.mu.Unlock()
		if ask {
			c.ask(ctx, t)
		}
	}
}

// ask reads a scale subresource. A failure leaves the target dirty, so that it is asked again.
func (c *Controller) ask(ctx context.Context, t *target) {
	ctx, cancel := context.WithTimeout(ctx, upkeep)
	defer cancel()
	scale, err := c.clients.Dynamic.Resource(t.resource).Namespace(t.ref.Namespace).Get(ctx, t.ref.Name, metav1.GetOptions{}, "scale")
	c.rights.note(c.scaleRight(t, "get"), err)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && versionOf(scale.GetResourceVersion()) < t.version:
		t.dirty = true // it was read before our own last write
	case apierrors.IsNotFound(err):
		t.sized, t.scalable = true, false
	case err != nil:
		t.dirty = true
	default:
		t.scalable = true
		text, _, _ := unstructured.NestedString(scale.Object, "status", "selector")
		if t.selector, err = labels.Parse(text); err != nil || text == "" {
			t.selector = labels.Nothing()
		}
		spec := scaleReplicas(scale)
		t.size(spec, replicas(scale, "status", "replicas"), c.ours(t, spec), c.clock())
	}
}

func (c *Controller) scaleRight(t *target, verb string) Right {
	return Right{Verb: verb, Group: t.resource.Group, Resource: t.resource.Resource + "/scale", Namespace: t.ref.Namespace}
}

// size takes in the replicas, and notices when somebody changed them; ours says whether that was us.
func (t *target) size(spec, status int32, ours bool, now time.Time) {
	if t.sized && spec != t.spec {
		t.resized(t.spec, spec, now)
		if ours {
			t.write = scaler.Write{At: now, From: t.spec, To: spec}
		}
	}
	t.spec, t.status, t.sized = spec, status, true
}

// ours reports whether a new size is our doing. The watch is often faster than the answer to the write that it tells of.
//
//	being written now   last author     leading   ours
//	that size           any             yes       yes
//	no                  us              any       yes: another replica of ours
//	no                  somebody        any       no
//	no                  nobody          yes       no
//	no                  nobody          no        yes: most likely the leader
func (c *Controller) ours(t *target, spec int32) bool {
	if t.writing != nil && *t.writing == spec {
		return true
	}
	return t.by == us || t.by == nobody && !c.Leading()
}

func (t *target) resized(from, to int32, now time.Time) {
	t.hint(rebalancemon.Hint{Kind: rebalancemon.Resized, At: now, From: from, To: to})
}

// roll takes in whether pods are being replaced by others of a new kind.
func (t *target) roll(is bool, now time.Time) {
	switch {
	case is && !t.rolling:
		t.hint(rebalancemon.Hint{Kind: rebalancemon.RolledOut, At: now})
	case !is && t.rolling:
		for i := len(t.hints) - 1; i >= 0; i-- {
			if h := &t.hints[i]; h.Kind == rebalancemon.RolledOut && h.Until.IsZero() {
				h.Until = now
				break
			}
		}
	}
	t.rolling = is
}

func (t *target) hint(h rebalancemon.Hint) {
	kept := slices.DeleteFunc(t.hints, func(old rebalancemon.Hint) bool { return h.At.Sub(old.At) > keepHints })
	t.hints = append(kept, h)
}

// replicas is a number of the object; what is absent is the API's 0, but for spec.replicas, which is 1 then.
func replicas(o object, path ...string) int32 {
	n, ok, err := unstructured.NestedInt64(o.Object, path...)
	if (err != nil || !ok) && path[0] == "spec" {
		return 1
	}
	return int32(n)
}

func selectorOf(o object) labels.Selector {
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
//	either       paused, OnDelete, or below the partition    no: nothing goes on
func rolling(o object) bool {
	status := func(field string) int32 { return replicas(o, "status", field) }
	text := func(path ...string) string { s, _, _ := unstructured.NestedString(o.Object, path...); return s }
	if paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused"); paused {
		return false
	}
	if o.GetKind() != "StatefulSet" {
		updated, known, _ := unstructured.NestedInt64(o.Object, "status", "updatedReplicas")
		return (known || o.GetKind() == "Deployment") && status("replicas") > int32(updated)
	}
	if text("spec", "updateStrategy", "type") == "OnDelete" || text("status", "updateRevision") == text("status", "currentRevision") {
		return false
	}
	kept, _, _ := unstructured.NestedInt64(o.Object, "spec", "updateStrategy", "rollingUpdate", "partition")
	return status("updatedReplicas") < status("replicas")-int32(kept)
}

// author is who set the replicas last, as the managed fields tell.
type author string

// The authors. Nobody: once a size of 0 was written through the scale subresource, which leaves the field out, the API
// server (1.37) tracks no author of it any more.
const (
	us       author = "us"
	somebody author = "somebody"
	nobody   author = "nobody"
)

// writerOf reads the author of spec.replicas, so that a follower knows its leader's writes.
func writerOf(o object) author {
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
			if m.Manager == FieldManager {
				return us
			}
			return somebody
		}
	}
	return nobody
}

// versionOf is a resourceVersion as a number, which may be compared; 0 when it is none.
func versionOf(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
