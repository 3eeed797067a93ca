package watch

import (
	"log/slog"
	"math"
	"os"
	"reflect"
	"regexp"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func TestOperatorsAnnotations(t *testing.T) {
	five := int32(5)
	tests := []struct {
		scaler, target map[string]string
		want           seen.Workload
	}{
		{nil, nil, seen.Workload{}},
		{map[string]string{v1alpha1.AnnotationPaused: "true"}, nil, seen.Workload{Paused: true}},
		{nil, map[string]string{v1alpha1.AnnotationPaused: ""}, seen.Workload{Paused: true}},
		{map[string]string{v1alpha1.AnnotationPaused: "false"}, nil, seen.Workload{}},
		{map[string]string{v1alpha1.AnnotationPauseScaleIn: "yes"}, map[string]string{v1alpha1.AnnotationPauseScaleOut: "true"}, seen.Workload{PauseScaleIn: true, PauseScaleOut: true}},
		{map[string]string{v1alpha1.AnnotationFixedReplicas: "5"}, map[string]string{v1alpha1.AnnotationFixedReplicas: "6"}, seen.Workload{FixedReplicas: &five}},
	}
	for _, tt := range tests {
		var got seen.Workload
		if err := applyAnnotations(&got, tt.scaler, tt.target); err != nil {
			t.Error(err)
		}
		same := got.Paused == tt.want.Paused && got.PauseScaleIn == tt.want.PauseScaleIn &&
			got.PauseScaleOut == tt.want.PauseScaleOut && reflect.DeepEqual(got.FixedReplicas, tt.want.FixedReplicas)
		if !same {
			t.Errorf("%v and %v: %+v, want %+v", tt.scaler, tt.target, got, tt.want)
		}
	}
}

// The documents say where annotations may be set: on both objects, as applyAnnotations reads them.
func TestDocumentedPlacesOfAnnotations(t *testing.T) {
	for file, sentences := range map[string][]string{
		"first-scaler.md": {"You can set the annotations on the KafkaScaler or on its target."},
		"scaling.md": {
			"The annotation `" + v1alpha1.AnnotationPauseScaleIn + "[^`]*` on the KafkaScaler or on its target ",
			"The annotation `" + v1alpha1.AnnotationPauseScaleOut + "[^`]*` on the KafkaScaler or on its target ",
			"The annotation `" + v1alpha1.AnnotationFixedReplicas + "[^`]*` on the KafkaScaler or on its target ",
		},
	} {
		text, err := os.ReadFile("../../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sentence := range sentences {
			if !regexp.MustCompile(sentence).Match(text) {
				t.Errorf("docs/%s does not say %q", file, sentence)
			}
		}
	}
}

// The watch may tell of our write before its answer is in, and of a leader's to a follower, which has no answer at all.
func TestWhoseWriteItIs(t *testing.T) {
	six := int32(6)
	tests := []struct {
		name    string
		writing *int32
		by      author
		leads   bool
		want    bool
	}{
		{"being written", &six, nobody, true, true},
		{"another size is being written", new(int32), nobody, true, false},
		{"ours by the managed fields", nil, us, true, true},
		{"theirs", nil, somebody, true, false},
		{"theirs, seen by a follower", nil, somebody, false, false},
		{"untold", nil, nobody, true, false},
		{"untold, seen by a follower", nil, nobody, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (&Target{writing: tt.writing, by: tt.by}).ours(six, tt.leads); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// What the versions before installations had names wrote is ours if it is older than our first write under our name.
func TestWhoseFieldManagerItIs(t *testing.T) {
	own := access.Installation{Namespace: "shop", Lease: "lagscaler"}
	other := access.Installation{Namespace: "pay", Lease: "lagscaler"}
	first := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		manager string
		at      time.Time // zero: the API server does not say
		first   time.Time // zero: this installation has not written yet
		want    author
	}{
		{"under our name", own.FieldManager(), first.Add(time.Hour), first, us},
		{"under our name, before we led", own.FieldManager(), first.Add(-time.Hour), time.Time{}, us},
		{"under the name of another installation", other.FieldManager(), first.Add(time.Hour), first, somebody},
		{"an earlier version, before the upgrade", "lagscaler", first.Add(-time.Hour), first, us},
		{"old replicas, while the new ones follow", "lagscaler", first.Add(time.Hour), time.Time{}, us},
		{"old replicas, in the second in which a new one leads", "lagscaler", first, first, us},
		{"an installation of an earlier version, later", "lagscaler", first.Add(time.Second), first, somebody},
		{"through the scale subresource, before the upgrade", "lagscaler", time.Time{}, time.Time{}, us},
		{"through the scale subresource, later", "lagscaler", time.Time{}, first, somebody},
		{"kubectl", "kubectl-scale", first.Add(-time.Hour), first, somebody},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := NewTargets(access.NewAPI(access.Clients{}, own, slog.New(slog.DiscardHandler)), func() bool { return true },
				func() (time.Time, bool) { return c.first, !c.first.IsZero() }, func() {})
			entry := metav1.ManagedFieldsEntry{Manager: c.manager, Subresource: "scale", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`)}
			if !c.at.IsZero() {
				entry.Time = &metav1.Time{Time: c.at}
			}
			var o unstructured.Unstructured
			o.SetManagedFields([]metav1.ManagedFieldsEntry{entry})
			if got := ts.writerOf(&o); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestRolling(t *testing.T) {
	tests := []struct {
		name, object string
		want         bool
	}{
		{"all of the new template", `{kind: Deployment, status: {replicas: 4, updatedReplicas: 4}}`, false},
		{"being scaled up", `{kind: Deployment, spec: {replicas: 9}, status: {replicas: 4, updatedReplicas: 4}}`, false},
		{"old pods left", `{kind: Deployment, status: {replicas: 5, updatedReplicas: 1}}`, true},
		{"none of the new yet", `{kind: Deployment, status: {replicas: 4}}`, true},
		{"paused", `{kind: Deployment, spec: {paused: true}, status: {replicas: 5, updatedReplicas: 1}}`, false},
		{"StatefulSet at rest", `{kind: StatefulSet, status: {replicas: 4, updatedReplicas: 4, currentRevision: a, updateRevision: a}}`, false},
		{"StatefulSet rolling", `{kind: StatefulSet, status: {replicas: 4, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`, true},
		{"StatefulSet down to its partition", `{kind: StatefulSet, spec: {updateStrategy: {rollingUpdate: {partition: 3}}}, status: {replicas: 4, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`, false},
		{"StatefulSet that waits for people", `{kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}, status: {replicas: 4, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`, false},
		{"Rollout at rest", `{kind: Rollout, status: {replicas: 4, updatedReplicas: 4}}`, false},
		{"Rollout rolling", `{kind: Rollout, status: {replicas: 5, updatedReplicas: 2}}`, true},
		{"Rollout of Argo rolling", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {phase: Progressing, replicas: 5, updatedReplicas: 2}}`, true},
		{"a canary that is paused", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {phase: Paused, controllerPause: true, pauseConditions: [{reason: CanaryPauseStep, startTime: "2026-01-01T00:00:00Z"}], replicas: 5, updatedReplicas: 1}}`, false},
		{"a canary that is paused, before phases", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {pauseConditions: [{reason: CanaryPauseStep, startTime: "2026-01-01T00:00:00Z"}], replicas: 5, updatedReplicas: 1}}`, false},
		{"a canary that goes on: the controller still notes that it had paused", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {phase: Progressing, controllerPause: true, replicas: 5, updatedReplicas: 1}}`, true},
		{"a canary that a person paused", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {paused: true}, status: {phase: Paused, replicas: 5, updatedReplicas: 1}}`, false},
		{"an aborted canary on its way back", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {phase: Degraded, abort: true, replicas: 5, updatedReplicas: 1}}`, true},
		{"an aborted canary", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, status: {phase: Degraded, abort: true, replicas: 4}}`, false},
		{"another kind with this phase", `{apiVersion: example.com/v1, kind: Rollout, status: {phase: Paused, replicas: 5, updatedReplicas: 1}}`, true},
		{"a kind that does not tell", `{kind: Fleet, status: {replicas: 5}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o unstructured.Unstructured
			data, err := yaml.YAMLToJSON([]byte(tt.object))
			if err == nil {
				err = json.Unmarshal(data, &o.Object) // numbers as a real client has them
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := rolling(&o); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// Whatever a workload of any kind says, its numbers are read or not known: never below zero, and never another size than the object has.
func FuzzWorkload(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","resourceVersion":"7"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}}},"status":{"replicas":3,"readyReplicas":2,"updatedReplicas":1}}`))
	f.Add([]byte(`{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"paused":true},"status":{"phase":"Paused","pauseConditions":[{}],"abort":true}}`))
	f.Add([]byte(`{"kind":"StatefulSet","spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":{"partition":-9}}},"status":{"updateRevision":"b"}}`))
	f.Add([]byte(`{"kind":"Deployment","metadata":{"managedFields":[{"manager":"lagscaler","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":4294967296}}`))
	f.Add([]byte(`{"kind":"Deployment","spec":{"replicas":-1,"selector":7},"status":{"replicas":"x","selector":"a in ("}}`))
	targets := NewTargets(access.API{}, nil, func() (time.Time, bool) { return time.Time{}, false }, nil)
	f.Fuzz(func(t *testing.T, text []byte) {
		var o unstructured.Unstructured
		if json.Unmarshal(text, &o.Object) != nil {
			return
		}
		if _, err := strip(&o); err != nil {
			t.Error(err)
		}
		var w seen.Workload
		if applyAnnotations(&w, o.GetAnnotations(), nil) == nil && w.FixedReplicas != nil && *w.FixedReplicas < 0 {
			t.Errorf("%d replicas in an annotation", *w.FixedReplicas)
		}
		_, _, _ = rolling(&o), targets.writerOf(&o), versionOf(o.GetResourceVersion())
		_, _ = selectorOf(&o), scaleSelector(&o)
		spec, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
		if got := ScaleReplicas(&o); got < 0 || int64(got) != spec && got != math.MaxInt32 && spec >= 0 {
			t.Errorf("spec.replicas %d is read as %d", spec, got)
		}
		status, _, _ := unstructured.NestedInt64(o.Object, "status", "readyReplicas")
		if got, told := readyOf(&o); got < 0 || told && int64(got) != status && got != math.MaxInt32 && status >= 0 {
			t.Errorf("status.readyReplicas %d is read as %d", status, got)
		}
	})
}
