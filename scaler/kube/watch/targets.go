package watch

import (
	"context"
	"fmt"
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
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Target is what is known of one workload.
type Target struct {
	Ref      seen.Ref
	Resource schema.GroupVersionResource
	uid      types.UID
	version  uint64 // resourceVersion of what is known; older news is no news

	SizeKnown     bool // the numbers below are known
	scalable      bool // it has a scale subresource
	scaleOutdated bool // a kind that is not built in: its scale subresource must be read again

	Spec, status, ready int32
	selector            labels.Selector
	rolling             bool
	resting             bool // between two versions, see [resting]
	tellsReady          bool // its status has, or once had, the number of ready replicas
	annotations         map[string]string
	freeze              *seen.Freeze // by its annotations; nil: none
	refused             string       // why no more pods are created; empty: they are
	by                  author       // of spec

	given   *int32              // the number that another autoscaler was given and writes; nil: none asks
	writing *int32              // the size that is being written now; nil: none
	write   seen.Write          // our last one, or another replica's of ours
	hints   []rebalancemon.Hint // oldest first
}

// scaleTimeout is how long a scale subresource may take to be read.
const scaleTimeout = 10 * time.Second

// keepHints is how long resizes and rollouts are kept: as long as they may be the cause of a rebalance.
const keepHints = time.Hour

// builtIn reports whether objects of a kind contain what their scale subresource does. Other kinds may keep their replicas
// anywhere.
func builtIn(r schema.GroupResource) bool {
	return r.Group == "apps" && (r.Resource == "deployments" || r.Resource == "statefulsets" || r.Resource == "replicasets")
}

func refOf(o Object) seen.Ref {
	return seen.Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// Targets are the workloads that watches have brought.
type Targets struct {
	api     access.API
	leading func() bool
	wake    func() // a scale subresource must be read

	firstWrite func() (time.Time, bool) // of this installation under its own field manager

	mu    sync.Mutex
	known map[seen.Ref]*Target
}

// NewTargets knows none until a watch brings some; wake is called when RefreshScales has something to do.
func NewTargets(a access.API, leading func() bool, firstWrite func() (time.Time, bool), wake func()) *Targets {
	return &Targets{api: a, leading: leading, firstWrite: firstWrite, wake: wake, known: map[seen.Ref]*Target{}}
}

// Find returns what is known of a workload now.
func (ts *Targets) Find(ref seen.Ref) (Target, bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t, ok := ts.known[ref]
	if !ok {
		return Target{}, false
	}
	found := *t
	found.hints = slices.Clone(t.hints)
	return found, true
}

// update changes what is known of a workload, if it is still there.
func (ts *Targets) update(ref seen.Ref, change func(t *Target)) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.known[ref]; ok {
		change(t)
	}
}

// Writing notes the size that is being written, for the watch that may show it before the answer is in; nil: none is.
func (ts *Targets) Writing(ref seen.Ref, size *int32) {
	ts.update(ref, func(t *Target) { t.writing = size })
}

// Give notes the number that another autoscaler was given for a workload; nil: none asks.
func (ts *Targets) Give(ref seen.Ref, given *int32) {
	ts.update(ref, func(t *Target) { t.given = given })
}

// Written notes our own write at once, so that the next poll need not wait for the watch to show it.
func (ts *Targets) Written(change scaler.Change, scale Object) {
	now := ts.api.Clock()
	ts.update(change.Target, func(t *Target) {
		t.version = max(t.version, versionOf(scale.GetResourceVersion()))
		t.size(change.To, t.status, true, now)
		t.writing = nil
	})
}

// Changed stores a workload that is there or changed.
func (ts *Targets) Changed(resource schema.GroupVersionResource, o Object) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ref := refOf(o)
	t, ok := ts.known[ref]
	if !ok {
		t = &Target{Ref: ref, Resource: resource}
		ts.known[ref] = t
	}
	version := versionOf(o.GetResourceVersion())
	if version < t.version {
		return
	}
	t.version, t.uid = version, o.GetUID()
	t.by = ts.writerOf(o)
	t.annotations = o.GetAnnotations()
	t.freeze, t.refused = FreezeOf(o, fmt.Sprintf("%s %s", ref.Kind, ref.Name)), refusedOf(o)
	now := ts.api.Clock()
	ready, told := readyOf(o)
	if t.tellsReady = t.tellsReady || told; t.tellsReady {
		t.ready = ready
	}
	t.resting = resting(o)
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

// Deleted removes a workload.
func (ts *Targets) Deleted(o Object) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.known, refOf(o))
}

// Forget drops what an ended watch had brought.
func (ts *Targets) Forget(key Key) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for ref, t := range ts.known {
		if t.Resource == key.Resource && ref.Namespace == key.Namespace {
			delete(ts.known, ref)
		}
	}
}

// RefreshScales reads the scale subresources of the targets whose kind is not built in and which changed.
func (ts *Targets) RefreshScales(ctx context.Context, refs []seen.Ref) {
	for _, ref := range refs {
		var outdated Target
		ts.update(ref, func(t *Target) {
			if t.scaleOutdated {
				t.scaleOutdated = false
				outdated = *t
			}
		})
		if outdated.Ref == ref {
			ts.refreshScale(ctx, outdated)
		}
	}
}

// refreshScale reads a scale subresource. After a failure it is still outdated, so that it is read again.
func (ts *Targets) refreshScale(ctx context.Context, of Target) {
	ctx, cancel := context.WithTimeout(ctx, scaleTimeout)
	defer cancel()
	scale, err := ts.api.Clients.Dynamic.Resource(of.Resource).Namespace(of.Ref.Namespace).Get(ctx, of.Ref.Name, metav1.GetOptions{}, "scale")
	ts.api.Rights.Note(of.ScaleRight("get"), err)
	leading, now := ts.leading(), ts.api.Clock()
	ts.update(of.Ref, func(t *Target) {
		switch {
		case err == nil && versionOf(scale.GetResourceVersion()) < t.version:
			t.scaleOutdated = true // it was read before our own last write
		case apierrors.IsNotFound(err):
			t.SizeKnown, t.scalable = true, false
		case err != nil:
			t.scaleOutdated = true
		default:
			t.scalable, t.selector = true, scaleSelector(scale)
			spec := ScaleReplicas(scale)
			t.size(spec, replicas(scale, "status", "replicas"), t.ours(spec, leading), now)
			if !t.tellsReady {
				t.ready = t.status // those that are there are all that is known
			}
		}
	})
}

// scaleSelector is the selector of a target's pods in its scale subresource; it selects none when there is none.
func scaleSelector(scale Object) labels.Selector {
	text, _, _ := unstructured.NestedString(scale.Object, "status", "selector")
	selector, err := labels.Parse(text)
	if err != nil || text == "" {
		return labels.Nothing()
	}
	return selector
}

// ScaleReplicas is the size that a Scale asks for; a Scale without the field asks for none.
func ScaleReplicas(scale Object) int32 {
	n, _, _ := unstructured.NestedInt64(scale.Object, "spec", "replicas")
	return count(n)
}

// ScaleRight is the permission to do something with the target's scale subresource.
func (t *Target) ScaleRight(verb string) access.Right {
	return access.Right{Verb: verb, Group: t.Resource.Group, Resource: t.Resource.Resource + "/scale", Namespace: t.Ref.Namespace}
}

// size stores the replicas, and notes a resize when they changed; ours: by this program.
func (t *Target) size(spec, status int32, ours bool, now time.Time) {
	if t.SizeKnown && spec != t.Spec {
		t.resized(t.Spec, spec, now)
		if ours {
			t.write = seen.Write{At: now, From: t.Spec, To: spec}
		}
	}
	t.Spec, t.status, t.SizeKnown = spec, status, true
}

// ours reports whether this program set a new size. The watch often shows a write before its answer is in.
//
//	being written now   last author     leading   ours
//	that size           any             yes       yes
//	no                  us              any       yes: another replica of ours
//	no                  somebody        any       no
//	no                  nobody          yes       no
//	no                  nobody          no        yes: most likely the leader
//
// A change by an autoscaler that was given a number is ours, too, if it goes towards that number: an HPA walks there in steps. A
// change beyond it, or away from it, is for another trigger.
//
//	given   from   to          ours
//	12      4      8, 12       yes
//	12      4      20          no
//	5       12     8, 5        yes
//	5       12     20, 3       no
func (t *Target) ours(spec int32, leading bool) bool {
	if t.given != nil && t.SizeKnown && (t.Spec < spec && spec <= *t.given || t.Spec > spec && spec >= *t.given) {
		return true
	}
	if t.writing != nil && *t.writing == spec {
		return true
	}
	return t.by == us || t.by == nobody && !leading
}

func (t *Target) resized(from, to int32, now time.Time) {
	t.hint(rebalancemon.Hint{Kind: rebalancemon.Resized, At: now, From: from, To: to})
}

// roll notes when a rollout begins and ends.
func (t *Target) roll(is bool, now time.Time) {
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

func (t *Target) hint(h rebalancemon.Hint) {
	kept := slices.DeleteFunc(t.hints, func(old rebalancemon.Hint) bool { return h.At.Sub(old.At) > keepHints })
	t.hints = append(kept, h)
}

// Reference is how an Event names the target.
func (t *Target) Reference() corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: t.Ref.APIVersion, Kind: t.Ref.Kind, Namespace: t.Ref.Namespace, Name: t.Ref.Name, UID: t.uid,
	}
}
