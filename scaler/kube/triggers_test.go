package kube

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func TestParseTrigger(t *testing.T) {
	for _, c := range []struct {
		name     string
		metadata map[string]string
		want     []string // in the error; none: there is none
	}{
		{"a KafkaScaler", map[string]string{"kafkaScaler": "orders", "scalerAddress": "a:1", "enableTLS": "true"}, nil},
		{"its own settings", map[string]string{
			"kafkaCluster": "main", "consumerGroup": "orders", "topics": "orders, returns", "processingTime": "50ms", "targetLag": "1m",
			"preset": "latency", "concurrency": "4", "consumersPerReplica": "2", "offsetReset": "earliest",
		}, nil},
		{"neither", map[string]string{"scalerAddress": "a:1"}, []string{"kafkaScaler: is missing"}},
		{"both", map[string]string{"kafkaScaler": "orders", "consumerGroup": "orders"}, []string{"consumerGroup: must not be set together with kafkaScaler"}},
		{"all of it wrong", map[string]string{
			"consumerGroup": "orders", "processingTime": "5", "targetLag": "-1s", "concurrency": "0", "consumersPerReplica": "x",
			"offsetReset": "none", "preset": "fast", "topics": "a,b c", "lagThreshold": "secret",
		}, []string{
			"kafkaCluster: must not be empty", `processingTime: must be a time such as 50ms, not "5"`, `targetLag: must be a time such as 50ms, not "-1s"`,
			`concurrency: must be a number of at least 1, not "0"`, `consumersPerReplica: must be a number of at least 1, not "x"`,
			`offsetReset: must be earliest or latest, not "none"`, `preset: must be`, `topics[1]: "b c"`, "lagThreshold: lagscaler does not know this field",
		}},
	} {
		got, err := ParseTrigger(c.metadata)
		if (err != nil) != (len(c.want) > 0) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, text := range c.want {
			if err != nil && !strings.Contains(err.Error(), text) {
				t.Errorf("%s: no %q in %v", c.name, text, err)
			}
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the value of an unknown field is printed: %v", c.name, err)
		}
		if c.name == "its own settings" {
			want := seen.SourceSpec{
				Cluster: "main", Group: "orders", Topics: []string{"orders", "returns"}, ProcessingTime: 50 * time.Millisecond,
				Concurrency: 4, ConsumersPerReplica: 2, OffsetReset: seen.Earliest,
			}
			if fmt.Sprint(got.Spec.Sources) != fmt.Sprint([]seen.SourceSpec{want}) || got.Spec.TargetLag != time.Minute || got.Spec.Preset != scaler.Latency {
				t.Errorf("%+v", got)
			}
		}
	}
}

const scaledObject = `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: orders, uid: so1, resourceVersion: "20", creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  scaleTargetRef: {name: worker}
  minReplicaCount: 2
  maxReplicaCount: 30
  triggers:
  - {type: cpu, metadata: {value: "60"}}
  - {type: external-push, metadata: {scalerAddress: "a:1", kafkaCluster: main, consumerGroup: orders, processingTime: 50ms}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, uid: d1, resourceVersion: "11"}
spec: {replicas: 4, selector: {matchLabels: {app: worker}}}
status: {replicas: 4, updatedReplicas: 4, readyReplicas: 4}
`

var ownTrigger = map[string]string{"scalerAddress": "a:1", "kafkaCluster": "main", "consumerGroup": "orders"}

// A trigger with settings of its own is a scaler from its first question on, with the limits and the target of its ScaledObject.
func TestTriggerWithItsOwnSettings(t *testing.T) {
	inWorld(t, scaledObject, Settings{Mode: scaler.Advise}, func(w *world) {
		if n := len(w.Scalers(time.Now())); n != 0 {
			t.Fatalf("%d scalers before the first question", n)
		}
		name, own, err := w.AskFor("shop", "orders", ownTrigger)
		if name != "shop/orders@keda" || !own || err != nil {
			t.Fatal(name, own, err)
		}
		if err := w.Follow("shop", "orders"); err != nil {
			t.Fatal(err)
		}
		read(w)
		one := w.one(name)
		if one.Refused() || one.Policy.MinReplicas != 2 || one.Policy.MaxReplicas != 30 || one.Workload.Spec != 4 || one.Workload.Owner.Kind != "ScaledObject" ||
			one.Sources[0].ProcessingTime != 50*time.Millisecond || one.Mode != scaler.Advise {
			t.Errorf("%+v", one)
		}
		if err := w.Follow("shop", "other"); err != nil {
			t.Fatal(err)
		}
		settle()
		if other := w.one("shop/other@keda"); other.Refusal.Reason != v1alpha1.Invalid || !strings.Contains(other.Refusal.Why, "no ScaledObject shop/other") {
			t.Errorf("%v", other.Refusal)
		}
		w.change(watch.ScaledObjects, "orders", func(o watch.Object) {
			triggers, _, _ := unstructured.NestedSlice(o.Object, "spec", "triggers")
			set(t, o, append(triggers, triggers[1]), "spec", "triggers")
		})
		if two := w.one(name); two.Refusal.Reason != v1alpha1.Invalid || !strings.Contains(two.Refusal.Why, "2 triggers") {
			t.Errorf("%v", two.Refusal)
		}
		w.declarations.triggers.asked["shop/orders"] = asked{last: time.Now().Add(-triggerFor - time.Minute)}
		delete(w.declarations.triggers.asked, "shop/other")
		if n := len(w.Scalers(time.Now())); n != 0 {
			t.Errorf("%d scalers an hour after the last question", n)
		}
	})
}

// read waits until a ScaledObject that was asked for is read, and then its target.
func read(w *world) {
	settle()
	time.Sleep(upkeep)
	settle()
}

// What config.namespaces says counts for the namespace of the ScaledObject.
func TestTriggerOfANamespace(t *testing.T) {
	rules := []NamespaceRule{
		{Match: regexp.MustCompile("^bank$")}, {Match: regexp.MustCompile("^shop$"), Groups: []*regexp.Regexp{regexp.MustCompile("^returns$")}},
	}
	inWorld(t, scaledObject, Settings{Mode: scaler.Advise, Namespaces: rules}, func(w *world) {
		if err := w.Follow("shop", "orders"); err != nil {
			t.Fatal(err)
		}
		read(w)
		if one := w.one("shop/orders@keda"); one.Refusal.Reason != v1alpha1.NotAllowed {
			t.Errorf("%v", one.Refusal)
		}
	})
}

func TestTriggersAreBounded(t *testing.T) {
	ts := newTriggers(time.Now, func(string, string) (watch.ScaledObject, bool, bool) { return watch.ScaledObject{}, true, true })
	ask := func(namespace, name string) error {
		_, err := ts.ask(namespace, name)
		return err
	}
	for i := range mostTriggersOfNamespace {
		if err := ask("shop", fmt.Sprint("orders-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask("shop", "one-more"); err == nil || !strings.Contains(err.Error(), "namespace shop") {
		t.Errorf("one more of a namespace: %v", err)
	}
	if err := ask("shop", "orders-0"); err != nil {
		t.Errorf("one that is known: %v", err)
	}
	for i := range mostTriggers - mostTriggersOfNamespace {
		if err := ask(fmt.Sprint("shop-", i/50), fmt.Sprint("orders-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask("bank", "orders"); err == nil {
		t.Error("one more is followed")
	}
}

// Questions for ScaledObjects that do not exist take no place from those that do, and are forgotten a minute later.
func TestTriggersOfNobody(t *testing.T) {
	now := time.Now()
	exists := map[string]bool{"shop/orders": true, "bank/orders": true}
	ts := newTriggers(func() time.Time { return now }, func(namespace, name string) (watch.ScaledObject, bool, bool) {
		return watch.ScaledObject{}, exists[namespace+"/"+name], true
	})
	ask := func(namespace, name string) {
		if _, err := ts.ask(namespace, name); err != nil {
			t.Errorf("%s/%s: %v", namespace, name, err)
		}
	}
	ask("shop", "orders")
	for i := range mostTriggers + 200 {
		if ask(fmt.Sprint("nobody-", i), "orders"); i%100 == 0 {
			ts.all() // they are looked up
		}
	}
	for i := range mostTriggersOfNamespace + 20 {
		if ask("shop", fmt.Sprint("nothing-", i)); i%50 == 0 {
			ts.all()
		}
	}
	ask("bank", "orders")
	if n := len(ts.ids()); n != mostTriggers || !ts.isAsked("shop/orders") || !ts.isAsked("bank/orders") {
		t.Errorf("%d are kept; of those that exist %t and %t", n, ts.isAsked("shop/orders"), ts.isAsked("bank/orders"))
	}
	ts.all()
	now = now.Add(absentFor + time.Second)
	if ids := ts.ids(); !slices.Equal(ids, []string{"bank/orders", "shop/orders"}) {
		t.Errorf("a minute later: %d", len(ids))
	}
}

// Steps of an autoscaler towards the number that it was given are ours; steps for another trigger are not.
func TestStepsTowardsTheNumber(t *testing.T) {
	for _, c := range []struct {
		name  string
		given int32 // 0: none was given
		to    []int64
		last  seen.Write // ours; zero: none
	}{
		{"in steps", 12, []int64{6, 12}, seen.Write{From: 6, To: 12}},
		{"in steps down", 1, []int64{3, 1}, seen.Write{From: 3, To: 1}},
		{"beyond, for another trigger", 12, []int64{6, 20}, seen.Write{From: 4, To: 6}},
		{"away", 12, []int64{2}, seen.Write{}},
		{"nothing was given", 0, []int64{6}, seen.Write{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, orders, act, func(w *world) {
				one := w.one("shop/orders")
				one.Workload.Followed = true
				o := scaler.Outcome{Scaler: one}
				if c.given > 0 {
					o.Given = &learn.Given{Replicas: c.given}
				}
				w.Publish([]scaler.Outcome{o})
				for _, n := range c.to {
					w.scale("worker", n)
				}
				got := w.one("shop/orders").Workload.LastWrite
				got.At = time.Time{}
				if got != c.last {
					t.Errorf("our last write: %+v, want %+v", got, c.last)
				}
			})
		})
	}
}

// A memory of a trigger that nobody has asked for yet, right after a start, is kept; an hour later it is removed.
func TestMemoryOfATrigger(t *testing.T) {
	inWorld(t, scaledObject, act, func(w *world) {
		if err := w.Follow("shop", "orders"); err != nil {
			t.Fatal(err)
		}
		read(w)
		memory := scaler.Memory{}
		memory.Given = &learn.Given{Replicas: 7, At: time.Now()}
		if err := w.Save(w.t.Context(), map[string]scaler.Memory{"shop/orders@keda": memory}); err != nil {
			t.Fatal(err)
		}
		ts := w.declarations.triggers
		ts.mu.Lock()
		clear(ts.asked) // a new process
		ts.mu.Unlock()
		time.Sleep(upkeep * 2)
		loaded, err := w.Load(w.t.Context())
		if err != nil || loaded["shop/orders@keda"].Given == nil || loaded["shop/orders@keda"].Given.Replicas != 7 {
			t.Fatalf("%+v, %v", loaded, err)
		}
		w.memories.mu.Lock()
		w.memories.since = w.memories.since.Add(-triggerFor)
		w.memories.mu.Unlock()
		time.Sleep(2 * upkeep)
		if loaded, err = w.Load(w.t.Context()); err != nil || len(loaded) != 0 {
			t.Errorf("an hour later: %+v, %v", loaded, err)
		}
	})
}

// Whatever a trigger says, it is read or refused, with its fields and without the values of those that lagscaler does not know.
func FuzzParseTrigger(f *testing.F) {
	f.Add("kafkaScaler", "orders", "scalerAddress", "a:1")
	f.Add("consumerGroup", "orders", "topics", "a,,b")
	f.Add("processingTime", "1h", "password", "hunter2")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		got, err := ParseTrigger(map[string]string{"kafkaCluster": "main", name1: value1, name2: value2})
		if err == nil && got.KafkaScaler == "" && len(got.Spec.Sources) != 1 {
			t.Errorf("neither a KafkaScaler nor a source: %+v", got)
		}
		if got.KafkaScaler != "" && err == nil {
			t.Error("a KafkaScaler beside settings of its own is accepted")
		}
		const secret = "hunter2 of an unknown field"
		if _, err := ParseTrigger(map[string]string{name1: value1, "x-" + name2: secret}); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("a value of an unknown field is printed: %v", err)
		}
	})
}
