package kube

import (
	"context"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// Pod is a Ready pod that [PodHooks] are called for.
type Pod struct {
	Name     string
	IP       string // 10.244.x.y; nothing listens there
	Template string // the label pod-template-hash, another after a rollout
}

// PodHooks says what real thing each Ready pod stands for. Both functions are
// called one at a time, and each pod that was started is stopped once: when it
// is no longer Ready or being deleted, or when the test ends. While the
// apiserver is down nothing is known to change, as with real pods.
type PodHooks struct {
	Namespace string
	Selector  string // such as app=worker
	Start     func(Pod)
	Stop      func(Pod)
}

// Followed are the pods that a [ControlPlane.Follow] is called for.
type Followed struct {
	hooks PodHooks
	mu    sync.Mutex
	pods  map[string]Pod // started and not stopped
	over  bool
}

// Follow watches the pods until the test ends, and returns when those
// that are Ready now have been started.
func (c *ControlPlane) Follow(t testing.TB, hooks PodHooks) *Followed {
	t.Helper()
	f := &Followed{hooks: hooks, pods: map[string]Pod{}}
	factory := informers.NewSharedInformerFactoryWithOptions(c.client, 0, informers.WithNamespace(hooks.Namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = hooks.Selector }))
	informer := factory.Core().V1().Pods().Informer()
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { f.see(object, true) },
		UpdateFunc: func(_, object any) { f.see(object, true) },
		DeleteFunc: func(object any) { f.see(object, false) },
	})
	if err != nil {
		t.Fatalf("watching pods: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	factory.StartWithContext(ctx)
	t.Cleanup(func() {
		cancel()
		factory.Shutdown()
		f.end()
	})
	if !cache.WaitForCacheSync(t.Context().Done(), registration.HasSynced) {
		t.Fatal("the test ended before the pods were listed")
	}
	return f
}

// Pods returns what is started now, by name.
func (f *Followed) Pods() []Pod {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sorted()
}

func (f *Followed) sorted() []Pod {
	pods := make([]Pod, 0, len(f.pods))
	for _, pod := range f.pods {
		pods = append(pods, pod)
	}
	slices.SortFunc(pods, func(a, b Pod) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return pods
}

// see starts or stops what a pod stands for, if that has changed.
func (f *Followed) see(object any, exists bool) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	known, started := f.pods[pod.Name]
	switch serving := exists && podServes(pod); {
	case serving && !started:
		known = Pod{Name: pod.Name, IP: pod.Status.PodIP, Template: pod.Labels["pod-template-hash"]}
		f.pods[pod.Name] = known
		f.hooks.Start(known)
	case !serving && started:
		delete(f.pods, pod.Name)
		f.hooks.Stop(known)
	}
}

// end stops everything.
func (f *Followed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for _, pod := range f.sorted() {
		delete(f.pods, pod.Name)
		f.hooks.Stop(pod)
	}
}

func podServes(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
