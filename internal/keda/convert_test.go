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
			out, err := keda.Convert([]byte(read(t, in)), known)
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
		{"half a cron", object("{scaleTargetRef: {name: a}, triggers: [{type: cron, metadata: {start: a}}]}"), "spec.triggers[0]: desiredReplicas"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := keda.Convert([]byte(tt.in), nil)
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
