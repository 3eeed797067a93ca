package watch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	autoscalinginformers "k8s.io/client-go/informers/autoscaling/v2"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// The resources that are watched beside KafkaScalers and their targets.
var (
	Pods          = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	Autoscalers   = schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}
	ScaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
)

// Key is one watch: a resource in one namespace, or in all when that is empty.
type Key struct {
	Resource  schema.GroupVersionResource
	Namespace string
}

// String names the watch, for messages.
func (k Key) String() string { return fmt.Sprintf("%s in %s", k.Resource.Resource, k.Namespace) }

// Watches are the running watches.
type Watches struct {
	api     access.API
	handler func(Key) cache.ResourceEventHandler // of the objects of a watch

	mu      sync.Mutex
	running map[Key]*watch
}

// watch is a running watch.
type watch struct {
	informer cache.SharedIndexInformer
	synced   func() bool // the first list is in, and handled
	stop     context.CancelFunc
}

// NewWatches are none until Follow; handler handles the objects of a watch.
func NewWatches(a access.API, handler func(Key) cache.ResourceEventHandler) *Watches {
	return &Watches{api: a, handler: handler, running: map[Key]*watch{}}
}

// Follow starts the watches that are wanted, and ends the others, which it returns.
func (w *Watches) Follow(ctx context.Context, wg *sync.WaitGroup, wanted map[Key]bool) (ended []Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, running := range w.running {
		if !wanted[key] {
			running.stop()
			delete(w.running, key)
			ended = append(ended, key)
		}
	}
	for key := range wanted {
		if _, runs := w.running[key]; !runs {
			w.running[key] = w.start(ctx, wg, key)
		}
	}
	return ended
}

// start starts a watch.
func (w *Watches) start(ctx context.Context, wg *sync.WaitGroup, key Key) *watch {
	ctx, stop := context.WithCancel(ctx)
	started := &watch{informer: w.informer(key), stop: stop}
	err := errors.Join(
		started.informer.SetTransform(strip),
		started.informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { w.failed(key, err) }),
	)
	if err != nil {
		w.api.Log.Error("setting up a watch failed", "resource", key.Resource.String(), "err", err)
	}
	registration, err := started.informer.AddEventHandler(w.handler(key))
	if err != nil {
		w.api.Log.Error("setting up a watch failed", "resource", key.Resource.String(), "err", err)
	}
	started.synced = func() bool { return registration != nil && registration.HasSynced() }
	wg.Go(func() { started.informer.RunWithContext(ctx) })
	return started
}

func (w *Watches) informer(key Key) cache.SharedIndexInformer {
	switch key.Resource {
	case Pods:
		return coreinformers.NewPodInformer(w.api.Clients.Kubernetes, key.Namespace, 0, cache.Indexers{})
	case NamespacesResource:
		return coreinformers.NewNamespaceInformer(w.api.Clients.Kubernetes, 0, cache.Indexers{})
	case Autoscalers:
		return autoscalinginformers.NewHorizontalPodAutoscalerInformer(w.api.Clients.Kubernetes, key.Namespace, 0, cache.Indexers{})
	}
	return dynamicinformer.NewFilteredDynamicInformer(w.api.Clients.Dynamic, key.Resource, key.Namespace, 0, cache.Indexers{}, nil).Informer()
}

var deniedVerb = regexp.MustCompile(`cannot (list|watch) `)

// failed is called when a list or watch ended with an error; the informer tries again by itself.
func (w *Watches) failed(key Key, err error) {
	right := access.Right{Verb: "list", Group: key.Resource.Group, Resource: key.Resource.Resource, Namespace: key.Namespace}
	if m := deniedVerb.FindStringSubmatch(err.Error()); m != nil {
		right.Verb = m[1]
	}
	w.api.Rights.Note(right, err)
	if !apierrors.IsForbidden(err) && !apierrors.IsResourceExpired(err) {
		w.api.Log.Debug("watch interrupted", "resource", key.Resource.String(), "namespace", key.Namespace, "err", err)
	}
}

// find returns a running watch whose first list is in, and handled.
func (w *Watches) find(key Key) (found *watch, listed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, runs := w.running[key]
	return found, runs && found.synced()
}

// Listed reports whether the first list of a watch is in, and handled.
func (w *Watches) Listed(key Key) bool {
	_, listed := w.find(key)
	return listed
}

// store returns the objects that a watch has read; listed is false until its first list is in.
func (w *Watches) store(key Key) (all []any, listed bool) {
	found, listed := w.find(key)
	if !listed {
		return nil, false
	}
	return found.informer.GetStore().List(), true
}

// Keys are the watches that run.
func (w *Watches) Keys() []Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	var keys []Key
	for key := range w.running {
		keys = append(keys, key)
	}
	return keys
}

// strip removes the parts that are not needed before an object is cached: most of a pod or a workload.
func strip(obj any) (any, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		kept := &corev1.Pod{ObjectMeta: o.ObjectMeta, Status: corev1.PodStatus{
			Phase: o.Status.Phase, PodIP: o.Status.PodIP, PodIPs: o.Status.PodIPs, Conditions: o.Status.Conditions,
		}}
		kept.Spec.HostNetwork = o.Spec.HostNetwork
		kept.ManagedFields, kept.Annotations = nil, nil
		return kept, nil
	case *corev1.Namespace:
		return &corev1.Namespace{ObjectMeta: o.ObjectMeta}, nil
	case Object:
		if spec, ok := o.UnstructuredContent()["spec"].(map[string]any); ok && o.GetKind() != v1alpha1.Kind {
			delete(spec, "template")
		}
	}
	return obj, nil
}

// Object is any Kubernetes object.
type Object = *unstructured.Unstructured

// Handle calls changed for what is there or became different, and deleted for what is gone.
func Handle(changed, deleted func(Object)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { handOn(o, changed) },
		UpdateFunc: func(_, o any) { handOn(o, changed) },
		DeleteFunc: func(o any) {
			if missed, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = missed.Obj
			}
			if last, ok := o.(Object); ok {
				deleted(last)
			}
		},
	}
}

// handOn hands an object on. Informers of dynamic clients bring no others.
func handOn(o any, to func(Object)) {
	if obj, ok := o.(Object); ok {
		to(obj)
	}
}
