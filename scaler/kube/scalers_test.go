package kube

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func asAutoscaler(t *testing.T, o *unstructured.Unstructured) runtime.Object {
	t.Helper()
	return as[autoscalingv2.HorizontalPodAutoscaler](t, o)
}

const twoPods = orders + `
---
apiVersion: v1
kind: Pod
metadata: {name: worker-b, uid: b1, labels: {app: worker}}
spec: {hostNetwork: true}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}], conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: worker-a, labels: {app: worker}}
status:
  phase: Pending
  conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, lastTransitionTime: "1999-12-31T23:58:00Z"}]
---
apiVersion: v1
kind: Pod
metadata: {name: other, labels: {app: other}}
status: {phase: Running, podIP: 10.0.0.9, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: worker-done, labels: {app: worker}}
status: {phase: Succeeded, podIP: 10.0.0.3}
`

func TestScalersShowTheWorkload(t *testing.T) {
	inWorld(t, twoPods, act, func(w *world) {
		got := w.one("shop/orders")
		if got.Refused() {
			t.Fatal(got.Refusal)
		}
		wl := got.Workload
		if !wl.Found || !wl.HasScale || wl.Spec != 4 || wl.Status != 4 || wl.Ready != 3 || wl.RolloutInProgress {
			t.Errorf("workload %+v", wl)
		}
		want := []seen.Pod{{Name: "worker-a"}, {Name: "worker-b", UID: "b1", IP: "10.0.0.2", OtherIP: "fd00::2", HostNetwork: true, Ready: true}}
		if !slices.Equal(wl.Pods, want) {
			t.Errorf("pods %v, want %v", wl.Pods, want)
		}
		since := time.Date(1999, 12, 31, 23, 58, 0, 0, time.UTC)
		if wl.Unschedulable != 1 || !wl.UnschedulableSince.Equal(since) {
			t.Errorf("unschedulable %d since %v", wl.Unschedulable, wl.UnschedulableSince)
		}
		if got.Mode != scaler.Act || got.Policy.MaxReplicas != 48 || got.Sources[0].ProcessingTime != 50*time.Millisecond {
			t.Errorf("scaler %+v", got)
		}
	})
}

// rule lets namespaces name groups, by patterns.
func rule(namespace, group string) []NamespaceRule {
	return []NamespaceRule{{Match: regexp.MustCompile(namespace), Groups: []*regexp.Regexp{regexp.MustCompile(group)}}}
}

// Each case adds to, or changes, the manifest of a scaler that is otherwise in order.
func TestRefusals(t *testing.T) {
	first, _, _ := strings.Cut(orders, "\n---\n")
	second := orders + "---" + strings.NewReplacer("name: orders", "name: second", "2026-01-01", "2026-01-02", "uid: s1", "uid: s2").Replace(first)
	tests := []struct {
		name     string
		manifest string
		settings Settings
		scaler   string
		want     string // how the refusal begins; empty: it is not refused
		says     string // and contains
		applies  bool   // the declaration, although the scaler is refused
	}{
		{name: "in order", manifest: orders, settings: act, scaler: "shop/orders"},
		{
			name: "maxReplicas below minReplicas", settings: act, scaler: "shop/orders", want: "Invalid: ", says: "maxReplicas",
			manifest: strings.Replace(orders, "maxReplicas: 48", "maxReplicas: 2\n  minReplicas: 3\n  preset: cheap", 1),
		},
		{
			name: "all errors at once", settings: act, scaler: "shop/orders", want: "Invalid: ", says: "preset",
			manifest: strings.Replace(orders, "maxReplicas: 48", "maxReplicas: 2\n  minReplicas: 3\n  preset: cheap", 1),
		},
		{
			name: "does not decode", settings: act, scaler: "shop/orders", want: "Invalid: ", says: "maxReplicas",
			manifest: strings.Replace(orders, "maxReplicas: 48", "maxReplicas: many", 1),
		},
		{
			name: "unknown cluster", settings: Settings{Mode: scaler.Act, Clusters: []string{"east", "west"}}, manifest: orders,
			scaler: "shop/orders", want: "UnknownCluster: sources[0].cluster", says: "east, west",
		},
		{
			name: "namespace may name the group", settings: Settings{Mode: scaler.Act, Namespaces: rule("^shop$", "^orders$")},
			manifest: orders, scaler: "shop/orders",
		},
		{
			name: "namespace may not name the group", settings: Settings{Mode: scaler.Act, Namespaces: rule("^shop$", "^payments$")},
			manifest: orders, scaler: "shop/orders", want: "NotAllowed: sources[0]", says: `"orders"`,
		},
		{
			name: "no rule for the namespace", settings: Settings{Mode: scaler.Act, Namespaces: rule("^bank$", ".*")},
			manifest: orders, scaler: "shop/orders", want: "NotAllowed: sources[0]", says: `"shop"`,
		},
		{name: "second on its target", settings: act, manifest: second, scaler: "shop/second", want: "TargetTaken: ", says: "shop/orders"},
		{name: "first on its target", settings: act, manifest: second, scaler: "shop/orders"},
		{
			name: "annotation is no number", settings: act, scaler: "shop/orders", want: "Invalid: ", says: v1alpha1.AnnotationFixedReplicas, applies: true,
			manifest: strings.Replace(orders, "uid: s1", "uid: s1, annotations: {lagscaler.io/fixed-replicas: many}", 1),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, tt.manifest, tt.settings, func(w *world) {
				one := w.one(tt.scaler)
				got := one.Refusal.String()
				if one.Applies() != (tt.want == "" || tt.applies) {
					t.Errorf("refused %q: applies %v", got, one.Applies())
				}
				if (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) || !strings.Contains(got, tt.says) {
					t.Errorf("refused %q, want %q… with %q", got, tt.want, tt.says)
				}
			})
		})
	}
}

func TestTargetNotFoundIsTheScalersToSay(t *testing.T) {
	for name, manifest := range map[string]string{
		"no such object": strings.Replace(orders, "kind: Deployment, name: worker", "kind: Deployment, name: nobody", 1),
		"no such kind":   strings.Replace(orders, "kind: Deployment, name: worker", "kind: DaemonSet, name: worker", 1),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, manifest, act, func(w *world) {
				if got := w.one("shop/orders"); got.Refused() || got.Workload.Found {
					t.Errorf("refused %q, found %v", got.Refusal, got.Workload.Found)
				}
			})
		})
	}
}

func TestOwners(t *testing.T) {
	hpa := `
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}, maxReplicas: 9}
status: {desiredReplicas: 7}`
	scaledObject := `
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: keda}
spec: {scaleTargetRef: {name: worker}}`
	paused := strings.Replace(scaledObject, "name: keda}", `name: keda, annotations: {autoscaling.keda.sh/paused: "true"}}`, 1)
	pausedAt := strings.Replace(scaledObject, "name: keda}", `name: keda, annotations: {autoscaling.keda.sh/paused-replicas: "0"}}`, 1)
	tests := []struct {
		name     string
		manifest string
		want     seen.Owner
	}{
		{"nobody", "", seen.Owner{}},
		{"an HPA", hpa, seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "hpa", Desired: 7}},
		{"an HPA of another", strings.ReplaceAll(hpa, "worker", "other"), seen.Owner{}},
		{"an HPA of another kind", strings.ReplaceAll(hpa, "Deployment, name", "StatefulSet, name"), seen.Owner{}},
		{"KEDA", scaledObject, seen.Owner{Kind: "ScaledObject", Name: "keda"}},
		{"KEDA and its HPA", scaledObject + hpa, seen.Owner{Kind: "ScaledObject", Name: "keda", Desired: 7}},
		{"KEDA, paused", paused, seen.Owner{Kind: "ScaledObject", Name: "keda", Paused: true}},
		{"KEDA, paused at a number", pausedAt, seen.Owner{Kind: "ScaledObject", Name: "keda", Paused: true}},
		{"KEDA, paused, its HPA still there", paused + hpa, seen.Owner{Kind: "ScaledObject", Name: "keda", Desired: 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, orders+tt.manifest, act, func(w *world) {
				if got := w.one("shop/orders").Workload.Owner; got != tt.want {
					t.Errorf("owner %+v, want %+v", got, tt.want)
				}
			})
		})
	}
}

// A follower must lay rebalances to the resizes of its leader, and a successor must know when the last write was.
func TestResizesAndRolloutsAreSeen(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		began := time.Now()
		w.scale("worker", 6)
		time.Sleep(time.Minute)
		w.change(deployments, "worker", func(o watch.Object) {
			set(t, o, int64(9), "spec", "replicas")
			o.SetManagedFields([]metav1.ManagedFieldsEntry{{
				Manager: w.api.Installation.FieldManager(), Operation: metav1.ManagedFieldsOperationUpdate, Subresource: "scale",
				FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`),
			}})
		})
		w.change(deployments, "worker", func(o watch.Object) { set(t, o, int64(1), "status", "updatedReplicas") })
		if !w.one("shop/orders").Workload.RolloutInProgress {
			t.Error("no rollout, though old pods are left")
		}
		time.Sleep(time.Minute)
		w.change(deployments, "worker", func(o watch.Object) { set(t, o, int64(4), "status", "updatedReplicas") })
		got := w.one("shop/orders")
		minute := began.Add(time.Minute)
		want := []rebalancemon.Hint{
			{Kind: rebalancemon.Resized, At: began, From: 4, To: 6},
			{Kind: rebalancemon.Resized, At: minute, From: 6, To: 9},
			{Kind: rebalancemon.RolledOut, At: minute, Until: minute.Add(time.Minute)},
		}
		if !slices.Equal(got.Hints, want) {
			t.Errorf("hints %+v\nwant  %+v", got.Hints, want)
		}
		if want := (seen.Write{At: minute, From: 6, To: 9}); got.Workload.LastWrite != want || got.Workload.RolloutInProgress {
			t.Errorf("last write %+v, want %+v; rollout %v", got.Workload.LastWrite, want, got.Workload.RolloutInProgress)
		}
	})
}

// A process that starts learns from the status when the last write was.
func TestTheLastWriteIsRemembered(t *testing.T) {
	changed := strings.Replace(orders, "maxReplicas: 48", `maxReplicas: 48
status: {lastChange: {from: 2, to: 4, reason: ScaleUp, time: "1999-12-31T23:59:30Z"}}`, 1)
	inWorld(t, changed, act, func(w *world) {
		want := seen.Write{At: time.Date(1999, 12, 31, 23, 59, 30, 0, time.UTC), From: 2, To: 4}
		if got := w.one("shop/orders").Workload.LastWrite; !got.At.Equal(want.At) || got.From != want.From || got.To != want.To {
			t.Errorf("last write %+v, want %+v", got, want)
		}
	})
}

// A kind that keeps its replicas elsewhere is read through its scale subresource.
func TestUnusualKindsAreAskedForTheirScale(t *testing.T) {
	manifest := strings.NewReplacer(
		"{apiVersion: apps/v1, kind: Deployment, name: worker}", "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: worker}",
		"apiVersion: apps/v1\nkind: Deployment", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout",
	).Replace(twoPods)
	inWorld(t, manifest, act, func(w *world) {
		wl := w.one("shop/orders").Workload
		// The fake serves the object itself as its scale, which has no selector as text: no pods.
		if !wl.Found || !wl.HasScale || wl.Spec != 4 || wl.Status != 4 {
			t.Errorf("workload %+v", wl)
		}
	})
}

// A kind whose status does not count ready replicas has as many as its scale says that there are, or as are ready of its pods.
// The twin of a KafkaConnector is a Rollout of Argo none of whose pods is ready: it leaves the number out, too. The twin of a
// KafkaSource, whose pods are not its own, is a KafkaConnect all of whose pods are gone: its status still has their number.
func TestReadyOfKindsThatDoNotTell(t *testing.T) {
	scale := func(status string) string {
		return "{apiVersion: autoscaling/v1, kind: Scale, metadata: {name: worker, resourceVersion: \"11\"}, spec: {replicas: 4}, status: " + status + "}"
	}
	for name, c := range map[string]struct {
		kind, status, scale string
		ready               int32
	}{
		"KafkaConnector":                         {"kafka.strimzi.io/v1, kind: KafkaConnector", "{tasksMax: 4}", scale("{replicas: 4}"), 4},
		"KafkaConnector, two of them so far":     {"kafka.strimzi.io/v1, kind: KafkaConnector", "{tasksMax: 2}", scale("{replicas: 2}"), 2},
		"KafkaSource, whose selector finds none": {"sources.knative.dev/v1, kind: KafkaSource", "{consumers: 4}", scale("{replicas: 4, selector: no=pods}"), 4},
		"KafkaConnect, one pod is ready":         {"kafka.strimzi.io/v1, kind: KafkaConnect", "{replicas: 4, labelSelector: app=worker}", scale("{replicas: 4, selector: app=worker}"), 1},
		"KafkaConnect, no pod is there":          {"kafka.strimzi.io/v1, kind: KafkaConnect", "{replicas: 4, labelSelector: no=pods}", scale("{replicas: 4, selector: no=pods}"), 0},
		"KafkaConnect, no selector yet":          {"kafka.strimzi.io/v1, kind: KafkaConnect", "{replicas: 4}", scale("{replicas: 4}"), 4},
		"KafkaMirrorMaker2, no pod is there":     {"kafka.strimzi.io/v1, kind: KafkaMirrorMaker2", "{replicas: 4, labelSelector: no=pods}", scale("{replicas: 4, selector: no=pods}"), 0},
		"a kind with pods":                       {"sources.knative.dev/v1, kind: KafkaSource", "{consumers: 4}", scale("{replicas: 4, selector: app=worker}"), 1},
		"a Rollout, none is ready":               {"argoproj.io/v1alpha1, kind: Rollout", "{replicas: 4}", scale("{replicas: 4}"), 0},
		"a Rollout, two are ready":               {"argoproj.io/v1alpha1, kind: Rollout", "{replicas: 4, readyReplicas: 2}", scale("{replicas: 4}"), 2},
		"a paused Rollout with a pod more":       {"argoproj.io/v1alpha1, kind: Rollout", "{phase: Paused, replicas: 5, updatedReplicas: 1, readyReplicas: 5}", scale("{replicas: 5}"), 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				manifest := strings.NewReplacer("{apiVersion: apps/v1, kind: Deployment,", "{apiVersion: "+c.kind+",",
					"apiVersion: apps/v1\nkind: Deployment", "apiVersion: "+strings.Replace(c.kind, ", ", "\n", 1),
					"{replicas: 4, updatedReplicas: 4, readyReplicas: 3}", c.status).Replace(twoPods)
				w := newWorld(t, manifest)
				w.untyped.PrependReactor("get", "*", func(a clienttesting.Action) (bool, runtime.Object, error) {
					return a.GetSubresource() == "scale", parse(t, c.scale)[0], nil
				})
				run(w, Settings{Mode: scaler.Act, Clusters: []string{"main"}}, func() {
					if wl := w.one("shop/orders").Workload; wl.Spec != 4 || wl.Ready != c.ready || wl.RolloutInProgress {
						t.Errorf("workload %+v, want %d ready", wl, c.ready)
					}
				})
			})
		})
	}
}

func TestMissingRightsAreNamedAndTheRestGoesOn(t *testing.T) {
	tests := []struct {
		resource string
		refused  string
		says     string
	}{
		{"deployments", "MissingRight: the permission to list deployments.apps in shop is missing", "list deployments.apps in shop"},
		{"pods", "", "list pods in shop"},
		{"horizontalpodautoscalers", "", "list horizontalpodautoscalers.autoscaling in shop"},
	}
	for _, tt := range tests {
		t.Run(tt.resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, orders)
				deny := func(a clienttesting.Action) (bool, runtime.Object, error) {
					r := schema.GroupResource{Group: a.GetResource().Group, Resource: a.GetResource().Resource}
					return true, nil, apierrors.NewForbidden(r, "", nil)
				}
				w.untyped.PrependReactor("list", tt.resource, deny)
				w.typed.PrependReactor("list", tt.resource, deny)
				run(w, Settings{Mode: scaler.Act, Clusters: []string{"main"}}, func() {
					time.Sleep(2 * time.Minute) // in which it is tried again
					one := w.one("shop/orders")
					if got := one.Refusal.String(); got != tt.refused {
						t.Errorf("refused %q, want %q", got, tt.refused)
					}
					if !one.Applies() {
						t.Error("the declaration does not apply because its target cannot be read: its alerts would resolve")
					}
					if got := w.MissingRights(); len(got) != 1 || !strings.Contains(got[0], tt.says) {
						t.Errorf("missing %q, want one with %q", got, tt.says)
					}
					if n := strings.Count(w.log.String(), "permission missing"); n != 1 {
						t.Errorf("logged %d times, want once", n)
					}
				})
			})
		})
	}
}

// With a namespace to watch, nothing outside is asked for; in observe, nothing but scalers and targets.
func TestWatchesAreThoseThatAreNeeded(t *testing.T) {
	inWorld(t, orders, Settings{Mode: scaler.Observe}, func(w *world) {
		if got := w.one("shop/orders"); got.Refused() || got.Size == nil || *got.Size != 4 || got.Workload.Sized() {
			t.Errorf("%s, the size %v is counted by limits, and the rest is not read: %+v", got.Refusal, got.Size, got.Workload)
		}
		for _, key := range w.watches.Keys() {
			if key.Resource != v1alpha1.Resource && key.Resource != deployments {
				t.Errorf("in observe, %s is watched", key)
			}
		}
		w.Configure(Settings{Mode: scaler.Act, Clusters: []string{"main"}})
		synctest.Wait()
		if got := len(w.watches.Keys()); got != 6 {
			t.Errorf("in act, %d watches, want 6: scalers, deployments, pods, namespaces, HPAs, ScaledObjects", got)
		}
		if err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Delete(w.t.Context(), "orders", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(2 * upkeep)
		synctest.Wait()
		if got := len(w.watches.Keys()); got != 1 {
			t.Errorf("without a scaler, %d watches, want 1", got)
		}
	})
}

// Of the scalers on one target the oldest that is not refused has it, whatever their order by name.
func TestTheOldestHasTheTarget(t *testing.T) {
	declared := func(name string, created int64, group string) *resource {
		r := &resource{created: time.Unix(created, 0)}
		r.Name, r.Target = name, worker
		r.Spec.Sources = []seen.SourceSpec{{Cluster: "main", Group: group}}
		return r
	}
	settings := Settings{Mode: scaler.Observe, Clusters: []string{"main"}, Namespaces: []NamespaceRule{
		{Match: regexp.MustCompile("^shop$"), Groups: []*regexp.Regexp{regexp.MustCompile("^orders$")}},
	}}
	tests := []struct {
		name string
		all  []*resource
		want []string // why each is refused
	}{
		{"the first by name", []*resource{declared("a", 1, "orders"), declared("b", 2, "orders")}, []string{"", "TargetTaken by a"}},
		{"the last by name", []*resource{declared("a", 3, "orders"), declared("b", 2, "orders"), declared("c", 1, "orders")}, []string{"TargetTaken by c", "TargetTaken by c", ""}},
		{"of the same age, the first by name", []*resource{declared("a", 1, "orders"), declared("b", 1, "orders")}, []string{"", "TargetTaken by a"}},
		{"one that is refused has none", []*resource{declared("a", 1, "payments"), declared("b", 2, "orders")}, []string{"NotAllowed", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(access.Clients{Kubernetes: fake.NewClientset()}, Options{})
			c.Configure(settings)
			for _, r := range tt.all {
				c.declarations.resources[r.Name] = r
			}
			for i, s := range c.Scalers(start) {
				reason, by, _ := strings.Cut(tt.want[i], " by ")
				if string(s.Refusal.Reason) != reason || !strings.HasSuffix(s.Refusal.Why, by) {
					t.Errorf("%s is refused with %q, want %q", s.Name, s.Refusal, tt.want[i])
				}
			}
		})
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The scalers of a poll, half of them on targets that are taken. ns/scaler does not grow with their number: the time is linear.
func BenchmarkScalers(b *testing.B) {
	for _, n := range []int{500, 5_000, 50_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c := New(access.Clients{Kubernetes: fake.NewClientset()}, Options{})
			c.Configure(Settings{Mode: scaler.Observe, Clusters: []string{"main"}})
			for i := range n {
				r := &resource{created: start.Add(time.Duration(i) * time.Second)}
				r.Name, r.Target = fmt.Sprintf("shop/scaler-%05d", i), worker
				r.Target.Name = fmt.Sprintf("worker-%05d", i%(n/2))
				r.Spec.Sources = []seen.SourceSpec{{Cluster: "main", Group: r.Target.Name}}
				c.declarations.resources[r.Name] = r
			}
			for b.Loop() {
				c.Scalers(start)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/scaler")
		})
	}
}

func TestNamespacesNameWhatTheRulesAllow(t *testing.T) {
	pattern := regexp.MustCompile
	rules := Settings{Namespaces: []NamespaceRule{
		{Match: pattern("^shop$"), Clusters: []*regexp.Regexp{pattern("^main$")}, Groups: []*regexp.Regexp{pattern("^orders-.*$")}},
		{Match: pattern("^data-.*$")},
	}}
	for _, tc := range []struct {
		settings                  Settings
		namespace, cluster, group string
		want                      bool
	}{
		{rules, "shop", "main", "orders-eu", true},
		{rules, "shop", "west", "orders-eu", false},
		{rules, "shop", "main", "ledger", false},
		{rules, "data-eu", "west", "anything", true},
		{rules, "other", "main", "orders-eu", false},
		{Settings{}, "any", "any", "any", true}, // without rules
	} {
		if got := tc.settings.mayName(tc.namespace, seen.SourceSpec{Cluster: tc.cluster, Group: tc.group}); got != tc.want {
			t.Errorf("%s names %s of %s: %v", tc.namespace, tc.group, tc.cluster, got)
		}
	}
}

// A topic that is named is read, so a namespace may name only those that a rule allows. A pattern is no topic: what it
// accepts may be more than the rule does.
func TestNamespacesNameTopics(t *testing.T) {
	pattern := regexp.MustCompile
	rules := Settings{Namespaces: []NamespaceRule{
		{Match: pattern("^bank$"), Groups: []*regexp.Regexp{pattern("^g$")}, Topics: []*regexp.Regexp{pattern("^(?:ledger)$"), pattern("^(?:book-.*)$")}},
		{Match: pattern("^bank$"), Groups: []*regexp.Regexp{pattern("^other$")}},
	}}
	for _, tc := range []struct {
		group   string
		topics  []string
		pattern string
		want    bool
	}{
		{"g", []string{"ledger", "book-eu"}, "", true},
		{"g", []string{"ledger", "payments"}, "", false},
		{"g", nil, "", true}, // what the group reads
		{"g", nil, "book-.*", true},
		{"g", nil, ".*", false},
		{"g", nil, "book-eu", false}, // it accepts less, but that is not known
		{"g", []string{"ledger"}, ".*", false},
		{"other", []string{"payments"}, ".*", true}, // of the second rule
	} {
		src := seen.SourceSpec{Cluster: "main", Group: tc.group, Topics: tc.topics, TopicPattern: tc.pattern}
		if got := rules.mayName("bank", src); got != tc.want {
			t.Errorf("group %s with %v and %q: %v", tc.group, tc.topics, tc.pattern, got)
		}
		if (Settings{}).mayName("bank", src) != true {
			t.Error("without rules every topic may be named")
		}
	}
}
