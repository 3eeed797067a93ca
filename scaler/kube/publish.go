package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// conflictOf says who owns the target, or that another writer was first.
func conflictOf(o scaler.Outcome) string {
	if w := o.Workload.Owner; w.Owns() {
		return fmt.Sprintf("%s %s sets the replicas, so ours are not written: %s", w.Kind, w.Name, o.Line)
	}
	return o.Line + ": " + o.Failure
}

// Publish takes what was decided in a poll. It only leaves it for the writer, and does not wait.
func (c *Controller) Publish(outcomes []scaler.Outcome) {
	c.mu.Lock()
	c.outcomes = map[string]scaler.Outcome{}
	for _, o := range outcomes {
		c.outcomes[o.Name] = o
	}
	c.mu.Unlock()
	signal(c.publish)
}

// written is what the writer has told of a scaler.
type written struct {
	status v1alpha1.KafkaScalerStatus
	at     time.Time
	said   said
}

// write is the writer: one goroutine, so that what it tells is told in order.
func (c *Controller) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.publish:
		}
		c.mu.Lock()
		outcomes := maps.Clone(c.outcomes)
		c.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(outcomes)) {
			c.tell(ctx, outcomes[name])
		}
	}
}

// tell writes the Events and the status of one scaler, if there is news and this replica leads.
func (c *Controller) tell(ctx context.Context, o scaler.Outcome) {
	if o.Mode == scaler.Observe {
		return // observe writes its Lease and nothing else
	}
	ctx, cancel, err := c.election.bound(ctx)
	if err != nil {
		c.forgetWritten() // the next leader tells, and this one has to look anew when it comes back
		return
	}
	defer cancel()
	c.mu.Lock()
	r := c.resources[o.Name]
	w, known := c.written[o.Name]
	c.mu.Unlock()
	if !known {
		w = &written{}
		if r != nil {
			w.status, w.said = r.status, saidBefore(r.status)
		}
	}
	now := c.clock()
	var both, own []event
	both, own, w.said = w.said.news(o, now)
	c.tellEvents(ctx, o, r, both, own)
	if r != nil {
		c.tellStatus(ctx, o, r, w, now)
	}
	c.mu.Lock()
	c.written[o.Name] = w
	c.mu.Unlock()
}

func (c *Controller) forgetWritten() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.written)
}

func (c *Controller) tellEvents(ctx context.Context, o scaler.Outcome, r *resource, both, own []event) {
	target := c.regarding(o.Workload.Ref)
	for _, e := range both {
		c.emit(ctx, target, e)
	}
	if r == nil {
		return
	}
	namespace, name, _ := strings.Cut(o.Name, "/")
	about := corev1.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Namespace: namespace, Name: name, UID: r.uid,
	}
	for _, e := range append(both, own...) {
		c.emit(ctx, about, e)
	}
}

// refreshStatus is how often a status is written in which only numbers moved.
const refreshStatus = time.Minute

func (c *Controller) tellStatus(ctx context.Context, o scaler.Outcome, r *resource, w *written, now time.Time) {
	next := statusOf(o, r, w.status, c.permitted(r.Target.Namespace), metav1.NewTime(now))
	if equality.Semantic.DeepEqual(next, w.status) || onlyNumbers(next, w.status) && now.Sub(w.at) < refreshStatus {
		return
	}
	patch, err := json.Marshal([]map[string]any{{"op": "add", "path": "/status", "value": next}})
	if err == nil {
		namespace, name, _ := strings.Cut(o.Name, "/")
		_, err = c.clients.Dynamic.Resource(v1alpha1.Resource).Namespace(namespace).
			Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager}, "status")
		c.rights.note(Right{Verb: "patch", Group: v1alpha1.GroupVersion.Group, Resource: "kafkascalers/status", Namespace: namespace}, err)
	}
	switch {
	case err == nil:
		w.status, w.at = next, now
	case !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err):
		c.opts.Log.Debug("writing a status failed", "scaler", o.Name, "err", err)
	}
}
