package kube

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

const shopNamespace = `
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop, example.com/product: web}}
`

// A label comes from the KafkaScaler, and where it has none from its namespace, also after a change. In mode observe
// namespaces are watched only if labels are asked for.
func TestLabelsOfScalers(t *testing.T) {
	s := Settings{Mode: scaler.Observe, Clusters: []string{"main"}}
	inWorld(t, orders+shopNamespace, s, func(w *world) {
		if got := w.one("shop/orders"); got.Owners != nil {
			t.Errorf("nobody asks, and it has %v", got.Owners)
		}
		for _, key := range w.watches.Keys() {
			if key.Resource == watch.NamespacesResource {
				t.Error("nobody asks, and namespaces are watched")
			}
		}
		s.Labels = []Label{{"team", "team"}, {"product", "example.com/product"}, {"tier", "tier"}}
		w.Configure(s)
		settle()
		want := map[string]string{"team": "shop", "product": "web"}
		if got := w.one("shop/orders"); !maps.Equal(got.Owners, want) {
			t.Errorf("%v, want %v", got.Owners, want)
		}
		patch := []byte(`{"metadata":{"labels":{"team":"orders","other":"x"}}}`)
		_, err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Patch(w.t.Context(), "orders", types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		want["team"] = "orders"
		if got := w.one("shop/orders"); !maps.Equal(got.Owners, want) {
			t.Errorf("%v, want %v", got.Owners, want)
		}
	})
}

// An installation that watches some namespaces has no right to list all of them.
func TestLabelsWithoutTheRightToNamespaces(t *testing.T) {
	inBubble(t, orders+shopNamespace, func(w *world) {
		w.opts.Watch = []string{"shop"}
		w.namespaces = watch.NewNamespaces(w.api, w.watches, w.opts.Watch)
		w.workloads.Namespaces = w.namespaces
		run(w, Settings{Mode: scaler.Advise, Clusters: []string{"main"}, Labels: []Label{{"team", "team"}}}, func() {
			if got := w.one("shop/orders"); len(got.Owners) > 0 || got.Refused() {
				t.Errorf("labels %v, refused %q", got.Owners, got.Refusal)
			}
			for _, key := range w.watches.Keys() {
				if key.Resource == watch.NamespacesResource {
					t.Error("namespaces are watched")
				}
			}
		})
	})
}
