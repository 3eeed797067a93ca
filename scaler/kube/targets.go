package kube

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
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

	sizeKnown     bool // the numbers below are known
	scalable      bool // it has a scale subresource
	scaleOutdated bool // a kind that is not built in: its scale subresource must be read again

	spec, status, ready int32
	selector            labels.Selector
	rolling             bool
	annotations         map[string]string
	by                  author // of spec

	writing *int32              // the size that is being written now; nil: none
	write   scaler.Write        // our last one, or another replica's of ours
	hints   []rebalancemon.Hint // oldest first
}

// keepHints is how long resizes and rollouts are kept: as long as they may be the cause of a rebalance.
const keepHints = time.Hour

// builtIn reports whether objects of a kind contain what their scale subresource does. Other kinds may keep their replicas
// anywhere.
func builtIn(r schema.GroupResource) bool {
	return r.Group == "apps" && (r.Resource == "deployments" || r.Resource == "statefulsets" || r.Resource == "replicasets")
}

func refOf(o object) scaler.Ref {
	return scaler.Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// targets are the workloads that watches have brought.
type targets struct {
	api
	leading func() bool
	wake    func() // a scale subresource must be read

	mu    sync.Mutex
	known map[scaler.Ref]*target
}

func newTargets(a api, leading func() bool, wake func()) *targets {
	return &targets{api: a, leading: leading, wake: wake, known: map[scaler.Ref]*target{}}
}

// find returns what is known of a workload now.
func (ts *targets) find(ref scaler.Ref) (target, bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t, ok := ts.known[ref]
	if !ok {
		return target{}, false
	}
	found := *t
	found.hints = slices.Clone(t.hints)
	return found, true
}

// update changes what is known of a workload, if it is still there.
func (ts *targets) update(ref scaler.Ref, change func(t *target)) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.known[ref]; ok {
		change(t)
	}
}

// changed stores a workload that is there or changed.
func (ts *targets) changed(resource schema.GroupVersionResource, o object) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ref := refOf(o)
	t, ok := ts.known[ref]
	if !ok {
		t = &target{ref: ref, resource: resource}
		ts.known[ref] = t
	}
	version := versionOf(o.GetResourceVersion())
	if version < t.version {
		return
	}
	t.version, t.uid = version, o.GetUID()
	t.by = writerOf(o)
	t.annotations = o.GetAnnotations()
	now := ts.clock()
	t.ready = replicas(o, "status", "readyReplicas")
	t.roll(rolling(o), now)
	if !builtIn(resource.GroupResource()) {
		t.scaleOutdated = true
		ts.wake()
		return
	}
	t.scalable = true
	t.selector = selectorOf(o)
	spec := replicas(o, "spec", "replicas")
	t.size(spec, replicas(o, "status", "replicas"), t.ours(spec, ts.leading()), now)
}

func (ts *targets) deleted(o object) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.known, refOf(o))
}

// forget drops what an ended watch had brought.
func (ts *targets) forget(key watchKey) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for ref, t := range ts.known {
		if t.resource == key.resource && ref.Namespace == key.namespace {
			delete(ts.known, ref)
		}
	}
}

// refreshScales reads the scale subresources of the targets whose kind is not built in and which changed.
func (ts *targets) refreshScales(ctx context.Context, refs []scaler.Ref) {
	for _, ref := range refs {
		var outdated target
		ts.update(ref, func(t *target) {
			if t.scaleOutdated {
				t.scaleOutdated = false
				outdated = *t
			}
		})
		if outdated.ref == ref {
			ts.refreshScale(ctx, outdated)
		}
	}
}

// refreshScale reads a scale subresource. After a failure it is still outdated, so that it is read again.
func (ts *targets) refreshScale(ctx context.Context, of target) {
	ctx, cancel := context.WithTimeout(ctx, upkeep)
	defer cancel()
	scale, err := ts.clients.Dynamic.Resource(of.resource).Namespace(of.ref.Namespace).Get(ctx, of.ref.Name, metav1.GetOptions{}, "scale")
	ts.rights.note(of.scaleRight("get"), err)
	leading, now := ts.leading(), ts.clock()
	ts.update(of.ref, func(t *target) {
		switch {
		case err == nil && versionOf(scale.GetResourceVersion()) < t.version:
			t.scaleOutdated = true // it was read before our own last write
		case apierrors.IsNotFound(err):
			t.sizeKnown, t.scalable = true, false
		case err != nil:
			t.scaleOutdated = true
		default:
			t.scalable, t.selector = true, scaleSelector(scale)
			spec := scaleReplicas(scale)
			t.size(spec, replicas(scale, "status", "replicas"), t.ours(spec, leading), now)
		}
	})
}

// scaleSelector is the selector of a target's pods in its scale subresource; it selects none when there is none.
func scaleSelector(scale object) labels.Selector {
	text, _, _ := unstructured.NestedString(scale.Object, "status", "selector")
	selector, err := labels.Parse(text)
	if err != nil || text == "" {
		return labels.Nothing()
	}
	return selector
}

// scaleReplicas is the size that a Scale asks for; a Scale without the field asks for none.
func scaleReplicas(scale object) int32 {
	n, _, _ := unstructured.NestedInt64(scale.Object, "spec", "replicas")
	return int32(n)
}

func (t *target) scaleRight(verb string) Right {
	return Right{Verb: verb, Group: t.resource.Group, Resource: t.resource.Resource + "/scale", Namespace: t.ref.Namespace}
}

// size stores the replicas, and notes a resize when they changed; ours: by this program.
func (t *target) size(spec, status int32, ours bool, now time.Time) {
	if t.sizeKnown && spec != t.spec {
		t.resized(t.spec, spec, now)
		if ours {
			t.write = scaler.Write{At: now, From: t.spec, To: spec}
		}
	}
	t.spec, t.status, t.sizeKnown = spec, status, true
}

// ours reports whether this program set a new size. The watch often shows a write before its answer is in.
//
//	being written now   last author     leading   ours
//	that size           any             yes       yes
//	no                  us              any       yes: another replica of ours
//	no                  somebody        any       no
//	no                  nobody          yes       no
//	no                  nobody          no        yes: most likely the leader
func (t *target) ours(spec int32, leading bool) bool {
	if t.writing != nil && *t.writing == spec {
		return true
	}
	return t.by == us || t.by == nobody && !leading
}

func (t *target) resized(from, to int32, now time.Time) {
	t.hint(rebalancemon.Hint{Kind: rebalancemon.Resized, At: now, From: from, To: to})
}

// roll notes when a rollout begins and ends.
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

// reference is how an Event names the target.
func (t *target) reference() corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: t.ref.APIVersion, Kind: t.ref.Kind, Namespace: t.ref.Namespace, Name: t.ref.Name, UID: t.uid,
	}
}
