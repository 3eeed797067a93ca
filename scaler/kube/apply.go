package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/lagscaler/lagscaler/scaler"
)

// FieldManager is how our writes are named in managed fields.
const FieldManager = "lagscaler"

// attempts is how often a write is tried against changes of other fields: a status that is written at the same time.
const attempts = 5

// Apply writes a change to the target's scale subresource, while this replica leads. It is never blind: the size is
// read, and written only if it is still what the decision was made for.
//
//	spec.replicas   From  To   written at     result
//	4               4     6    first try      6
//	4               4     6    conflict       read again: still 4 (only status moved), so 6
//	5               4     6    -              scaler.ErrConflict: somebody else resized it
func (c *Controller) Apply(ctx context.Context, change scaler.Change) error {
	ctx, cancel, err := c.election.bound(ctx)
	if err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	defer cancel()
	c.mu.Lock()
	t, ok := c.targets[change.Target]
	blind := c.blind(change.Target.Namespace)
	c.mu.Unlock()
	switch {
	case !ok:
		return fmt.Errorf("scaling %s: it is gone", change.Target)
	case blind != nil:
		return fmt.Errorf("scaling %s: %w", change.Target, blind)
	}
	if err := c.resize(ctx, t, change); err != nil {
		return fmt.Errorf("scaling %s: %w", change.Target, err)
	}
	return nil
}

// blind is an error when an HPA or a ScaledObject could own the target without being seen; the caller holds the lock.
func (c *Controller) blind(namespace string) error {
	for _, r := range []schema.GroupVersionResource{autoscalers, scaledObjects} {
		if right, missing := c.rights.lacks(r.GroupResource(), namespace); missing {
			return fmt.Errorf("%s, so that a conflict could not be seen", missingRight(right))
		}
	}
	return nil
}

func (c *Controller) resize(ctx context.Context, t *target, change scaler.Change) error {
	client := c.clients.Dynamic.Resource(t.resource).Namespace(t.ref.Namespace)
	var err error
	for range attempts {
		var scale object
		scale, err = client.Get(ctx, t.ref.Name, metav1.GetOptions{}, "scale")
		c.rights.note(c.scaleRight(t, "get"), err)
		if err != nil {
			return fmt.Errorf("reading its scale: %w", err)
		}
		if is := scaleReplicas(scale); is != change.From {
			return fmt.Errorf("it has %d replicas, not %d: %w", is, change.From, scaler.ErrConflict)
		}
		c.writing(t, &change.To)
		scale, err = c.put(ctx, client, scale, change.To)
		if err == nil {
			c.resized(t, change, scale)
			return nil
		}
		c.writing(t, nil)
		c.rights.note(c.scaleRight(t, "update"), err)
		if !apierrors.IsConflict(err) {
			return fmt.Errorf("writing its scale: %w", err)
		}
	}
	return fmt.Errorf("writing its scale: %w: %w", scaler.ErrConflict, err)
}

// writing notes what is being written, for the watch that may tell of it first.
func (c *Controller) writing(t *target, size *int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.writing = size
}

// put writes the replicas with the resourceVersion that was read.
func (c *Controller) put(ctx context.Context, client dynamic.ResourceInterface, scale object, to int32) (object, error) {
	if err := unstructured.SetNestedField(scale.Object, int64(to), "spec", "replicas"); err != nil {
		return nil, err
	}
	return client.Update(ctx, scale, metav1.UpdateOptions{FieldManager: FieldManager}, "scale")
}

// resized remembers our write at once, so that the next poll need not wait for the watch to tell of it.
func (c *Controller) resized(t *target, change scaler.Change, scale object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.version = max(t.version, versionOf(scale.GetResourceVersion()))
	t.size(change.To, t.status, true, c.clock())
	t.writing = nil
	c.rights.note(c.scaleRight(t, "update"), nil)
}

// scaleReplicas is the size that a Scale asks for; a Scale without the field asks for none.
func scaleReplicas(scale object) int32 {
	n, _, _ := unstructured.NestedInt64(scale.Object, "spec", "replicas")
	return int32(n)
}
