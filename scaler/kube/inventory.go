package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Candidate is a workload that a KafkaScaler could scale.
type Candidate struct {
	Ref      seen.Ref
	Replicas int32
	Scaler   string // the name of the KafkaScaler that scales it; empty: none
	Other    string // another autoscaler, such as HorizontalPodAutoscaler/orders; empty: none
}

// Inventory is what a cluster has.
type Inventory struct {
	Workloads []Candidate // sorted by namespace, kind and name
	Pods      []seen.Pod
	Of        []int // by pod: the index of its workload; -1: none, or the selectors of several select it
}

// TakeInventory reads the Deployments, StatefulSets, pods and autoscalers of the namespaces; none means all. It lists and does not
// watch. What it may not list is an error: half of an inventory would make claims about the other half.
func TakeInventory(ctx context.Context, clients access.Clients, namespaces []string) (Inventory, error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	var inv Inventory
	for _, namespace := range namespaces {
		if err := inv.add(ctx, clients, namespace); err != nil {
			return Inventory{}, err
		}
	}
	return inv, nil
}

func (inv *Inventory) add(ctx context.Context, clients access.Clients, namespace string) error {
	typed := clients.Kubernetes
	deployments, err := typed.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing Deployments: %w", err)
	}
	sets, err := typed.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing StatefulSets: %w", err)
	}
	pods, err := typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	var found []selecting
	for i := range deployments.Items {
		d := &deployments.Items[i]
		found = append(found, newSelecting("Deployment", d.ObjectMeta, d.Spec.Replicas, d.Spec.Selector))
	}
	for i := range sets.Items {
		s := &sets.Items[i]
		found = append(found, newSelecting("StatefulSet", s.ObjectMeta, s.Spec.Replicas, s.Spec.Selector))
	}
	slices.SortFunc(found, func(a, b selecting) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
	if err := scaledBy(ctx, clients, namespace, found); err != nil {
		return err
	}
	first := len(inv.Workloads)
	for i := range found {
		inv.Workloads = append(inv.Workloads, found[i].Candidate)
	}
	for i := range pods.Items {
		p := &pods.Items[i]
		if watch.Finished(p) {
			continue
		}
		inv.Pods = append(inv.Pods, watch.PodOf(p))
		owner := ownerOf(p, found)
		if owner >= 0 {
			owner += first
		}
		inv.Of = append(inv.Of, owner)
	}
	return nil
}

// selecting is a workload with the selector of its pods.
type selecting struct {
	Candidate
	selector labels.Selector
}

func newSelecting(kind string, o metav1.ObjectMeta, replicas *int32, selector *metav1.LabelSelector) selecting {
	s := selecting{Candidate: Candidate{Ref: seen.Ref{APIVersion: "apps/v1", Kind: kind, Namespace: o.Namespace, Name: o.Name}, Replicas: 1}, selector: labels.Nothing()}
	if replicas != nil {
		s.Replicas = *replicas
	}
	if parsed, err := metav1.LabelSelectorAsSelector(selector); err == nil && !parsed.Empty() {
		s.selector = parsed
	}
	return s
}

// ownerOf is the only workload that selects a pod; -1 if there is none, or several.
func ownerOf(p *corev1.Pod, all []selecting) int {
	found := -1
	for i := range all {
		if all[i].Ref.Namespace != p.Namespace || !all[i].selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// scaledBy notes which autoscalers the workloads have. The CRDs of KEDA and of lagscaler need not be installed.
func scaledBy(ctx context.Context, clients access.Clients, namespace string, all []selecting) error {
	hpas, err := clients.Kubernetes.AutoscalingV2().HorizontalPodAutoscalers(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing HorizontalPodAutoscalers: %w", err)
	}
	for i := range hpas.Items {
		h := &hpas.Items[i]
		note(all, h.Namespace, h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name, func(c *Candidate) { c.Other = "HorizontalPodAutoscaler/" + h.Name })
	}
	for _, r := range []schema.GroupVersionResource{watch.ScaledObjects, v1alpha1.Resource} {
		if _, err := clients.Mapper.KindFor(r); meta.IsNoMatchError(err) {
			continue
		}
		list, err := clients.Dynamic.Resource(r).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("listing %s: %w", r.GroupResource(), err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			kind, _, _ := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "kind")
			name, _, _ := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "name")
			if kind == "" {
				kind = "Deployment"
			}
			note(all, o.GetNamespace(), kind, name, func(c *Candidate) {
				if r == v1alpha1.Resource {
					c.Scaler = o.GetName()
				} else {
					c.Other = "ScaledObject/" + o.GetName() // it has an HPA of its own
				}
			})
		}
	}
	return nil
}

func note(all []selecting, namespace, kind, name string, set func(*Candidate)) {
	for i := range all {
		if r := all[i].Ref; r.Namespace == namespace && r.Kind == kind && r.Name == name {
			set(&all[i].Candidate)
		}
	}
}
