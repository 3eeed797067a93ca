package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// What receivers of messages were told, and what is still to be sent to them, is one ConfigMap in the program's own namespace. It is found
// by its label, so that no right to get ConfigMaps is needed beside that to list them.
const (
	toldKey     = "told.json.gz"
	labelToldOf = "lagscaler.io/told-of" // the Lease: installations in one namespace stay apart
)

// ErrSavedByAnother is wrapped by the error of a save after somebody else has saved: another leader.
var ErrSavedByAnother = errors.New("somebody else has saved it since it was loaded")

// told keeps what was told. A save replaces only what the same term of this replica has loaded or saved.
type told struct {
	api       access.API
	namespace string // of the program
	lease     string // its name
	election  *election.Election

	mu      sync.Mutex
	there   bool   // the ConfigMap
	version string // of it
}

// LoadTold loads what was told; nil: nothing was.
func (c *Controller) LoadTold(ctx context.Context) ([]byte, error) { return c.told.load(ctx) }

// SaveTold saves what was told, while this replica leads. Its error wraps [ErrSavedByAnother] if it has to be loaded again.
func (c *Controller) SaveTold(ctx context.Context, data []byte) error { return c.told.save(ctx, data) }

func (t *told) load(ctx context.Context) ([]byte, error) {
	selector := labels.Set{labelManagedBy: access.Program, labelToldOf: t.lease}.String()
	list, err := t.api.Clients.Kubernetes.CoreV1().ConfigMaps(t.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	t.api.Rights.Note(t.right("list"), err)
	if err != nil {
		return nil, fmt.Errorf("listing what was told: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.there, t.version = false, ""
	for i := range list.Items {
		if saved := &list.Items[i]; saved.Name == t.name() {
			t.there, t.version = true, saved.ResourceVersion
			return saved.BinaryData[toldKey], nil
		}
	}
	return nil, nil
}

func (t *told) save(ctx context.Context, data []byte) error {
	ctx, cancel, err := t.election.Bound(ctx)
	if err != nil {
		return fmt.Errorf("saving what was told: %w", err)
	}
	defer cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	client := t.api.Clients.Kubernetes.CoreV1().ConfigMaps(t.namespace)
	saved := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: t.name(), Namespace: t.namespace, ResourceVersion: t.version,
			Labels: map[string]string{labelManagedBy: access.Program, labelToldOf: t.lease},
		},
		BinaryData: map[string][]byte{toldKey: data},
	}
	verb, write := "update", func() (*corev1.ConfigMap, error) {
		return client.Update(ctx, saved, metav1.UpdateOptions{FieldManager: t.api.Installation.FieldManager()})
	}
	if !t.there {
		verb, write = "create", func() (*corev1.ConfigMap, error) {
			return client.Create(ctx, saved, metav1.CreateOptions{FieldManager: t.api.Installation.FieldManager()})
		}
	}
	got, err := write()
	t.api.Rights.Note(t.right(verb), err)
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return fmt.Errorf("saving what was told: %w: %w", ErrSavedByAnother, err)
	case err != nil:
		return fmt.Errorf("saving what was told: %w", err)
	}
	t.there, t.version = true, got.ResourceVersion
	return nil
}

func (t *told) right(verb string) access.Right {
	return access.Right{Verb: verb, Resource: "configmaps", Namespace: t.namespace}
}

func (t *told) name() string { return t.lease + "-told" }

// Installation says which installation this replica belongs to: the namespace and the name of the Lease.
func (c *Controller) Installation() string { return c.api.Installation.String() }
