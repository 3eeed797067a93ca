package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
)

// orphan is what has to be known of a scaler once it is deleted.
//
// No finalizer holds the deletion up: an uninstalled program could not take it off, and the namespace would hang. Instead
// the target and what to do are noted beside the saved memory, so that a deletion while no replica runs is made good by
// the next leader. Who sent the target to zero does not matter: the API server does not tell (see author), and whoever
// wants it to stay there says onDelete: keep.
type orphan struct {
	target   scaler.Ref
	onDelete scaler.OnDelete
}

// orphanOf is what a declared scaler would leave behind; the caller holds the lock.
func (c *Controller) orphanOf(name string) (orphan, bool) {
	for _, r := range c.all() {
		if r.Name == name {
			return orphanOf(r.Declared), true
		}
	}
	return orphan{}, false
}

func orphanOf(d Declared) orphan {
	o := orphan{target: d.Target, onDelete: scaler.Keep}
	if policy, err := d.Spec.Policy(); err == nil && policy.Mode == scaler.Act {
		o.onDelete = policy.OnDelete // a scaler that only advised has changed nothing
	}
	return o
}

// clean sees to what deleted scalers left: a target at zero, and a saved memory. Only the leader acts.
func (c *Controller) clean(ctx context.Context) {
	if !c.Leading() {
		return
	}
	c.mu.Lock()
	orphans := c.vanished()
	c.mu.Unlock()
	for name, o := range orphans {
		if err := c.bury(ctx, name, o); err != nil {
			c.opts.Log.Warn("cleaning up after a deleted scaler failed", "scaler", name, "target", o.target.String(), "err", err)
		}
	}
}

// vanished are the scalers that were seen or saved and are no longer declared; the caller holds the lock.
func (c *Controller) vanished() map[string]orphan {
	if !c.resourcesRead() {
		return nil
	}
	declared := map[string]bool{}
	held := map[scaler.Ref]bool{}
	for _, r := range c.all() {
		declared[r.Name], held[r.Target] = true, true
	}
	for name, o := range c.saved {
		if !declared[name] {
			c.orphans[name] = o
		}
	}
	out := map[string]orphan{}
	for name, o := range c.orphans {
		if declared[name] {
			delete(c.orphans, name) // it is back
			continue
		}
		if held[o.target] {
			o.onDelete = scaler.Keep // another scaler decides now
		}
		out[name] = o
	}
	return out
}

// bury restores the target if it has to be, and removes the saved memory.
func (c *Controller) bury(ctx context.Context, name string, o orphan) error {
	if o.onDelete == scaler.Restore {
		if done, err := c.restored(ctx, o.target); !done || err != nil {
			return err
		}
	}
	ctx, cancel, err := c.election.bound(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = c.clients.Kubernetes.CoreV1().ConfigMaps(c.opts.Namespace).Delete(ctx, c.memoryName(name), metav1.DeleteOptions{})
	c.rights.note(c.memoryRight("delete"), err)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing its memory: %w", err)
	}
	c.mu.Lock()
	delete(c.orphans, name)
	delete(c.saved, name)
	c.mu.Unlock()
	return nil
}

// restored starts one replica of a target at zero. Not done: its kind has not been read yet, or nothing may
// be written in this mode.
func (c *Controller) restored(ctx context.Context, ref scaler.Ref) (done bool, err error) {
	c.mu.Lock()
	k := c.kinds[kindOf(ref)]
	_, read := c.store(watchKey{k.resource, ref.Namespace})
	t, found := c.targets[ref]
	mode := c.settings.Mode
	sized := found && t.sized
	zero := sized && t.spec == 0
	c.mu.Unlock()
	switch {
	case !read || found && !sized:
		return false, nil
	case !zero:
		return true, nil
	case mode != scaler.Act:
		return false, nil
	}
	if err := c.Apply(ctx, scaler.Change{Target: ref, From: 0, To: 1, Reason: Restored}); err != nil {
		return false, err
	}
	c.opts.Log.Info("restored", "target", ref.String(), "from", 0, "to", 1, "reason", Restored)
	c.emit(ctx, c.regarding(ref), event{corev1.EventTypeNormal, string(Restored), "its scaler was deleted while it was at zero"})
	return true, nil
}

// Restored is why a target goes from zero to one when its scaler is deleted. It is no decision of package scaler.
const Restored scaler.Reason = "Restored"
