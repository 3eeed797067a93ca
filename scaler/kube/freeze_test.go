package kube

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// frozenBy is a namespace, whose field manager wrote its annotations at midnight, when a bubble begins.
func frozenBy(annotations string) string {
	return `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: ` + annotations + `
  managedFields:
  - {manager: kubectl-create, operation: Update, apiVersion: v1, time: "1999-01-01T00:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:metadata": {"f:labels": {}}}}
  - {manager: kubectl-annotate, operation: Update, apiVersion: v1, time: "2000-01-01T00:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:metadata": {"f:annotations": {"f:lagscaler.io/freeze": {}}}}}
`
}

func TestFreezes(t *testing.T) {
	one, day := time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC), time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)
	by := "namespace shop, by kubectl-annotate"
	for _, c := range []struct {
		name        string
		annotations string
		want        *seen.Freeze
	}{
		{"none", `{}`, nil},
		{"false", `{lagscaler.io/freeze: "false"}`, nil},
		{"down until one o'clock", `{lagscaler.io/freeze: down, lagscaler.io/freeze-until: "2000-01-01T01:00:00Z"}`, &seen.Freeze{Stops: seen.StopsDown, By: by, Until: one}},
		{"all, with a reason", `{lagscaler.io/freeze: all, lagscaler.io/freeze-until: "2000-01-01T02:00:00+01:00", lagscaler.io/freeze-reason: audit}`, &seen.Freeze{Stops: seen.StopsAll, By: by, Why: "audit", Until: one}},
		{"a typing error freezes all", `{lagscaler.io/freeze: dwon, lagscaler.io/freeze-until: "2000-01-01T01:00:00Z"}`, &seen.Freeze{Stops: seen.StopsAll, By: by, Until: one}},
		{"it has ended", `{lagscaler.io/freeze: all, lagscaler.io/freeze-until: "1999-12-31T23:59:59Z"}`, nil},
		{"a forgotten one ends after a day", `{lagscaler.io/freeze: down}`, &seen.Freeze{Stops: seen.StopsDown, By: by, Until: day}},
		{"no time", `{lagscaler.io/freeze: down, lagscaler.io/freeze-until: tomorrow}`, &seen.Freeze{
			Stops: seen.StopsDown, By: by + `; lagscaler.io/freeze-until "tomorrow" is not a time such as 2026-12-01T06:00:00Z, so 24 h count`, Until: day,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, orders+"\n---\n"+frozenBy(c.annotations), act, func(w *world) {
				have := w.one("shop/orders").Workload.Freeze
				if (have == nil) != (c.want == nil) || have != nil && (have.Stops != c.want.Stops || have.By != c.want.By || have.Why != c.want.Why || !have.Until.Equal(c.want.Until)) {
					t.Errorf("%+v, want %+v", have, c.want)
				}
			})
		})
	}
}

// Of the freezes of namespace, KafkaScaler and target the strongest counts, and it ends when they do.
func TestTheStrongestFreezeCounts(t *testing.T) {
	inWorld(t, orders+"\n---\n"+strings.Replace(frozenBy(`{lagscaler.io/freeze: down}`), "2000-01-01T00:00:00Z", "1999-12-31T00:02:00Z", 1), act, func(w *world) {
		freeze := func(value string) func(o watch.Object) {
			return func(o watch.Object) {
				o.SetAnnotations(map[string]string{v1alpha1.AnnotationFreeze: value, v1alpha1.AnnotationFreezeUntil: "2000-01-01T00:01:00Z"})
			}
		}
		expect := func(by string) {
			t.Helper()
			if f := w.one("shop/orders").Workload.Freeze; f == nil || !strings.HasPrefix(f.By, by) {
				t.Errorf("%+v, want %s", f, by)
			}
		}
		expect("namespace shop")
		w.change(v1alpha1.Resource, "orders", freeze("all"))
		expect("KafkaScaler orders")
		w.change(v1alpha1.Resource, "orders", freeze("false"))
		w.change(deployments, "worker", freeze("all"))
		expect("Deployment worker")
		time.Sleep(time.Minute)
		expect("namespace shop")
		time.Sleep(time.Minute)
		if f := w.one("shop/orders").Workload.Freeze; f != nil {
			t.Errorf("a forgotten freeze: %+v", f)
		}
		if is := w.one("shop/orders"); is.Refused() {
			t.Errorf("%v", is.Refusal)
		}
	})
}

// With rights in single namespaces, these are read again and again. When the right is taken away, the last freeze that was seen counts until it
// ends; it is said that another one would not be seen.
func TestNamespacesThatAreNotWatched(t *testing.T) {
	inBubble(t, orders+"\n---\n"+frozenBy(`{lagscaler.io/freeze: all}`), func(w *world) {
		w.Controller = New(w.clients, Options{Namespace: "lagscaler", Lease: "lagscaler", Identity: "first", Watch: []string{"shop"}})
		var denied atomic.Bool
		w.typed.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
			if denied.Load() {
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "shop", errors.New("no rights"))
			}
			return false, nil, nil
		})
		run(w, Settings{Mode: scaler.Act, Clusters: []string{"main"}}, func() {
			if f := w.one("shop/orders").Workload.Freeze; f == nil || f.Stops != seen.StopsAll {
				t.Errorf("%+v", f)
			}
			denied.Store(true)
			time.Sleep(2 * upkeep)
			one, missing := w.one("shop/orders"), strings.Join(w.MissingRights(), "\n")
			if one.Workload.Freeze == nil || one.Refused() || !strings.Contains(missing, "a freeze by an annotation of a namespace is not seen") {
				t.Errorf("%+v, refused %v; missing: %s", one.Workload.Freeze, one.Refusal, missing)
			}
		})
		for _, a := range w.typed.Actions() {
			if verb := a.GetVerb(); a.GetResource().Resource == "namespaces" && verb != "get" {
				t.Errorf("%s namespaces", verb)
			}
		}
	})
}

// Until the namespaces have been read, nothing is decided: one of them may be frozen.
func TestNothingIsDecidedBeforeTheNamespacesAreRead(t *testing.T) {
	inBubble(t, orders, func(w *world) {
		w.typed.PrependReactor("list", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, errors.New("the API server does not answer")
		})
		run(w, Settings{Mode: scaler.Act, Clusters: []string{"main"}}, func() {
			one := w.one("shop/orders")
			if one.Refusal.Reason != v1alpha1.NotReadYet || !strings.Contains(one.Refusal.Why, "namespace shop") {
				t.Errorf("%+v", one.Refusal)
			}
		})
	})
}

// What the API server says when it creates no pod.
func TestRefusedPods(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		says := func(status string) func(o watch.Object) {
			return func(o watch.Object) {
				set(t, o, []any{
					map[string]any{"type": "Progressing", "status": "True", "message": "progressing"},
					map[string]any{"type": "ReplicaFailure", "status": status, "reason": "FailedCreate", "message": "exceeded quota: pods"},
				}, "status", "conditions")
			}
		}
		for status, want := range map[string]string{"True": "exceeded quota: pods", "False": ""} {
			w.change(deployments, "worker", says(status))
			if have := w.one("shop/orders").Workload.Refused; have != want {
				t.Errorf("%s: %q", status, have)
			}
		}
	})
}

// A deleted scaler's target is restored when the freeze ends, not before.
func TestAFreezeHoldsTheRestore(t *testing.T) {
	sleeping := strings.NewReplacer("maxReplicas: 48", "maxReplicas: 48\n  minReplicas: 0\n  onDelete: restore", "replicas: 4,", "replicas: 0,", "replicas: 4\n", "replicas: 0\n").Replace(orders)
	until := time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC)
	ofConfiguration := act
	ofConfiguration.Frozen = func(_ string, now time.Time) *seen.Freeze {
		if now.Before(until) {
			return &seen.Freeze{Stops: seen.StopsAll, Until: until}
		}
		return nil
	}
	ofOthers := act
	ofOthers.Frozen = func(string, time.Time) *seen.Freeze { return nil }
	for name, c := range map[string]struct {
		annotations string
		settings    Settings
	}{
		"a namespace": {`{lagscaler.io/freeze: all, lagscaler.io/freeze-until: "2000-01-01T00:02:00Z"}`, act},
		"a namespace, and a configuration that freezes others": {`{lagscaler.io/freeze: all, lagscaler.io/freeze-until: "2000-01-01T00:02:00Z"}`, ofOthers},
		"the configuration": {`{}`, ofConfiguration},
		"the configuration, and a namespace without scale downs": {`{lagscaler.io/freeze: down, lagscaler.io/freeze-until: "2000-01-01T00:02:00Z"}`, ofConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sleeping+"\n---\n"+frozenBy(c.annotations), c.settings, func(w *world) {
				if err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Delete(w.t.Context(), "orders", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(90 * time.Second)
				if n := w.replicas("worker"); n != 0 {
					t.Errorf("frozen, and restored to %d", n)
				}
				time.Sleep(time.Minute)
				if n := w.replicas("worker"); n != 1 {
					t.Errorf("thawed, and %d replicas", n)
				}
			})
		})
	}
}
