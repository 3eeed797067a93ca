package strimzi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

var kafkas = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"}

// world is an API server with the kind Kafka, and what Discovery told last.
type world struct {
	*Discovery
	dynamic *dynamicfake.FakeDynamicClient
	typed   *fake.Clientset

	mu   sync.Mutex
	told []string
	n    int
}

func newWorld(t *testing.T, served bool, wanted ...Selection) *world {
	t.Helper()
	w := &world{typed: fake.NewClientset()}
	w.dynamic = dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{kafkas: "KafkaList"})
	api := access.NewAPI(access.Clients{Kubernetes: w.typed, Dynamic: w.dynamic}, access.Installation{}, slog.New(slog.DiscardHandler))
	w.Discovery = New(api, func(schema.GroupVersionKind) (schema.GroupVersionResource, bool) { return kafkas, served }, func(all []Found) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told, w.n = lines(all), w.n+1
	})
	w.Configure(wanted)
	return w
}

func lines(all []Found) (out []string) {
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s %v %s%s %v", f.Origin(), f.Brokers, f.Password, f.Key, f.Err))
	}
	return out
}

func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// shows waits for what was told, each line beginning with these texts. Then Once finds the same.
func (w *world) shows(t *testing.T, when string, want ...string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		told := slices.Clone(w.told)
		w.mu.Unlock()
		if slices.EqualFunc(told, want, strings.HasPrefix) {
			w.Discovery.mu.Lock()
			wanted := w.wanted
			w.Discovery.mu.Unlock()
			if once := lines(Once(t.Context(), w.api, w.resolve, wanted)); !slices.EqualFunc(once, want, strings.HasPrefix) {
				t.Errorf("%s: Once finds %q, want %q", when, once, want)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: told %q, want %q", when, told, want)
		}
	}
}

// Kafka resources and the Secret of their user are clusters as they come, change and go.
func TestDiscovery(t *testing.T) {
	w := newWorld(t, true, Selection{Namespace: "kafka", Listener: "scram", User: "reader"})
	w.run(t)
	in := w.dynamic.Resource(kafkas).Namespace("kafka")
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	create := func(name string) {
		t.Helper()
		_, err := in.Create(t.Context(), kafka(name), metav1.CreateOptions{})
		try(err)
	}
	create("orders")
	w.shows(t, "without the Secret", "Kafka kafka/orders [a:9094 b:9094]  there is no Secret kafka/reader")
	secrets := w.typed.CoreV1().Secrets("kafka")
	secret := secretOf("", map[string]string{"password": "one", "ca.crt": "not read"})
	_, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{})
	try(err)
	w.shows(t, "with it", "Kafka kafka/orders [a:9094 b:9094] one <nil>")
	secret.Data["password"] = []byte("two")
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	try(err)
	w.shows(t, "another password", "Kafka kafka/orders [a:9094 b:9094] two <nil>")
	create("a")
	w.shows(t, "a second one", "Kafka kafka/a [a:9094 b:9094] two <nil>", "Kafka kafka/orders")
	try(in.Delete(t.Context(), "orders", metav1.DeleteOptions{}))
	w.shows(t, "one is gone", "Kafka kafka/a ")
	w.Configure([]Selection{{Namespace: "kafka", Listener: "plain"}})
	w.shows(t, "another listener", "Kafka kafka/a [orders-kafka-bootstrap.kafka.svc:9092]  <nil>")
	w.Configure(nil)
	w.shows(t, "nothing is wanted")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n > 12 {
		t.Errorf("it told %d times: only changes are told", w.n)
	}
}

// What may not be read is an error that says so, of the one cluster or of the one namespace.
func TestDiscoveryWithoutRights(t *testing.T) {
	w := newWorld(t, true, Selection{Namespace: "closed", Listener: "scram"}, Selection{Namespace: "kafka", Listener: "scram", User: "reader"})
	refuse := func(resource string) clienttesting.ReactionFunc {
		return func(a clienttesting.Action) (bool, runtime.Object, error) {
			if a.GetNamespace() != "closed" && resource == "kafkas" {
				return false, nil, nil
			}
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "reader", errors.New("no role allows it"))
		}
	}
	w.dynamic.PrependReactor("list", "kafkas", refuse("kafkas"))
	w.typed.PrependReactor("list", "secrets", refuse("secrets"))
	if _, err := w.dynamic.Resource(kafkas).Namespace("kafka").Create(t.Context(), kafka("orders"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	w.shows(t, "refused", "Strimzi in closed []  listing Kafka resources:", "Kafka kafka/orders []  reading the Secret kafka/reader:")
	var missing []string
	for _, r := range w.api.Rights.All() {
		missing = append(missing, r.Missing()+": "+r.Consequence())
	}
	want := []string{
		"the permission to list kafkas.kafka.strimzi.io in closed is missing: Kafka clusters of Strimzi are not found",
		"the permission to list secrets named reader in kafka is missing: the clusters whose user has this Secret are not read",
	}
	if !slices.Equal(missing, want) {
		t.Errorf("missing %q", missing)
	}
	unserved := newWorld(t, false, Selection{Namespace: "kafka", Listener: "tls"})
	unserved.run(t)
	unserved.shows(t, "without the CRD", "Strimzi in kafka []  the API server does not serve the kind Kafka")
}
