package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Saved memories are ConfigMaps in the program's own namespace, one for each scaler: a few KB, about 100 with the seasons
// of a week for sixteen groups, of the 1 MiB that fit. They are there rather than beside the KafkaScaler so that no right
// to ConfigMaps of other namespaces is needed, in which people keep what is theirs.
const (
	memoryKey        = "memory.json"
	labelManagedBy   = "app.kubernetes.io/managed-by"
	labelMemoryOf    = "lagscaler.io/memory-of" // the Lease: installations in one namespace stay apart
	annotationScaler = "lagscaler.io/scaler"
	annotationTarget = "lagscaler.io/target"
	annotationDelete = "lagscaler.io/on-delete"
	parallelSaves    = 8
)

// memories are the saved memories, and the deleted scalers that have to be cleaned up after; see deleted.go.
//
// The lock may be held while declarations are asked, not the other way round: a scaler that is saved is then never taken
// for one that is not declared.
type memories struct {
	api          access.API
	namespace    string // of the program
	lease        string // its name
	election     *election.Election
	declarations *declarations
	sharded      func() bool // other shards have scalers, too
	restore      func(ctx context.Context, ref seen.Ref) (done bool, err error)

	mu       sync.Mutex
	saved    map[string]deletedScaler // scalers that have a saved memory, as they would be cleaned up after
	toDelete map[string]deletedScaler // deleted scalers that have not been cleaned up after
	term     uint64                   // of the election
	since    time.Time                // when this replica was first seen in that term
}

func newMemories(a access.API, o Options, e *election.Election, d *declarations) *memories {
	return &memories{
		api: a, namespace: o.Namespace, lease: o.Lease, election: e, declarations: d,
		saved: map[string]deletedScaler{}, toDelete: map[string]deletedScaler{},
	}
}

func (m *memories) load(ctx context.Context) (map[string]scaler.Memory, error) {
	selector := labels.Set{labelManagedBy: access.Program, labelMemoryOf: m.lease}.String()
	list, err := m.api.Clients.Kubernetes.CoreV1().ConfigMaps(m.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	m.api.Rights.Note(m.right("list"), err)
	if err != nil {
		return nil, fmt.Errorf("listing saved memories: %w", err)
	}
	learned := map[string]scaler.Memory{}
	for _, saved := range list.Items {
		name := saved.Annotations[annotationScaler]
		memory, err := scaler.LoadMemory([]byte(saved.Data[memoryKey]))
		if err != nil {
			m.api.Log.Warn("a saved memory is left out", "scaler", name, "configmap", saved.Name, "err", err)
		} else {
			learned[name] = memory
		}
		m.mu.Lock()
		m.saved[name] = deletedScalerIn(saved.Annotations)
		m.mu.Unlock()
	}
	return learned, nil
}

func (m *memories) save(ctx context.Context, learned map[string]scaler.Memory) error {
	ctx, cancel, err := m.election.Bound(ctx)
	if err != nil {
		return fmt.Errorf("saving memories: %w", err)
	}
	defer cancel()
	names := slices.Sorted(maps.Keys(learned))
	failed := make([]error, len(names))
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelSaves)
	for i, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := m.saveOne(ctx, name, learned[name]); err != nil {
				failed[i] = fmt.Errorf("saving the memory of %s: %w", name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (m *memories) saveOne(ctx context.Context, name string, memory scaler.Memory) error {
	data, err := memory.Save()
	if err != nil {
		return err
	}
	scalerIs, declared := m.saving(name)
	if !declared {
		return nil // deleted meanwhile
	}
	client := m.api.Clients.Kubernetes.CoreV1().ConfigMaps(m.namespace)
	saved := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.configMap(name), Namespace: m.namespace,
			Labels:      map[string]string{labelManagedBy: access.Program, labelMemoryOf: m.lease},
			Annotations: scalerIs.annotations(name),
		},
		Data: map[string]string{memoryKey: string(data)},
	}
	_, err = client.Update(ctx, saved, metav1.UpdateOptions{FieldManager: m.api.Installation.FieldManager()})
	m.api.Rights.Note(m.right("update"), err)
	if apierrors.IsNotFound(err) {
		_, err = client.Create(ctx, saved, metav1.CreateOptions{FieldManager: m.api.Installation.FieldManager()})
		m.api.Rights.Note(m.right("create"), err)
	}
	return err
}

// saving notes that a scaler has a saved memory from now on; false when it is not declared.
func (m *memories) saving(name string) (deletedScaler, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, kept, declared := m.declarations.find(name)
	if !declared {
		return deletedScaler{}, false
	}
	m.saved[name] = m.deletedScalerOf(d, kept)
	return m.saved[name], true
}

// remove deletes a saved memory, while this replica leads.
func (m *memories) remove(ctx context.Context, name string) error {
	ctx, cancel, err := m.election.Bound(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = m.api.Clients.Kubernetes.CoreV1().ConfigMaps(m.namespace).Delete(ctx, m.configMap(name), metav1.DeleteOptions{})
	m.api.Rights.Note(m.right("delete"), err)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing its memory: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.toDelete, name)
	delete(m.saved, name)
	return nil
}

func (m *memories) right(verb string) access.Right {
	return access.Right{Verb: verb, Resource: "configmaps", Namespace: m.namespace}
}

// configMap is the name of a scaler's ConfigMap. Namespace and name together may be longer than a name may be.
func (m *memories) configMap(scaler string) string {
	sum := sha256.Sum256([]byte(scaler))
	return m.lease + "-memory-" + hex.EncodeToString(sum[:6])
}
