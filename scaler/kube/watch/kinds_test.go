package watch

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/restmapper"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// discovered are kinds that are looked up in a server's discovery, which counts its requests.
func discovered(server *fake.Clientset) *Kinds {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(server.Discovery()))
	return NewKinds(access.NewAPI(access.Clients{Kubernetes: server, Mapper: mapper}, access.Installation{}, slog.New(slog.DiscardHandler)))
}

func unserved(i int) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: fmt.Sprint("Kind", i)}
}

func serve(server *fake.Clientset, kinds ...string) {
	list := &metav1.APIResourceList{GroupVersion: "example.com/v1"}
	for _, kind := range kinds {
		list.APIResources = append(list.APIResources, metav1.APIResource{Name: kind + "s", Kind: kind, Namespaced: true})
	}
	server.Resources = []*metav1.APIResourceList{list}
}

// Kinds that are not served cost the API server as many requests as one of them: its answer is about all.
func TestUnservedKindsShareTheirDiscovery(t *testing.T) {
	requests := map[int]int{}
	for _, kinds := range []int{1, 500} {
		synctest.Test(t, func(t *testing.T) {
			server := fake.NewClientset()
			serve(server, "Served")
			k := discovered(server)
			for range 60 { // ten minutes of upkeep
				for i := range kinds {
					if _, served := k.Resolve(unserved(i)); served {
						t.Fatalf("%v is served", unserved(i))
					}
				}
				time.Sleep(10 * time.Second)
			}
			requests[kinds] = len(server.Actions())
		})
	}
	if requests[500] != requests[1] || requests[1] == 0 || requests[1] > 2*3*20 {
		t.Errorf("%d requests for one kind, %d for 500; each of 20 discoveries is at most three", requests[1], requests[500])
	}
}

// A kind that is served later is found within half a minute and the time between two looks, whatever others are asked about.
func TestAKindIsServedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		serve(server, "Served")
		k := discovered(server)
		var since time.Time
		for i := range 30 {
			if i == 10 {
				serve(server, "Kind7")
				since = time.Now()
			}
			for other := range 7 + i { // more and more
				k.Resolve(unserved(other + 100))
			}
			if _, served := k.Resolve(unserved(7)); served {
				if took := time.Since(since); since.IsZero() || took > askAgain+10*time.Second {
					t.Errorf("found %v after it was served", took)
				}
				return
			}
			time.Sleep(10 * time.Second)
		}
		t.Error("it is never found")
	})
}

// While discovery fails, it is asked once for all kinds, too. A kind that was found stays found.
func TestDiscoveryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		serve(server, "Served")
		k := discovered(server)
		served := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Served"}
		k.Resolve(served)
		k.Resolve(unserved(0))
		time.Sleep(askAgain)
		server.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, fmt.Errorf("no route") })
		before := len(server.Actions())
		for range 10 {
			for i := range 500 {
				k.Resolve(unserved(i))
			}
			if _, ok := k.Resolve(served); !ok {
				t.Fatal("a kind that was found is lost")
			}
			time.Sleep(time.Second)
		}
		if n := len(server.Actions()) - before; n == 0 || n > 2*3 {
			t.Errorf("%d requests in 10 s, want one discovery in 5 s", n)
		}
	})
}
