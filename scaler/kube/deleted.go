package kube

import (
	"context"
	"maps"
	"strings"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// deletedScaler is what the clean-up after a deleted scaler needs to know.
//
// No finalizer delays the deletion: an uninstalled program could not remove it, and the namespace would hang. Instead the
// target and the policy for a deletion are annotations of the saved memory, so that the next leader cleans up after a
// deletion while no replica ran. Who scaled the target to zero does not matter: the API server does not tell reliably (see
// author), and onDelete: keep leaves it at zero.
type deletedScaler struct {
	target   seen.Ref
	onDelete scaler.OnDelete
}

// deletedScalerOf is what a declared scaler would leave behind. What another installation keeps, it alone restores.
func (m *memories) deletedScalerOf(d Declared, kept keeper) deletedScaler {
	out := deletedScaler{target: d.Target, onDelete: scaler.Keep}
	if kept.lease != "" && kept.lease != m.api.Installation.String() {
		return out
	}
	if policy, err := d.Spec.Policy(); err == nil && policy.Mode == scaler.Act {
		out.onDelete = policy.OnDelete // a scaler that only advised has changed nothing
	}
	return out
}

// annotations are the same as annotations of the saved memory.
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
		out.target = seen.Ref{APIVersion: f[0], Kind: f[1], Namespace: f[2], Name: f[3]}
	}
	return out
}

// declared cancels the clean-up after a scaler that is declared again.
func (m *memories) declared(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.toDelete, name)
}

// deleted notes that a scaler was deleted and has to be cleaned up after.
func (m *memories) deleted(r *resource) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.toDelete[r.Name] = m.deletedScalerOf(r.Declared, r.kept)
}

// deletedTargets are the targets of deleted scalers that have not been cleaned up after.
func (m *memories) deletedTargets() []seen.Ref {
	m.mu.Lock()
	defer m.mu.Unlock()
	var refs []seen.Ref
	for _, d := range m.toDelete {
		refs = append(refs, d.target)
	}
	return refs
}

// cleanUp restores the targets of deleted scalers that want it, and removes the memories.
func (m *memories) cleanUp(ctx context.Context) {
	for name, d := range m.undeclared() {
		if err := m.cleanUpAfter(ctx, name, d); err != nil {
			m.api.Log.Warn("cleaning up after a deleted scaler failed", "scaler", name, "target", d.target.String(), "err", err)
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

// undeclared are the scalers that were deleted, and those that have a saved memory and are not declared. The target is kept
// as it is where another scaler has it by now.
func (m *memories) undeclared() map[string]deletedScaler {
	m.mu.Lock()
	defer m.mu.Unlock()
	if term := m.election.Term(); term != m.term || m.since.IsZero() {
		m.term, m.since = term, m.api.Clock()
	}
	declared, targets := map[string]bool{}, map[seen.Ref]bool{}
	for _, r := range m.declarations.all() {
		declared[r.Name], targets[r.Target] = true, true
	}
	for name := range m.saved {
		// KEDA asks the leader alone: a new one was perhaps not asked yet. With shards, those of others are asked for theirs.
		if isTrigger(name) && (m.sharded() || m.api.Clock().Sub(m.since) < triggerFor) {
			declared[name] = true
		}
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
