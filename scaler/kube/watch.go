package kube

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	autoscalinginformers "k8s.io/client-go/informers/autoscaling/v2"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

var (
	pods          = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	autoscalers   = schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}
	scaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}

	kafkaScalerKind  = v1alpha1.GroupVersion.WithKind(v1alpha1.Kind)
	scaledObjectKind = schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
)

// watchKey is one watch: a resource in one namespace, or in all when that is empty.
type watchKey struct {
	resource  schema.GroupVersionResource
	namespace string
}

// watch is a running watch.
type watch struct {
	informer cache.SharedIndexInformer
	synced   func() bool // the first list is in, and handled
	stop     context.CancelFunc
}

// kind is what discovery says of a kind.
type kind struct {
	resource schema.GroupVersionResource
	served   bool
	asked    time.Time
}

// askAgain is how long a kind that is not served is taken for missing before discovery is asked anew.
const askAgain = 30 * time.Second

// follow starts the watches that the scalers of the moment need, and ends the others.
//
// Workloads, pods and autoscalers are watched only in namespaces that have a scaler: what is kept in memory grows with
// what is scaled, not with the cluster.
func (c *Controller) follow(ctx context.Context, wg *sync.WaitGroup) {
	wanted := c.wanted()
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, w := range c.watches {
		if !wanted[key] {
			w.stop()
			delete(c.watches, key)
			c.forgetTargets(key)
		}
	}
	for key := range wanted {
		if _, runs := c.watches[key]; !runs {
			c.watches[key] = c.start(ctx, wg, key)
		}
	}
}

// wanted are the watches that are needed now.
func (c *Controller) wanted() map[watchKey]bool {
	wanted := map[watchKey]bool{}
	if _, ok := c.resolve(kafkaScalerKind); ok {
		for _, ns := range c.namespaces() {
			wanted[watchKey{v1alpha1.Resource, ns}] = true
		}
	}
	_, keda := c.resolve(scaledObjectKind)
	mode, declared := c.declarations()
	for _, ref := range c.refs(declared) {
		if target, ok := c.resolve(kindOf(ref)); ok {
			wanted[watchKey{target, ref.Namespace}] = true
		}
	}
	for _, d := range declared {
		if mode == scaler.Observe {
			continue // decides nothing, and has no right to the rest
		}
		wanted[watchKey{pods, d.Target.Namespace}] = true
		wanted[watchKey{autoscalers, d.Target.Namespace}] = true
		if keda {
			wanted[watchKey{scaledObjects, d.Target.Namespace}] = true
		}
	}
	return wanted
}

// refs are the targets of the declared scalers, and of deleted ones that still have to be cleaned up after.
func (c *Controller) refs(declared []*resource) []scaler.Ref {
	var refs []scaler.Ref
	for _, d := range declared {
		refs = append(refs, d.Target)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.orphans {
		refs = append(refs, o.target)
	}
	return refs
}

func (c *Controller) namespaces() []string {
	if len(c.opts.Watch) == 0 {
		return []string{""}
	}
	return c.opts.Watch
}

func kindOf(r scaler.Ref) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
}

// resolve finds the resource of a kind; false when the API server does not serve it, or could not be asked yet.
func (c *Controller) resolve(k schema.GroupVersionKind) (schema.GroupVersionResource, bool) {
	c.mu.Lock()
	known, asked := c.kinds[k]
	c.mu.Unlock()
	now := c.clock()
	if asked && (known.served || now.Sub(known.asked) < askAgain) {
		return known.resource, known.served
	}
	if asked {
		c.clients.Mapper.Reset() // discovery is cached without end
	}
	mapping, err := c.clients.Mapper.RESTMapping(k.GroupKind(), k.Version)
	switch {
	case err == nil:
		known = kind{mapping.Resource, true, now}
	case meta.IsNoMatchError(err):
		known = kind{asked: now}
	default:
		c.opts.Log.Debug("discovery failed", "kind", k.String(), "err", err)
		return schema.GroupVersionResource{}, false
	}
	c.mu.Lock()
	c.kinds[k] = known
	c.mu.Unlock()
	return known.resource, known.served
}

// start starts a watch; the caller holds the lock.
func (c *Controller) start(ctx context.Context, wg *sync.WaitGroup, key watchKey) *watch {
	ctx, stop := context.WithCancel(ctx)
	w := &watch{informer: c.informer(key), stop: stop}
	err := errors.Join(
		w.informer.SetTransform(strip),
		w.informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { c.watchFailed(key, err) }),
	)
	if err != nil {
		c.opts.Log.Error("setting up a watch failed", "resource", key.resource.String(), "err", err)
	}
	registration, err := w.informer.AddEventHandler(c.handler(key))
	if err != nil {
		c.opts.Log.Error("setting up a watch failed", "resource", key.resource.String(), "err", err)
	}
	w.synced = func() bool { return registration != nil && registration.HasSynced() }
	wg.Go(func() { w.informer.RunWithContext(ctx) })
	return w
}

func (c *Controller) informer(key watchKey) cache.SharedIndexInformer {
	switch key.resource {
	case pods:
		return coreinformers.NewPodInformer(c.clients.Kubernetes, key.namespace, 0, cache.Indexers{})
	case autoscalers:
		return autoscalinginformers.NewHorizontalPodAutoscalerInformer(c.clients.Kubernetes, key.namespace, 0, cache.Indexers{})
	}
	return dynamicinformer.NewFilteredDynamicInformer(c.clients.Dynamic, key.resource, key.namespace, 0, cache.Indexers{}, nil).Informer()
}

// handler is what is done with what a watch brings. Pods and autoscalers are read from their stores when needed.
func (c *Controller) handler(key watchKey) cache.ResourceEventHandler {
	switch key.resource {
	case pods, autoscalers, scaledObjects:
		return cache.ResourceEventHandlerFuncs{}
	case v1alpha1.Resource:
		return handle(c.resourceChanged, c.resourceDeleted)
	}
	return handle(
		func(o object) { c.targetChanged(key.resource, o) },
		func(o object) { c.targetDeleted(o) },
	)
}

var deniedVerb = regexp.MustCompile(`cannot (list|watch) `)

// watchFailed takes in that a list or watch ended with an error; the informer tries again by itself.
func (c *Controller) watchFailed(key watchKey, err error) {
	right := Right{Verb: "list", Group: key.resource.Group, Resource: key.resource.Resource, Namespace: key.namespace}
	if m := deniedVerb.FindStringSubmatch(err.Error()); m != nil {
		right.Verb = m[1]
	}
	c.rights.note(right, err)
	if !apierrors.IsForbidden(err) && !apierrors.IsResourceExpired(err) {
		c.opts.Log.Debug("watch interrupted", "resource", key.resource.String(), "namespace", key.namespace, "err", err)
	}
}

// store is what a watch has read; ready is false until its first list is in.
func (c *Controller) store(key watchKey) (all []any, ready bool) {
	w, ok := c.watches[key]
	if !ok || !w.synced() {
		return nil, false
	}
	return w.informer.GetStore().List(), true
}

// strip takes out what is not needed before it is kept: of pods and workloads that is most of them.
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

// String says where a watch looks, for messages.
func (k watchKey) String() string { return fmt.Sprintf("%s in %s", k.resource.Resource, k.namespace) }
