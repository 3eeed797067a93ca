package keda_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/internal/keda"
	"github.com/lagscaler/lagscaler/scaler/kube"
)

// The other ways: the KafkaScaler is accepted, the trigger is one that the endpoint understands, and what is not Kafka's stays.
func TestWays(t *testing.T) {
	for name, o := range map[string]keda.Options{
		"external": {To: keda.ToExternal, Address: "lagscaler.lagscaler:9092"},
		"beside":   {To: keda.ToExternal, Beside: true, Address: "lagscaler.lagscaler:9092"},
		"hpa":      {To: keda.ToHPA},
	} {
		for _, in := range []string{"one", "several"} {
			t.Run(name+" "+in, func(t *testing.T) {
				out, err := keda.Convert([]byte(read(t, "testdata/"+in+".yaml")), known, o)
				if err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", in+"."+name+".golden")
				if *update {
					if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if want := read(t, golden); out != want {
					t.Errorf("got\n%s\nwant\n%s", out, want)
				}
				scaler, second, two := strings.Cut(out, "\n---\n")
				if !two {
					t.Fatal("there is no second object")
				}
				accepted(t, scaler+"\n")
				if o.To == keda.ToExternal {
					triggers(t, second, in, o.Beside)
				}
			})
		}
	}
}

// triggers checks the triggers of a ScaledObject that was written.
func triggers(t *testing.T, text, in string, beside bool) {
	t.Helper()
	var so struct {
		Spec struct {
			Triggers []struct {
				Type       string            `yaml:"type"`
				MetricType string            `yaml:"metricType"`
				Metadata   map[string]string `yaml:"metadata"`
			} `yaml:"triggers"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal([]byte(text), &so); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, one := range so.Spec.Triggers {
		kinds = append(kinds, one.Type)
		if one.Type != "external-push" {
			continue
		}
		if asks, err := kube.ParseTrigger(one.Metadata); err != nil || asks.KafkaScaler == "" || one.MetricType != "AverageValue" {
			t.Errorf("%+v: %+v, %v", one, asks, err)
		}
	}
	want := map[string]string{"one": "external-push", "several": "cron cpu external-push"}[in]
	if beside {
		want = map[string]string{"one": "kafka external-push", "several": "kafka kafka apache-kafka cron cpu external-push"}[in]
	}
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("triggers %s, want %s", got, want)
	}
}

func TestWayWarnings(t *testing.T) {
	kafka := "{type: kafka, metadata: {bootstrapServers: 'k:9092', consumerGroup: g}}"
	object := func(spec string) string {
		return "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a, uid: u, resourceVersion: '5', annotations: {kubectl.kubernetes.io/last-applied-configuration: x}}\nspec: " + spec + "\nstatus: {hpaName: h}\n"
	}
	for _, c := range []struct {
		name, in    string
		to          keda.Way
		want, fails string
		not         string
	}{
		{"fallback to zero", object("{scaleTargetRef: {name: a}, fallback: {failureThreshold: 3, replicas: 0}, triggers: [" + kafka + "]}"), keda.ToExternal, "# WARNING: fallback.replicas 0: when lagscaler does not know a number", "", "hpaName"},
		{"the API server's fields", object("{scaleTargetRef: {name: a}, triggers: [" + kafka + "]}"), keda.ToExternal, "kafkaScaler: a ", "", "last-applied"},
		{"a formula", object("{scaleTargetRef: {name: a}, advanced: {scalingModifiers: {formula: x}}, triggers: [" + kafka + "]}"), keda.ToExternal, "", "spec.advanced.scalingModifiers", ""},
		{"a merge key", "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nx: &x {scaleTargetRef: {name: a}, triggers: [" + kafka + "]}\nspec: {<<: *x}\n", keda.ToExternal, "", "spec.triggers: must stand in the ScaledObject itself", ""},
		{"an HPA beside a queue", object("{scaleTargetRef: {name: a}, triggers: [" + kafka + ", {type: rabbitmq}]}"), keda.ToHPA, "", "spec.triggers[1]: an HPA without KEDA cannot have the trigger rabbitmq", ""},
		{"a value that is no number", object("{scaleTargetRef: {name: a}, triggers: [" + kafka + ", {type: cpu, metricType: Utilization, metadata: {value: '80}, x: {'}}]}"), keda.ToHPA, "", `value "80}, x: {"`, ""},
		{"a name that YAML would read as a number", strings.Replace(object("{scaleTargetRef: {name: '1e3'}, triggers: ["+kafka+"]}"), "name: a", "name: '1e3'", 1), keda.ToHPA, `scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "1e3"}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := keda.Convert([]byte(c.in), nil, keda.Options{To: c.to, Address: "l:1"})
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v, want %q", err, c.fails)
				}
				return
			}
			if err != nil || !strings.Contains(out, c.want) || c.not != "" && strings.Contains(out, c.not) {
				t.Errorf("%v\n%s\nwant %q and not %q", err, out, c.want, c.not)
			}
		})
	}
}

// Whatever the names are, the output is YAML with these names.
func TestNamesInWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom([]rune("ab1.:-{}[],#'\"\\ \n%&*!|>?@~"))).Filter(func(s string) bool { return strings.TrimSpace(s) != "" }).Draw(t, "name")
		in, err := yaml.Marshal(map[string]any{
			"kind": "ScaledObject", "metadata": map[string]any{"name": name, "namespace": name},
			"spec": map[string]any{
				"scaleTargetRef": map[string]any{"name": name},
				"triggers":       []any{map[string]any{"type": "kafka", "metadata": map[string]any{"bootstrapServers": "k:9092", "consumerGroup": "g"}}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []keda.Way{keda.ToExternal, keda.ToHPA} {
			out, err := keda.Convert(in, nil, keda.Options{To: to, Address: name})
			if err != nil {
				t.Fatal(err)
			}
			documents := yaml.NewDecoder(strings.NewReader(out))
			for range 2 {
				var o struct {
					Metadata struct{ Name string } `yaml:"metadata"`
				}
				if err := documents.Decode(&o); err != nil || o.Metadata.Name != name {
					t.Fatalf("%s: %q, %v\n%s", to, o.Metadata.Name, err, out)
				}
			}
		}
	})
}
