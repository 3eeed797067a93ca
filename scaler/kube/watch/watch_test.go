package watch

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

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
