package kube

import (
	"context"
	"maps"
	"strings"

	"github.com/lagscaler/lagscaler/scaler"
)

// deletedScaler is what has to be known of a scaler once it is deleted.
//
// No finalizer holds the deletion up: an uninstalled program could not take it off, and the namespace would hang. Instead
// the target and the policy for a deletion are noted beside the saved memory, so that the next leader cleans up after a
// deletion while no replica ran. Who sent the target to zero does not matter: the API server does not tell (see author),
// and whoever wants it to stay there says onDelete: keep.
type deletedScaler struct {
	target   scaler.Ref
	onDelete scaler.OnDelete
}

// deletedScalerOf is what a declared scaler would leave behind.
func deletedScalerOf(d Declared) deletedScaler {
	out := deletedScaler{target: d.Target, onDelete: scaler.Keep}
	if policy, err := d.Spec.Policy(); err == nil && policy.Mode == scaler.Act {
		out.onDelete = policy.OnDelete // a scaler that only advised has changed nothing
	}
	return out
}

// annotations are how a scaler's deletion is prepared beside its memory.
func (d deletedScaler) annotations(name string) map[string]string {
	return map[string]string{
		annotationScaler: name,
		annotationTarget: strings.Join([]string{d.target.APIVersion, d.target.Kind, d.target.Namespace, d.target.Name}, " "),
		annotationDelete: string(d.onDelete),
	}
}

func deletedScalerIn(annotations map[string]string) deletedScaler {
	out := deletedScaler{onDelete: scaler.OnDelete(annotations[annotationDelete])}
	if f := strings.Fields(annotations[annotationTarget]); len(f) == 4 {
		out.target = scaler.Ref{APIVersion: f[0], Kind: f[1], Namespace: f[2], Name: f[3]}
	}
	return out
}

// declared takes in that a scaler is declared, again if it was deleted.
func (m *memories) declared(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.toDelete, name)
}

// deleted takes in that a scaler was deleted.
func (m *memories) deleted(d Declared) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.toDelete[d.Name] = deletedScalerOf(d)
}

// deletedTargets are the targets of deleted scalers that have not been cleaned up after.
func (m *memories) deletedTargets() []scaler.Ref {
	m.mu.Lock()
	defer m.mu.Unlock()
	var refs []scaler.Ref
	for _, d := range m.toDelete {
		refs = append(refs, d.target)
	}
	return refs
}

// cleanUp restores the targets of deleted scalers where that has to be, and removes their memories.
func (m *memories) cleanUp(ctx context.Context) {
	for name, d := range m.undeclared() {
		if err := m.cleanUpAfter(ctx, name, d); err != nil {
			m.log.Warn("cleaning up after a deleted scaler failed", "scaler", name, "target", d.target.String(), "err", err)
		}
	}
}

func (m *memories) cleanUpAfter(ctx context.Context, name string, d deletedScaler) error {
	if d.onDelete == scaler.Restore {
		if done, err := m.restore(ctx, d.target); !done || err != nil {
			return err
		}
	}
	return m.remove(ctx, name)
}

// undeclared are the scalers that were deleted, or saved and are no longer declared. A target that another scaler has
// since is that one's.
func (m *memories) undeclared() map[string]deletedScaler {
	m.mu.Lock()
	defer m.mu.Unlock()
	declared, targets := map[string]bool{}, map[scaler.Ref]bool{}
	for _, r := range m.declarations.all() {
		declared[r.Name], targets[r.Target] = true, true
	}
	for name, d := range m.saved {
		if !declared[name] {
			m.toDelete[name] = d
		}
	}
	maps.DeleteFunc(m.toDelete, func(name string, _ deletedScaler) bool { return declared[name] })
	out := maps.Clone(m.toDelete)
	for name, d := range out {
		if targets[d.target] {
			d.onDelete = scaler.Keep
			out[name] = d
		}
	}
	return out
}
