package kube

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
)

// uninstalled is a cluster's discovery without the CRDs of a group.
type uninstalled struct {
	mapper
	group string
}

func (u uninstalled) KindFor(r schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	if r.Group == u.group {
		return schema.GroupVersionKind{}, &meta.NoResourceMatchError{PartialResource: r}
	}
	return u.mapper.KindFor(r)
}

const autoscalers = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: mine, namespace: shop}
spec: {scaleTargetRef: {name: orders}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: theirs, namespace: shop}
spec: {scaleTargetRef: {kind: StatefulSet, name: ledger}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa, namespace: shop}
spec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 3}
`

// Which pod belongs to which workload is said by the selectors, as for targets. A pod that two selectors select belongs to none.
func TestInventory(t *testing.T) {
	w := newWorld(t, autoscalers)
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	}
	pod := func(ns, name, app string, phase corev1.PodPhase) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{"app": app}}, Status: corev1.PodStatus{Phase: phase, PodIP: "10.0.0.1"}}
	}
	for _, o := range []runtime.Object{
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(4)), Selector: selector("orders")}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: appsv1.DeploymentSpec{Selector: selector("both")}},
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "ledger"}, Spec: appsv1.StatefulSetSpec{Selector: selector("both")}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "empty"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "orders"}, Spec: appsv1.DeploymentSpec{Selector: selector("orders")}},
		pod("shop", "orders-1", "orders", corev1.PodRunning), pod("shop", "orders-done", "orders", corev1.PodSucceeded),
		pod("shop", "both-1", "both", corev1.PodRunning), pod("shop", "alone", "none", corev1.PodRunning),
		pod("data", "orders-2", "orders", corev1.PodRunning),
	} {
		if err := w.typed.Tracker().Add(o); err != nil {
			t.Fatal(err)
		}
	}
	show := func(namespaces ...string) string {
		inv, err := TakeInventory(t.Context(), w.clients, namespaces)
		if err != nil {
			return err.Error()
		}
		var b strings.Builder
		for _, c := range inv.Workloads {
			fmt.Fprintf(&b, "%s %d scaler=%s other=%s\n", c.Ref, c.Replicas, c.Scaler, c.Other)
		}
		for i, p := range inv.Pods {
			in := "none"
			if inv.Of[i] >= 0 {
				in = inv.Workloads[inv.Of[i]].Ref.String()
			}
			fmt.Fprintf(&b, "%s in %s\n", p.Name, in)
		}
		return b.String()
	}
	const (
		data = "Deployment/data/orders 1 scaler= other=\n"
		shop = "Deployment/shop/empty 1 scaler= other=\nDeployment/shop/orders 4 scaler=mine other=\nDeployment/shop/web 1 scaler= other=HorizontalPodAutoscaler/hpa\n" +
			"StatefulSet/shop/ledger 1 scaler= other=ScaledObject/theirs\n"
		pods = "alone in none\nboth-1 in none\norders-1 in Deployment/shop/orders\n"
	)
	if got, want := show(), data+shop+"orders-2 in Deployment/data/orders\n"+pods; got != want {
		t.Errorf("all namespaces:\n%s\nwant\n%s", got, want)
	}
	if got, want := show("shop"), shop+pods; got != want {
		t.Errorf("one namespace:\n%s\nwant\n%s", got, want)
	}
	if got, want := show("shop", "data"), shop+data+pods+"orders-2 in Deployment/data/orders\n"; got != want {
		t.Errorf("two namespaces:\n%s\nwant\n%s", got, want)
	}
	w.clients.Mapper = uninstalled{w.clients.Mapper.(mapper), "keda.sh"}
	if got := show(); !strings.Contains(got, "StatefulSet/shop/ledger 1 scaler= other=\n") {
		t.Errorf("without KEDA:\n%s", got)
	}
	w.typed.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", nil)
	})
	if got := show(); !strings.Contains(got, "listing pods: ") {
		t.Errorf("without a permission: %s", got)
	}
}
