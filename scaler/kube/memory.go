package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lagscaler/lagscaler/scaler"
)

// Saved memories are ConfigMaps in the program's own namespace, one a scaler: a few KB, about 100 with the seasons of
// a week for sixteen groups, of the 1 MiB there is room for. They are there rather than beside the KafkaScaler so that
// no right to ConfigMaps of other namespaces is needed, in which people keep what is theirs.
const (
	memoryKey        = "memory.json"
	labelManagedBy   = "app.kubernetes.io/managed-by"
	labelMemoryOf    = "lagscaler.io/memory-of" // the Lease: installations in one namespace stay apart
	annotationScaler = "lagscaler.io/scaler"
	annotationTarget = "lagscaler.io/target"
	annotationDelete = "lagscaler.io/on-delete"
	parallelSaves    = 8
)

// Load reads what was learned, by scaler. A memory that cannot be read is left out and logged: it is of another version,
// or somebody edited it.
func (c *Controller) Load(ctx context.Context) (map[string]scaler.Memory, error) {
	selector := labels.Set{labelManagedBy: FieldManager, labelMemoryOf: c.opts.Lease}.String()
	list, err := c.clients.Kubernetes.CoreV1().ConfigMaps(c.opts.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	c.rights.note(c.memoryRight("list"), err)
	if err != nil {
		return nil, fmt.Errorf("listing saved memories: %w", err)
	}
	learned := map[string]scaler.Memory{}
	for _, m := range list.Items {
		name := m.Annotations[annotationScaler]
		memory, err := scaler.LoadMemory([]byte(m.Data[memoryKey]))
		if err != nil {
			c.opts.Log.Warn("a saved memory is left out", "scaler", name, "configmap", m.Name, "err", err)
		} else {
			learned[name] = memory
		}
		c.mu.Lock()
		c.saved[name] = orphanIn(m.Annotations)
		c.mu.Unlock()
	}
	signal(c.wake)
	return learned, nil
}

// Save writes what was learned. One that fails does not stop the others; the error names them all.
func (c *Controller) Save(ctx context.Context, learned map[string]scaler.Memory) error {
	ctx, cancel, err := c.election.bound(ctx)
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
			if err := c.save(ctx, name, learned[name]); err != nil {
				failed[i] = fmt.Errorf("saving the memory of %s: %w", name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (c *Controller) save(ctx context.Context, name string, memory scaler.Memory) error {
	data, err := memory.Save()
	if err != nil {
		return err
	}
	c.mu.Lock()
	o, declared := c.orphanOf(name)
	if declared {
		c.saved[name] = o
	}
	c.mu.Unlock()
	if !declared {
		return nil // deleted meanwhile
	}
	client := c.clients.Kubernetes.CoreV1().ConfigMaps(c.opts.Namespace)
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.memoryName(name), Namespace: c.opts.Namespace,
			Labels:      map[string]string{labelManagedBy: FieldManager, labelMemoryOf: c.opts.Lease},
			Annotations: o.annotations(name),
		},
		Data: map[string]string{memoryKey: string(data)},
	}
	_, err = client.Update(ctx, m, metav1.UpdateOptions{FieldManager: FieldManager})
	c.rights.note(c.memoryRight("update"), err)
	if apierrors.IsNotFound(err) {
		_, err = client.Create(ctx, m, metav1.CreateOptions{FieldManager: FieldManager})
		c.rights.note(c.memoryRight("create"), err)
	}
	return err
}

func (c *Controller) memoryRight(verb string) Right {
	return Right{Verb: verb, Resource: "configmaps", Namespace: c.opts.Namespace}
}

// memoryName is the ConfigMap of a scaler. Namespace and name together may be longer than a name may be.
func (c *Controller) memoryName(scaler string) string {
	sum := sha256.Sum256([]byte(scaler))
	return c.opts.Lease + "-memory-" + hex.EncodeToString(sum[:6])
}

// annotations are how an orphan is written down beside its scaler's memory.
func (o orphan) annotations(name string) map[string]string {
	return map[string]string{
		annotationScaler: name,
		annotationTarget: strings.Join([]string{o.target.APIVersion, o.target.Kind, o.target.Namespace, o.target.Name}, " "),
		annotationDelete: string(o.onDelete),
	}
}

func orphanIn(annotations map[string]string) orphan {
	o := orphan{onDelete: scaler.OnDelete(annotations[annotationDelete])}
	if f := strings.Fields(annotations[annotationTarget]); len(f) == 4 {
		o.target = scaler.Ref{APIVersion: f[0], Kind: f[1], Namespace: f[2], Name: f[3]}
	}
	return o
}
