package keda_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/keda"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// known are the clusters of the tests' configuration.
var known = []keda.Cluster{{Name: "main", Brokers: []string{"kafka-0.kafka:9092", "kafka-1.kafka:9092"}}}

// TestConvert compares each conversion with its golden file, and checks that the program accepts every KafkaScaler.
func TestConvert(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			out, err := keda.Convert([]byte(read(t, in)), known, keda.Options{})
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(in, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, golden); out != want {
				t.Errorf("got\n%s\nwant\n%s", out, want)
			}
			for document := range strings.SplitSeq(out, "---\n") {
				accepted(t, document)
			}
		})
	}
}

func accepted(t *testing.T, document string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scaler.yaml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadScaler(path); err != nil {
		t.Errorf("the program refuses it: %v\n%s", err, document)
	}
}

func TestConvertErrors(t *testing.T) {
	object := func(spec string) string {
		return "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nspec: " + spec
	}
	tests := []struct{ name, in, want string }{
		{"nothing", "", "no ScaledObject"},
		{"another kind", "kind: Deployment", "no ScaledObject"},
		{"no YAML", "a: [", "reading YAML"},
		{"no target", object("{triggers: []}"), "scaleTargetRef.name"},
		{"no kafka", object("{scaleTargetRef: {name: a}, triggers: [{type: cpu}]}"), "no kafka trigger"},
		{"brokers from the environment", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServersFromEnv: K, consumerGroup: g}}]}"), "spec.triggers[0]: bootstrapServers"},
		{"group from the environment", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092'}}]}"), "spec.triggers[0]: consumerGroup"},
		{"a threshold that is not a number", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, activationLagThreshold: many}}]}"), "activationLagThreshold"},
		{"a list of topics in a trigger kafka", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, topic: 'a,b'}}]}"), `spec.triggers[0]: topic: "a,b" cannot be the name of a topic`},
		{"a topic that cannot exist", object("{scaleTargetRef: {name: a}, triggers: [{type: apache-kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, topic: 'a,b c'}}]}"), `spec.triggers[0]: topic: "b c" cannot be the name of a topic`},
		{"a list of no topic", object("{scaleTargetRef: {name: a}, triggers: [{type: apache-kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, topic: ' , '}}]}"), `topic: "," has no name`},
		{"a list of no broker", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: ' , ', consumerGroup: g}}]}"), `spec.triggers[0]: bootstrapServers: "," has no broker`},
		{"one trigger of two without a broker", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g}}, {type: kafka, metadata: {bootstrapServers: ',', consumerGroup: h}}]}"), `spec.triggers[1]: bootstrapServers: "," has no broker`},
		{"no boolean", object("{scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, allowIdleConsumers: maybe}}]}"), `allowIdleConsumers: must be true or false, not "maybe"`},
		{"limits that no scaler can have", object("{scaleTargetRef: {name: a}, minReplicaCount: 5, maxReplicaCount: 3, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g}}]}"), "no KafkaScaler can have maxReplicas"},
		{"paused at no number", "kind: ScaledObject\nmetadata: {name: a, annotations: {autoscaling.keda.sh/paused-replicas: few}}\nspec: {scaleTargetRef: {name: a}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g}}]}", `paused-replicas: "few"`},
		{"an empty list", "kind: List\nitems: []", "no ScaledObject"},
		{"a list without items", "kind: List", "no ScaledObject"},
		{"comments only", "# nothing\n---\n# here\n", "no ScaledObject"},
		{"KEDA 1", "apiVersion: keda.k8s.io/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}", `apiVersion: "keda.k8s.io/v1alpha1"`},
		{"no object", "- a\n- b", "document 1: is no Kubernetes object"},
		{"no kind", "a: b", "document 1: kind is missing"},
		{"a fallback below zero", object("{scaleTargetRef: {name: a}, fallback: {failureThreshold: 3, replicas: -6}, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g}}]}"), "spec.fallback.replicas: must not be negative, not -6"},
		{"limits beside a broken trigger", object("{scaleTargetRef: {name: a}, minReplicaCount: -1, triggers: [{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g, topic: x, lagThreshold: 0}}]}"), "minReplicas: must not be negative"},
		{"half a cron", object("{scaleTargetRef: {name: a}, triggers: [{type: cron, metadata: {start: a}}]}"), "spec.triggers[0]: desiredReplicas"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := keda.Convert([]byte(tt.in), nil, keda.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s\n%s", err, tt.want, out)
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What is converted the program accepts; what is not has an error that says why.
func FuzzConvert(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(inputs) == 0 {
		f.Fatalf("%d inputs, %v", len(inputs), err)
	}
	for _, in := range inputs {
		text, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("kind: List\nitems: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		out, err := keda.Convert([]byte(text), known, keda.Options{})
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		for document := range strings.SplitSeq(out, "\n---\n") {
			accepted(t, document)
		}
	})
}
