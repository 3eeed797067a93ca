package kube

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/internal/testlog"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// world is a controller that runs against in-memory clients, in a bubble in which time is made up: [synctest.Wait]
// returns when everything that followed from a change has happened.
type world struct {
	*Controller
	t       *testing.T
	clients access.Clients
	typed   *fake.Clientset
	leases  clienttesting.ObjectTracker // apart: typed builds the list of all kinds at each update, and Leases are renewed again and again
	untyped *dynamicfake.FakeDynamicClient
	log     *testlog.Log
}

var (
	deployments  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	statefulsets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	connectors   = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1", Resource: "kafkaconnectors"}
	connects     = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1", Resource: "kafkaconnects"}
	mirrors      = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1", Resource: "kafkamirrormaker2s"}
	kafkas       = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1", Resource: "kafkas"}
	kafkaSources = schema.GroupVersionResource{Group: "sources.knative.dev", Version: "v1", Resource: "kafkasources"}
	rollouts     = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "rollouts"}
)

var served = map[string]schema.GroupVersionResource{
	"Deployment": deployments, "StatefulSet": statefulsets, "Rollout": rollouts,
	"KafkaConnector": connectors, "KafkaSource": kafkaSources, "KafkaConnect": connects, "KafkaMirrorMaker2": mirrors,
	"Kafka": kafkas, "KafkaScaler": v1alpha1.Resource, "Namespace": watch.NamespacesResource, "ScaledObject": watch.ScaledObjects,
}

// mapper is a cluster's discovery.
type mapper struct{ *meta.DefaultRESTMapper }

func (mapper) Reset() {}

// inWorld runs a test in a bubble, with a controller that has read the manifest and leads.
func inWorld(t *testing.T, manifest string, s Settings, test func(w *world)) {
	t.Helper()
	if len(s.Clusters) == 0 {
		s.Clusters = []string{"main"}
	}
	inBubble(t, manifest, func(w *world) { run(w, s, func() { test(w) }) })
}

// inBubble runs a test in a bubble. The controller is there, and does not run.
func inBubble(t *testing.T, manifest string, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, manifest)) })
}

// run runs the controller while the test runs.
func run(w *world, s Settings, test func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	w.Configure(s)
	wg.Go(func() { _ = w.Elect(ctx) })
	wg.Go(func() { _ = w.Run(ctx) })
	settle()
	test()
}

func newWorld(t *testing.T, manifest string) *world {
	t.Helper()
	m := meta.NewDefaultRESTMapper([]schema.GroupVersion{kafkas.GroupVersion()}) // of kinds that are asked for without a version
	kinds := map[schema.GroupVersionResource]string{}
	for kind, resource := range served {
		scope := meta.RESTScopeNamespace
		if resource == watch.NamespacesResource {
			scope = meta.RESTScopeRoot
		}
		m.AddSpecific(resource.GroupVersion().WithKind(kind), resource, resource, scope)
		kinds[resource] = kind + "List"
	}
	var typed, untyped []runtime.Object
	for _, o := range parse(t, manifest) {
		switch o.GetKind() {
		case "Namespace":
			o.SetNamespace("")
			typed = append(typed, as[corev1.Namespace](t, o))
		case "Pod":
			typed = append(typed, as[corev1.Pod](t, o))
		case "HorizontalPodAutoscaler":
			typed = append(typed, asAutoscaler(t, o))
		default:
			untyped = append(untyped, o)
		}
	}
	w := &world{
		t: t, typed: fake.NewClientset(typed...), leases: clienttesting.NewObjectTracker(clientscheme.Scheme, clientscheme.Codecs.UniversalDecoder()),
		untyped: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, untyped...),
		log:     &testlog.Log{},
	}
	w.typed.PrependReactor("*", "leases", clienttesting.ObjectReaction(w.leases))
	w.clients = access.Clients{Kubernetes: w.typed, Dynamic: w.untyped, Mapper: mapper{m}}
	w.Controller = New(w.clients, Options{
		Namespace: "lagscaler", Lease: "lagscaler", Identity: "first", Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	return w
}

func parse(t *testing.T, manifest string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for text := range strings.SplitSeq(manifest, "\n---\n") {
		o := &unstructured.Unstructured{}
		data, err := yaml.YAMLToJSON([]byte(text))
		if err == nil {
			err = json.Unmarshal(data, &o.Object) // numbers as a real client has them
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(o.Object) == 0 {
			continue
		}
		if o.GetNamespace() == "" && o.GetKind() != "Namespace" {
			o.SetNamespace("shop")
		}
		out = append(out, o)
	}
	return out
}

func as[T any](t *testing.T, o *unstructured.Unstructured) *T {
	t.Helper()
	var v T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &v); err != nil {
		t.Fatal(err)
	}
	return &v
}

// settle lets everything happen that follows at once; client-go looks every tenth of a second whether a list is in.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func TestMain(m *testing.M) {
	access.LogTo(slog.New(slog.DiscardHandler))
	m.Run()
}

// change applies a change to an object of the dynamic client, as its controller or a person would.
func (w *world) change(resource schema.GroupVersionResource, name string, change func(o watch.Object)) {
	w.t.Helper()
	client := w.untyped.Resource(resource).Namespace("shop")
	o, err := client.Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	change(o)
	if _, err := client.Update(w.t.Context(), o, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func (w *world) scale(name string, replicas int64) {
	w.t.Helper()
	w.change(deployments, name, func(o watch.Object) { set(w.t, o, replicas, "spec", "replicas") })
}

func set(t *testing.T, o watch.Object, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// one is the scaler of that name.
func (w *world) one(name string) scaler.Scaler {
	w.t.Helper()
	all := w.Scalers(time.Now())
	i := slices.IndexFunc(all, func(s scaler.Scaler) bool { return s.Name == name })
	if i < 0 {
		w.t.Fatalf("no scaler %s among %v", name, all)
	}
	return all[i]
}

// replicas is what a Deployment's spec asks for.
func (w *world) replicas(name string) int32 {
	w.t.Helper()
	o, err := w.untyped.Resource(deployments).Namespace("shop").Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	n, _, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if err != nil {
		w.t.Fatal(err)
	}
	return int32(n)
}

// events are those of an object, as Type Reason, oldest first.
func (w *world) events(kind string) []string {
	w.t.Helper()
	list, err := w.typed.CoreV1().Events("shop").List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range list.Items {
		if e.InvolvedObject.Kind == kind {
			out = append(out, e.Type+" "+e.Reason)
		}
	}
	return out
}

// status is that of a KafkaScaler.
func (w *world) status(name string) v1alpha1.KafkaScalerStatus {
	w.t.Helper()
	o, err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return as[v1alpha1.KafkaScaler](w.t, o).Status
}

// act is the settings of an installation that may scale.
var act = Settings{Mode: scaler.Act}

const orders = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: orders, uid: s1, generation: 1, resourceVersion: "10", creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  mode: act
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
  sources: [{cluster: main, group: orders, processingTime: 50ms}]
  maxReplicas: 48
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, uid: d1, resourceVersion: "11"}
spec:
  replicas: 4
  selector: {matchLabels: {app: worker}}
status: {replicas: 4, updatedReplicas: 4, readyReplicas: 3}
`
