package scale

import (
	"context"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
)

// watchSizes records every size that a Deployment's spec is given from now on, the present one first.
func watchSizes(ctx context.Context, c kubernetes.Interface, ns, name string) (sizes func() []int32, err error) {
	d, err := c.AppsV1().Deployments(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	w, err := c.AppsV1().Deployments(ns).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String(), ResourceVersion: d.ResourceVersion,
	})
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	seen := []int32{*d.Spec.Replicas}
	go func() {
		for e := range w.ResultChan() {
			if d, ok := e.Object.(*appsv1.Deployment); ok {
				mu.Lock()
				if last := seen[len(seen)-1]; last != *d.Spec.Replicas {
					seen = append(seen, *d.Spec.Replicas)
				}
				mu.Unlock()
			}
		}
	}()
	return func() []int32 {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}, nil
}
