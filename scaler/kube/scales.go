package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// attempts is how often a write is tried against changes of other fields: a status that is written at the same time.
const attempts = 5

// scales are the scale subresources: the only place that writes them.
type scales struct {
	api      access.API
	election *election.Election
	targets  *watch.Targets
	claim    func(ctx context.Context, scaler string, mode scaler.Mode) error // says that this installation keeps a scaler
	intend   func(ctx context.Context, change scaler.Change) error            // saves that 0 is about to be written
}

// apply writes a change to the target's scale subresource, while this replica leads. The size is read first, and written
// only if it is still the one that the decision was made for.
//
//	spec.replicas   From  To   written at     result
//	4               4     6    first try      6
//	4               4     6    conflict       read again: still 4 (only status moved), so 6
//	5               4     6    -              scaler.ErrConflict: somebody else resized it
func (s *scales) apply(ctx context.Context, change scaler.Change) error {
	ctx, cancel, err := s.election.Bound(ctx)
	if err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	defer cancel()
	t, ok := s.targets.Find(change.Target)
	if !ok {
		return fmt.Errorf("scaling %s: it is gone", change.Target)
	}
	if err := s.conflictsVisible(change.Target.Namespace); err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	if err := s.claim(ctx, change.Scaler, scaler.Act); err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	if change.To == 0 {
		if err := s.intend(ctx, change); err != nil {
			return fmt.Errorf("scaling %s: %w", change.Target, err)
		}
	}
	if err := s.resize(ctx, t, change); err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	return nil
}

// conflictsVisible is an error when an HPA or a ScaledObject could own the target without being seen.
func (s *scales) conflictsVisible(namespace string) error {
	for _, r := range []schema.GroupVersionResource{watch.Autoscalers, watch.ScaledObjects} {
		if right, missing := s.api.Rights.Lacks(r.GroupResource(), namespace); missing {
			return fmt.Errorf("%s, so that a conflict could not be seen", right.Missing())
		}
	}
	return nil
}

func (s *scales) resize(ctx context.Context, t watch.Target, change scaler.Change) error {
	client := s.api.Clients.Dynamic.Resource(t.Resource).Namespace(t.Ref.Namespace)
	var err error
	for range attempts {
		var scale watch.Object
		scale, err = client.Get(ctx, t.Ref.Name, metav1.GetOptions{}, "scale")
		s.api.Rights.Note(t.ScaleRight("get"), err)
		if err != nil {
			return fmt.Errorf("reading its scale: %w", err)
		}
		if is := watch.ScaleReplicas(scale); is != change.From {
			return fmt.Errorf("it has %d replicas, not %d: %w", is, change.From, scaler.ErrConflict)
		}
		s.targets.Writing(t.Ref, &change.To)
		scale, err = s.put(ctx, client, scale, change.To)
		if err == nil {
			s.api.Rights.Note(t.ScaleRight("update"), nil)
			s.targets.Written(change, scale)
			return nil
		}
		s.targets.Writing(t.Ref, nil)
		s.api.Rights.Note(t.ScaleRight("update"), err)
		switch {
		case apierrors.IsConflict(err):
		case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsNotFound(err):
			return fmt.Errorf("writing its scale: %w: %w", scaler.ErrRefused, err)
		default:
			return fmt.Errorf("writing its scale: %w", err)
		}
	}
	return fmt.Errorf("writing its scale: %w: %w", scaler.ErrConflict, err)
}

// put writes the replicas with the resourceVersion that was read.
func (s *scales) put(ctx context.Context, client dynamic.ResourceInterface, scale watch.Object, to int32) (watch.Object, error) {
	if err := unstructured.SetNestedField(scale.Object, int64(to), "spec", "replicas"); err != nil {
		return nil, err
	}
	return client.Update(ctx, scale, metav1.UpdateOptions{FieldManager: s.api.Installation.FieldManager()}, "scale")
}

// Restored is why a target goes from zero to one when its scaler is deleted. It is no decision of package scaler.
const Restored scaler.Reason = "Restored"

// restorer starts targets that deleted scalers left at zero.
type restorer struct {
	declarations *declarations
	workloads    *watch.Workloads
	namespaces   *watch.Namespaces
	scales       *scales
	events       *events
}

// frozen reports whether nothing may be written in a namespace. What is not read yet may be frozen. Labels of the scaler are gone with
// it, so a freeze that selects by them does not hold here.
func (r *restorer) frozen(ref seen.Ref) bool {
	now := r.scales.api.Clock()
	f, read := r.namespaces.Freeze(ref.Namespace, now)
	if of := r.declarations.current().Frozen; of != nil && (f == nil || f.Stops != seen.StopsAll) {
		f = of(ref.Namespace+"/"+ref.Name, now)
	}
	return !read || f != nil && f.Stops == seen.StopsAll
}

// restore starts one replica of a target at zero. Not done: its kind has not been read yet, nothing may be written in this mode, or
// its namespace is frozen.
func (r *restorer) restore(ctx context.Context, ref seen.Ref) (done bool, err error) {
	t, found, read := r.workloads.Find(ref)
	switch {
	case !read || found && !t.SizeKnown:
		return false, nil
	case !found || t.Spec > 0:
		return true, nil
	case r.declarations.mode() != scaler.Act, r.frozen(ref):
		return false, nil
	}
	if err := r.scales.apply(ctx, scaler.Change{Target: ref, From: 0, To: 1, Reason: Restored}); err != nil {
		return false, err
	}
	r.scales.api.Log.Info("restored", "target", ref.String(), "from", 0, "to", 1, "reason", Restored)
	ctx, cancel, err := r.scales.election.Bound(ctx)
	if err != nil {
		return true, nil // it is restored; the lease was lost before the Event
	}
	defer cancel()
	r.events.emit(ctx, t.Reference(), event{corev1.EventTypeNormal, string(Restored), "its scaler was deleted while it was at zero"})
	return true, nil
}
