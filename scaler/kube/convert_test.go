package kube

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const everything = `
metadata: {name: orders, namespace: shop}
spec:
  scaleTargetRef: {name: worker}
  sources:
  - cluster: main
    group: orders
    topics: [a, b]
    topicPattern: "c.*"
    processingTime: 50ms
    concurrency: 4
    consumersPerReplica: 3
    sessionTimeout: 90s
    commitInterval: 1s
    commitsWithin: 40m
    leavesBehind: 3
    isolation: read_committed
    offsetReset: earliest
    standbyFor: {cluster: east, mirrorDelay: 30s}
    maxShareMembers: 300
  place: {share: 60}
  minReplicas: 0
  maxReplicas: 48
  targetLag: 20s
  objective: 99.5
  objectiveBudget: 1.4
  mode: act
  policy: thresholds
  slo: {lag: 1, lagTime: 2s, rebalancesPerHour: 3.5, rebalanceTime: 4s, churn: 0.5, skew: 0.6}
  preset: latency
  schedule: [{start: 0 8 * * 1-5, end: 0 18 * * 1-5, timeZone: Europe/Berlin, minReplicas: 7}]
  drainTime: 5m
  stabilizationWindow: 10m
  fallbackReplicas: 9
  activationLag: 10
  idleTime: 11m
  onDelete: keep
  onZeroByHand: wake
`

func TestSpecOfAKafkaScaler(t *testing.T) {
	var k v1alpha1.KafkaScaler
	if err := yaml.UnmarshalStrict([]byte(everything), &k); err != nil {
		t.Fatal(err)
	}
	p := func(n int32) *int32 { return &n }
	want := Declared{
		Name:   "shop/orders",
		Target: seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "worker"},
		Spec: scaler.Spec{
			Mode: scaler.Act, Kind: scaler.Thresholds, Preset: scaler.Latency,
			SLO: lag.SLO{Lag: 1, LagTime: 2 * time.Second, RebalancesPerHour: 3.5, RebalanceTime: 4 * time.Second, Churn: 0.5, Skew: 0.6},
			Sources: []seen.SourceSpec{{
				Cluster: "main", Group: "orders", Topics: []string{"a", "b"}, TopicPattern: "c.*", ProcessingTime: 50 * time.Millisecond,
				Concurrency: 4, ConsumersPerReplica: 3, SessionTimeout: 90 * time.Second, CommitInterval: time.Second, CommitsWithin: 40 * time.Minute, LeavesBehind: 3, Isolation: seen.ReadCommitted, MaxShareMembers: 300,
				OffsetReset: seen.Earliest, StandbyFor: seen.StandbyFor{Cluster: "east", MirrorDelay: 30 * time.Second},
			}},
			Place:       &scaler.Place{Share: 60},
			MinReplicas: p(0), MaxReplicas: p(48), FallbackReplicas: p(9),
			Schedule:  []scaler.WindowSpec{{Start: "0 8 * * 1-5", End: "0 18 * * 1-5", TimeZone: "Europe/Berlin", MinReplicas: 7}},
			TargetLag: 20 * time.Second, DrainTime: 5 * time.Minute, StabilizationWindow: 10 * time.Minute,
			ActivationLag: 10, IdleTime: 11 * time.Minute, OnDelete: scaler.Keep,
			OnZeroByHand: scaler.Wake, Objective: new(99.5), ObjectiveBudget: new(1.4),
		},
	}
	if got := declaredOf(&k); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	for name, v := range map[string]any{"spec": k.Spec, "scaler.Spec": want.Spec, "source": k.Spec.Sources[0]} {
		for i := range reflect.TypeOf(v).NumField() {
			if reflect.ValueOf(v).Field(i).IsZero() {
				t.Errorf("the case does not set %s of %s", reflect.TypeOf(v).Field(i).Name, name)
			}
		}
	}
}

// An absent field is an unset one, not a zero of its own: defaults and presets fill it in.
func TestSpecWithoutOptions(t *testing.T) {
	k := v1alpha1.KafkaScaler{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: "shop"}}
	k.Spec.Sources = []v1alpha1.Source{{Cluster: "main", Group: "orders"}}
	p, err := declaredOf(&k).Spec.Policy()
	if err != nil || p.MinReplicas != 1 || p.Preset != scaler.Balanced || p.StabilizationWindow != 240*time.Second || p.Mode != scaler.Advise {
		t.Errorf("policy %+v, %v", p, err)
	}
}

// What controller-gen makes of the types is what is checked in.
func TestGeneratedFilesAreFresh(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	generator := filepath.Join(cache, "lagscaler", "bin", "controller-gen")
	if _, err := os.Stat(generator); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("controller-gen is not built: make generate-tools")
	}
	dir := t.TempDir()
	generate := exec.Command(generator, "paths=./v1alpha1", "object", "output:object:dir="+dir,
		"crd:allowDangerousTypes=true,generateEmbeddedObjectMeta=false,maxDescLen=1000", "output:crd:dir="+dir)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("controller-gen: %v\n%s", err, out)
	}
	for fresh, checkedIn := range map[string]string{
		"zz_generated.deepcopy.go":       "v1alpha1/zz_generated.deepcopy.go",
		"lagscaler.io_kafkascalers.yaml": "crd/lagscaler.io_kafkascalers.yaml",
	} {
		want, err := os.ReadFile(filepath.Join(dir, fresh))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(checkedIn)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what controller-gen makes of the types: go generate ./scaler/kube/...", checkedIn)
		}
	}
}

// A field that a preset sets must not have a default in the schema, or the preset would never be seen.
func TestPresetsFieldsHaveNoDefault(t *testing.T) {
	text, err := os.ReadFile("crd/lagscaler.io_kafkascalers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "default: "); n != 2 {
		t.Errorf("%d defaults, want 2: those of scaleTargetRef", n)
	}
}

// Whatever the API server sends is a scaler or an error of this one resource, and what was remembered of its target is kept.
func FuzzKafkaScaler(f *testing.F) {
	text, err := yaml.YAMLToJSON([]byte(everything))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"metadata":{"name":7},"spec":{"minReplicas":1e99,"sources":[null],"slo":null,"schedule":[{"start":"TZ="}]}}`))
	f.Add([]byte(`{"metadata":{"name":"a","namespace":"b"},"status":{"asleep":{"since":"x"},"lastChange":{"at":null}}}`))
	f.Add([]byte(`{"status":{"asleep":{"since":"2026-01-05T12:00:00Z","topics":[{"topic":"a","partitions":[{"partition":-1,"offset":-9}]}]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var o unstructured.Unstructured
		if json.Unmarshal(text, &o.Object) != nil {
			return
		}
		r := resourceOf(&o)
		if r.Name != nameOf(&o) {
			t.Errorf("%q, named %q", r.Name, nameOf(&o))
		}
		if r.invalid != nil {
			return
		}
		_ = r.declaration()
		state := stateOf(r.status.Asleep)
		if kept := stateOf(asleepOf(*state)); !kept.Zero() && !reflect.DeepEqual(kept, stateOf(asleepOf(*kept))) {
			t.Errorf("%+v, kept %+v", state, kept)
		}
		if p, err := r.Spec.Policy(); err == nil && (p.MinReplicas < 0 || p.MaxReplicas < 0 || p.MaxReplicas > 0 && p.MinReplicas > p.MaxReplicas) {
			t.Errorf("limits %d to %d are accepted", p.MinReplicas, p.MaxReplicas)
		}
	})
}
