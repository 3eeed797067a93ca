package strimzi

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

var secrets = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// key is one watch: Kafka resources of a namespace by labels, or one Secret by its name.
type key struct {
	resource  schema.GroupVersionResource
	namespace string
	labels    string
	name      string
}

// watch is a running watch.
type watch struct {
	informer cache.SharedIndexInformer
	synced   func() bool // the first list is in
	stop     context.CancelFunc

	mu  sync.Mutex
	err error // of the last attempt; nil after it went well
}

func (w *watch) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// start starts a watch; changed is called after each change and each failure.
func start(ctx context.Context, wg *sync.WaitGroup, a access.API, k key, changed func()) *watch {
	ctx, stop := context.WithCancel(ctx)
	w := &watch{informer: informer(a, k), stop: stop}
	_ = w.informer.SetTransform(strip) // it fails only for an informer that runs
	_ = w.informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		a.Rights.Note(access.Right{Verb: "list", Group: k.resource.Group, Resource: k.resource.Resource, Namespace: k.namespace, Place: access.Strimzi, Name: k.name}, err)
		if apierrors.IsResourceExpired(err) {
			return
		}
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
		changed()
	})
	handled, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
	})
	w.err = err
	w.synced = func() bool { return handled != nil && handled.HasSynced() }
	wg.Go(func() { w.informer.RunWithContext(ctx) })
	wg.Go(func() {
		if cache.WaitForCacheSync(ctx.Done(), w.synced) {
			changed()
		}
	})
	return w
}

func informer(a access.API, k key) cache.SharedIndexInformer {
	if k.resource == secrets {
		return coreinformers.NewFilteredSecretInformer(a.Clients.Kubernetes, k.namespace, 0, cache.Indexers{}, func(o *metav1.ListOptions) {
			o.FieldSelector = k.fields()
		})
	}
	return dynamicinformer.NewFilteredDynamicInformer(a.Clients.Dynamic, k.resource, k.namespace, 0, cache.Indexers{}, func(o *metav1.ListOptions) {
		o.LabelSelector = k.labels
	}).Informer()
}

// strip keeps only what is read, before an object is cached.
func strip(o any) (any, error) {
	switch o := o.(type) {
	case *corev1.Secret:
		kept := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, Labels: o.Labels, ResourceVersion: o.ResourceVersion}}
		kept.Data = map[string][]byte{}
		for _, name := range []string{"password", "user.crt", "user.key"} {
			if value, ok := o.Data[name]; ok {
				kept.Data[name] = value
			}
		}
		return kept, nil
	case *unstructured.Unstructured:
		o.SetManagedFields(nil)
	}
	return o, nil
}

// waiting is the error of what is not known yet, and has not failed either.
type waiting struct{ key }

func (w waiting) Error() string {
	return fmt.Sprintf("waiting for %s in %s", w.resource.Resource, w.namespace)
}

// list is what a watch has read. Without its first list it is an error: waiting, or why it failed.
func (w *watch) list(k key) ([]any, error) {
	if w.synced() {
		return w.informer.GetStore().List(), nil
	}
	if err := w.failure(); err != nil {
		return nil, err
	}
	return nil, waiting{k}
}
