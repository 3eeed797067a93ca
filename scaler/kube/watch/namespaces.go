package watch

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// NamespacesResource are the namespaces: their annotations may freeze all scalers in them, and their labels may say whose these are.
var NamespacesResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}

// Namespaces are the freezes and labels of namespaces. They are watched where all namespaces are; a Role in single namespaces does not allow
// to watch them, so there each is read again and again.
type Namespaces struct {
	api     access.API
	watches *Watches
	single  []string // empty: all are watched

	mu   sync.Mutex
	read map[string]*seen.Freeze // of the single ones; nil: not frozen
}

// NewNamespaces knows none; single are the namespaces that are watched, empty: all.
func NewNamespaces(a access.API, w *Watches, single []string) *Namespaces {
	return &Namespaces{api: a, watches: w, single: single, read: map[string]*seen.Freeze{}}
}

// Watch is the watch that is needed; ok is false if single namespaces are read.
func (n *Namespaces) Watch() (key Key, ok bool) {
	return Key{Resource: NamespacesResource}, len(n.single) == 0
}

// Refresh reads the single namespaces.
func (n *Namespaces) Refresh(ctx context.Context) {
	for _, name := range n.single {
		n.refresh(ctx, name)
	}
}

func (n *Namespaces) refresh(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, scaleTimeout)
	defer cancel()
	o, err := n.api.Clients.Kubernetes.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	n.api.Rights.Note(access.Right{Verb: "get", Resource: NamespacesResource.Resource, Namespace: name}, err)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err == nil:
		n.read[name] = FreezeOf(o, "namespace "+name)
	case apierrors.IsNotFound(err):
		n.read[name] = nil
	}
}

// freeze is the freeze of a namespace, as it was last read; nil: none. Until a namespace has been read for the first time, read is false.
// Without the permission it cannot be: then it counts as not frozen, and the condition Permitted of its scalers says so.
func (n *Namespaces) freeze(name string) (f *seen.Freeze, read bool) {
	if f, read = n.lastRead(name); read {
		return f, true
	}
	_, denied := n.api.Rights.Lacks(NamespacesResource.GroupResource(), name)
	return nil, denied
}

func (n *Namespaces) lastRead(name string) (f *seen.Freeze, read bool) {
	if _, all := n.Watch(); !all {
		n.mu.Lock()
		defer n.mu.Unlock()
		f, read = n.read[name]
		return f, read
	}
	ns, listed := n.watched(name)
	if ns == nil {
		return nil, listed
	}
	return FreezeOf(ns, "namespace "+name), true
}

// Freeze is the freeze of a namespace that is in force; read is false until the namespace has been read.
func (n *Namespaces) Freeze(name string, now time.Time) (f *seen.Freeze, read bool) {
	f, read = n.freeze(name)
	return inForce(now, f), read
}

// Labels are the labels of a namespace; nil if it is not there, or not watched.
func (n *Namespaces) Labels(name string) map[string]string {
	ns, _ := n.watched(name)
	if ns == nil {
		return nil
	}
	return ns.Labels
}

// watched is a namespace as the watch has it; nil: it is not there. listed is false until the first list is in.
func (n *Namespaces) watched(name string) (ns *corev1.Namespace, listed bool) {
	key, ok := n.Watch()
	if !ok {
		return nil, false
	}
	found, listed := n.watches.find(key)
	if !listed {
		return nil, false
	}
	if o, there, err := found.informer.GetStore().GetByKey(name); err == nil && there {
		ns, _ = o.(*corev1.Namespace)
	}
	return ns, true
}
