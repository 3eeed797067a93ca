package kube

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// Size is a number of replicas that a Deployment was given.
type Size struct {
	At       time.Time
	Replicas int32
}

func (s Size) String() string { return strconv.Itoa(int(s.Replicas)) }

// WatchSizes records every size that a Deployment's spec is given from now on,
// the present one first, until the test ends. After the API server was away, an informer waits for up to a minute before it watches again,
// and would miss sizes, so the Deployment is read each second, too.
func (c *ControlPlane) WatchSizes(t testing.TB, namespace, name string) (sizes func() []Size) {
	t.Helper()
	var mu sync.Mutex
	var seen []Size
	var newest int64 // generation
	see := func(object any) {
		d, ok := object.(*appsv1.Deployment)
		if !ok || d.Name != name {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if d.Generation < newest {
			return
		}
		newest = d.Generation
		if len(seen) == 0 || seen[len(seen)-1].Replicas != *d.Spec.Replicas {
			seen = append(seen, Size{time.Now(), *d.Spec.Replicas})
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(c.client, 0, informers.WithNamespace(namespace))
	registration, err := factory.Apps().V1().Deployments().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, object any) { see(object) },
	})
	if err != nil {
		t.Fatalf("watching Deployments: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	factory.StartWithContext(ctx)
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		if d, err := c.client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			see(d)
		}
	}, time.Second)
	if !cache.WaitForCacheSync(t.Context().Done(), registration.HasSynced) {
		t.Fatal("the Deployments were not listed")
	}
	return func() []Size {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}
