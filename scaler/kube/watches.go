package kube

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

	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

var (
	pods          = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	autoscalers   = schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}
	scaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
)

// watchKey is one watch: a resource in one namespace, or in all when that is empty.
type watchKey struct {
	resource  schema.GroupVersionResource
	namespace string
}

// String names the watch, for messages.
func (k watchKey) String() string { return fmt.Sprintf("%s in %s", k.resource.Resource, k.namespace) }

// watches are the running watches.
type watches struct {
	api
	handler func(watchKey) cache.ResourceEventHandler // of the objects of a watch

	mu      sync.Mutex
	running map[watchKey]*watch
}

// watch is a running watch.
type watch struct {
	informer cache.SharedIndexInformer
	synced   func() bool // the first list is in, and handled
	stop     context.CancelFunc
}

func newWatches(a api, handler func(watchKey) cache.ResourceEventHandler) *watches {
	return &watches{api: a, handler: handler, running: map[watchKey]*watch{}}
}

// follow starts the watches that are wanted, and ends the others, which it returns.
func (w *watches) follow(ctx context.Context, wg *sync.WaitGroup, wanted map[watchKey]bool) (ended []watchKey) {
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
func (w *watches) start(ctx context.Context, wg *sync.WaitGroup, key watchKey) *watch {
	ctx, stop := context.WithCancel(ctx)
	started := &watch{informer: w.informer(key), stop: stop}
	err := errors.Join(
		started.informer.SetTransform(strip),
		started.informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { w.failed(key, err) }),
	)
	if err != nil {
		w.log.Error("setting up a watch failed", "resource", key.resource.String(), "err", err)
	}
	registration, err := started.informer.AddEventHandler(w.handler(key))
	if err != nil {
		w.log.Error("setting up a watch failed", "resource", key.resource.String(), "err", err)
	}
	started.synced = func() bool { return registration != nil && registration.HasSynced() }
	wg.Go(func() { started.informer.RunWithContext(ctx) })
	return started
}

func (w *watches) informer(key watchKey) cache.SharedIndexInformer {
	switch key.resource {
	case pods:
		return coreinformers.NewPodInformer(w.clients.Kubernetes, key.namespace, 0, cache.Indexers{})
	case autoscalers:
		return autoscalinginformers.NewHorizontalPodAutoscalerInformer(w.clients.Kubernetes, key.namespace, 0, cache.Indexers{})
	}
	return dynamicinformer.NewFilteredDynamicInformer(w.clients.Dynamic, key.resource, key.namespace, 0, cache.Indexers{}, nil).Informer()
}

var deniedVerb = regexp.MustCompile(`cannot (list|watch) `)

// failed is called when a list or watch ended with an error; the informer tries again by itself.
func (w *watches) failed(key watchKey, err error) {
	right := Right{Verb: "list", Group: key.resource.Group, Resource: key.resource.Resource, Namespace: key.namespace}
	if m := deniedVerb.FindStringSubmatch(err.Error()); m != nil {
		right.Verb = m[1]
	}
	w.rights.note(right, err)
	if !apierrors.IsForbidden(err) && !apierrors.IsResourceExpired(err) {
		w.log.Debug("watch interrupted", "resource", key.resource.String(), "namespace", key.namespace, "err", err)
	}
}

// find returns a running watch whose first list is in, and handled.
func (w *watches) find(key watchKey) (found *watch, listed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, runs := w.running[key]
	return found, runs && found.synced()
}

// listed reports whether the first list of a watch is in, and handled.
func (w *watches) listed(key watchKey) bool {
	_, listed := w.find(key)
	return listed
}

// store returns the objects that a watch has read; listed is false until its first list is in.
func (w *watches) store(key watchKey) (all []any, listed bool) {
	found, listed := w.find(key)
	if !listed {
		return nil, false
	}
	return found.informer.GetStore().List(), true
}

// keys are the watches that run.
func (w *watches) keys() []watchKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	var keys []watchKey
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
			Phase: o.Status.Phase, PodIP: o.Status.PodIP, Conditions: o.Status.Conditions,
		}}
		kept.ManagedFields, kept.Annotations = nil, nil
		return kept, nil
	case object:
		if spec, ok := o.UnstructuredContent()["spec"].(map[string]any); ok && o.GetKind() != v1alpha1.Kind {
			delete(spec, "template")
		}
	}
	return obj, nil
}

// object is any Kubernetes object.
type object = *unstructured.Unstructured

// handle calls changed for what is there or became different, and deleted for what is gone.
func handle(changed, deleted func(object)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { seen(o, changed) },
		UpdateFunc: func(_, o any) { seen(o, changed) },
		DeleteFunc: func(o any) {
			if missed, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = missed.Obj
			}
			if last, ok := o.(object); ok {
				deleted(last)
			}
		},
	}
}

// seen hands an object on. Informers of dynamic clients bring no others.
func seen(o any, to func(object)) {
	if obj, ok := o.(object); ok {
		to(obj)
	}
}
