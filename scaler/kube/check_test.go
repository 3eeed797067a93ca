package kube

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// grant answers access reviews: everything is allowed but what denied names, of all objects or of the named one.
func (w *world) grant(denied ...string) {
	w.typed.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview)
		r := review.Spec.ResourceAttributes
		asked := fmt.Sprintf("%s %s %s in %q", r.Verb, r.Resource, r.Subresource, r.Namespace)
		review.Status.Allowed = true
		for _, d := range denied {
			review.Status.Allowed = review.Status.Allowed && d != asked && d != asked+" named "+r.Name
		}
		return true, review, nil
	})
}

// Each state of an installation has its findings. A finding that is missing in one world is there in its twin.
func TestCheckOfAnInstallation(t *testing.T) {
	lease := func(renewed time.Duration, holder string) *coordinationv1.Lease {
		at := metav1.NewMicroTime(time.Now().Add(-renewed))
		return &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: "lagscaler", Name: "lagscaler"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &at},
		}
	}
	release := func(ready int32) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "lagscaler", Name: "lagscaler", Labels: map[string]string{"app.kubernetes.io/name": "lagscaler"}}}
		d.Spec.Replicas, d.Status.ReadyReplicas = new(int32(2)), ready
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: "example.com/lagscaler:1"}}
		return d
	}
	const scalers = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: good, namespace: shop}
status: {conditions: [{type: Ready, status: "True", reason: DataComplete}]}
---
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: bad, namespace: shop}
status: {conditions: [{type: Ready, status: "False", reason: UnknownCluster}]}
---
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: new, namespace: shop}
`
	for name, c := range map[string]struct {
		manifest string
		objects  func() []runtime.Object
		denied   []string
		fails    string // a request that the API server refuses
		mode     scaler.Mode
		watch    []string
		beside   []access.Permission
		want     []string // each is in the text of the findings
		not      []string
	}{
		"nothing runs": {
			mode: scaler.Observe,
			want: []string{"API server ok", "permissions of mode observe ok", "CRD kafkascalers.lagscaler.io ok", "KafkaScalers ok 0, 0 of them", "Lease lagscaler/lagscaler warning there is none", "Deployment of lagscaler warning there is none"},
			not:  []string{"Forbidden"},
		},
		"all is well": {
			mode: scaler.Act, objects: func() []runtime.Object { return []runtime.Object{lease(3*time.Second, "pod-1"), release(2)} },
			want: []string{"Lease lagscaler/lagscaler ok held by pod-1, renewed 3s ago", "lagscaler: 2 of 2 ready, image example.com/lagscaler:1"},
			not:  []string{"warning", "Forbidden"},
		},
		"the leader is gone, and a pod is not ready": {
			mode: scaler.Act, objects: func() []runtime.Object { return []runtime.Object{lease(time.Minute, "pod-1"), release(1)} },
			want: []string{"warning held by pod-1, renewed 1m0s ago: more than 15s, so no replica leads", "warning lagscaler: 1 of 2 ready"},
		},
		"the lease was given back": {
			mode: scaler.Act, objects: func() []runtime.Object { return []runtime.Object{lease(time.Second, "")} },
			want: []string{"Lease lagscaler/lagscaler warning nobody holds it"},
		},
		"a scaler is refused": {
			mode: scaler.Advise, manifest: scalers,
			want: []string{"KafkaScalers warning 3, 1 of them with Ready=False: shop/bad (UnknownCluster)"}, not: []string{"shop/good", "shop/new"},
		},
		"act needs what advise does not": {
			mode: scaler.Act, denied: []string{`update deployments scale in ""`},
			want: []string{`Forbidden update deployments/scale.apps in all namespaces`, "without it: Deployments are not scaled"},
		},
		"twin: advise": {
			mode: scaler.Advise, denied: []string{`update deployments scale in ""`}, not: []string{"Forbidden"},
		},
		"each watched namespace is asked": {
			mode: scaler.Advise, watch: []string{"shop", "data"}, denied: []string{`list pods  in "data"`},
			want: []string{"Forbidden list pods in data"}, not: []string{"pods in shop", "in all namespaces"},
		},
		"owners need the namespaces": {
			mode: scaler.Observe, beside: []access.Permission{access.Owners}, denied: []string{`list namespaces  in ""`},
			want: []string{"Forbidden list namespaces in all namespaces without it: the labels of namespaces are not known"},
		},
		"twin: nobody asks for owners": {
			mode: scaler.Observe, denied: []string{`list namespaces  in ""`}, not: []string{"Forbidden"},
		},
		"all namespaces are watched, so none is read alone": {
			mode: scaler.Advise, denied: []string{`get namespaces  in ""`}, not: []string{"Forbidden"},
		},
		"single namespaces are read, so none is watched": {
			mode: scaler.Advise, watch: []string{"shop"}, denied: []string{`list namespaces  in "shop"`, `watch namespaces  in "shop"`, `get namespaces  in "shop"`},
			want: []string{"Forbidden get namespaces in shop"}, not: []string{"Forbidden list namespaces", "Forbidden watch namespaces"},
		},
		"custom metrics need two rights": {
			mode: scaler.Observe, beside: access.CustomMetrics, denied: []string{`create subjectaccessreviews  in ""`, `list configmaps  in "kube-system"`},
			want: []string{
				"Forbidden create subjectaccessreviews.authorization.k8s.io without it: no HPA gets a number",
				"Forbidden list configmaps named extension-apiserver-authentication in kube-system",
			},
		},
		"the API server refuses the question": {
			mode: scaler.Observe, fails: "selfsubjectaccessreviews", want: []string{"permissions of mode observe Forbidden"},
		},
		"the lease may not be read": {
			mode: scaler.Observe, fails: "leases", want: []string{"Lease lagscaler/lagscaler warning not read"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.objects == nil {
				c.objects = func() []runtime.Object { return nil }
			}
			inBubble(t, c.manifest, func(w *world) {
				for _, o := range c.objects() {
					tracker := w.typed.Tracker()
					if _, ok := o.(*coordinationv1.Lease); ok {
						tracker = w.leases
					}
					if err := tracker.Add(o); err != nil {
						t.Fatal(err)
					}
				}
				w.grant(c.denied...)
				if c.fails != "" {
					w.typed.PrependReactor("*", c.fails, func(clienttesting.Action) (bool, runtime.Object, error) {
						return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: c.fails}, "", nil)
					})
				}
				compare(t, Check(t.Context(), w.clients, Options{Namespace: "lagscaler", Lease: "lagscaler", Watch: c.watch}, c.mode, c.beside...), c.want, c.not)
			})
		})
	}
}

// compare looks for texts in the findings, one a line.
func compare(t *testing.T, findings []Finding, want, not []string) {
	t.Helper()
	var b strings.Builder
	for _, f := range findings {
		result := f.Problem
		if result == "" {
			result = map[bool]string{true: "warning", false: "ok"}[f.Warning]
		}
		fmt.Fprintln(&b, f.Subject, result, strings.TrimSpace(f.Missing+" "+f.Text))
	}
	for _, want := range want {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for _, not := range not {
		if strings.Contains(b.String(), not) {
			t.Errorf("%q in\n%s", not, b.String())
		}
	}
}
