package scale

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// size is a number of replicas that a Deployment was given.
type size struct {
	At       time.Time
	Replicas int32
}

func (s size) String() string { return strconv.Itoa(int(s.Replicas)) }

// watchSizes records every size that a Deployment's spec is given from now on, the present one first.
func watchSizes(ctx context.Context, c kubernetes.Interface, ns, name string) (sizes func() []size, err error) {
	var mu sync.Mutex
	var seen []size
	see := func(object any) {
		d, ok := object.(*appsv1.Deployment)
		if !ok || d.Name != name {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if len(seen) == 0 || seen[len(seen)-1].Replicas != *d.Spec.Replicas {
			seen = append(seen, size{time.Now(), *d.Spec.Replicas})
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(c, 0, informers.WithNamespace(ns))
	registration, err := factory.Apps().V1().Deployments().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, object any) { see(object) },
	})
	if err != nil {
		return nil, err
	}
	factory.StartWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil, errors.New("the Deployment was not listed")
	}
	return func() []size {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}, nil
}
