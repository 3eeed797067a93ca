package keda_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/keda"
)

// TestAllErrors has a stream with good and broken documents: the error names each broken one with its document and its line,
// and hides none behind another.
func TestAllErrors(t *testing.T) {
	good := map[string]string{"bootstrapServers": "k:9092", "consumerGroup": "g"}
	stream := strings.Join([]string{
		scaledObject("a", "kafka", good),
		"kind: [\n", // a syntax error
		"kind: List\nitems:\n- {kind: ScaledObject, metadata: {name: b}, spec: {minReplicaCount: many, triggers: []}}\n- {kind: ScaledObject, metadata: {name: c}, spec: {triggers: []}}\n",
		scaledObject("a", "kafka", good),
		scaledObject("d", "kafka", map[string]string{"topic": "a,b", "lagThreshold": "0"}),
	}, "--- # next\n")
	out, err := keda.Convert([]byte(stream), nil, keda.Options{})
	if err == nil {
		t.Fatalf("no error\n%s", out)
	}
	for _, want := range []string{
		"document 2: reading YAML: line 6",
		"document 3, items[0]: reading YAML: line 10: cannot unmarshal !!str `many` into int32",
		"document 3, items[1]: ScaledObject c: spec.scaleTargetRef.name is missing",
		"document 4: ScaledObject a is also in document 1",
		"document 5: ScaledObject d: spec.triggers[0]: consumerGroup is missing",
		"document 5: ScaledObject d: spec.triggers[0]: bootstrapServers is missing",
		`document 5: ScaledObject d: spec.triggers[0]: topic: "a,b" cannot be`,
		`document 5: ScaledObject d: spec.triggers[0]: lagThreshold: must be a number of at least 1, not "0"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 8 {
		t.Errorf("%d errors\n%v", n, err)
	}
}

// TestJSON: several JSON objects, one after another, are as many documents; anything else that follows an object without a marker
// is an error, because YAML ends there in silence.
func TestJSON(t *testing.T) {
	object := func(name string) string {
		return `{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","metadata":{"name":"` + name + `"},
"spec":{"scaleTargetRef":{"name":"x"},"triggers":[{"type":"kafka","metadata":{"bootstrapServers":"k:9092","consumerGroup":"g"}}]}}`
	}
	out, err := keda.Convert([]byte(object("a")+"\n"+object("b")+"  "+object("c")), nil, keda.Options{})
	if n := strings.Count(out, "kind: KafkaScaler"); err != nil || n != 3 {
		t.Errorf("%d KafkaScalers, %v", n, err)
	}
	for text, want := range map[string]string{
		object("a") + "\n" + object("a"):                                  "document 2: ScaledObject a is also in document 1",
		object("a") + "\n{\"kind\": ":                                     "document 1: something follows its object",
		object("a") + "\nkind: ScaledObject\n":                            "document 1: something follows its object",
		object("a") + "\n[" + object("b") + "]":                           "document 1: something follows its object",
		object("a") + "\n{\"kind\":\"ScaledObject\",\n\"spec\":\"none\"}": "document 2: reading YAML: line 4",
	} {
		if out, err := keda.Convert([]byte(text), nil, keda.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s\n%s", text, err, want, out)
		}
	}
}

// TestMarkersInText: a marker ends a document, but the same characters inside a line do not.
func TestMarkersInText(t *testing.T) {
	object := scaledObject("a", "kafka", map[string]string{"bootstrapServers": "k:9092", "consumerGroup": "g --- h"})
	out, err := keda.Convert([]byte("%YAML 1.2\r\n---\r\n"+object+"...\n---\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  text: |\n    ---\n    ...\n"), nil, keda.Options{})
	if err != nil || !strings.Contains(out, "group: g --- h") || !strings.Contains(out, "Not converted: 1 ConfigMap (x).") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMergedKeys: what a merge key brings in is read as if it stood there, and only what has no equivalent is named.
func TestMergedKeys(t *testing.T) {
	object := `kind: ScaledObject
metadata: {name: a}
spec:
  <<: [{cooldownPeriod: 60}, {minReplicaCount: 0, shards: 3}]
  scaleTargetRef: {name: a}
  triggers:
  - <<: {type: kafka, weight: 2}
    metadata: {bootstrapServers: "k:9092", consumerGroup: g}
`
	out, err := keda.Convert([]byte(object), nil, keda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for want, there := range map[string]bool{
		"idleTime: 1m0s": true, "# spec.shards has no equivalent.": true, "# spec.triggers[0].weight has no equivalent.": true, "<<": false,
	} {
		if strings.Contains(out, want) != there {
			t.Errorf("%q is there: %v\n%s", want, !there, out)
		}
	}
}

var many = 10_000

// TestMany: the time grows with the size of the input, also if every trigger names another cluster.
func TestMany(t *testing.T) {
	var list strings.Builder
	list.WriteString(`{"apiVersion": "v1", "kind": "List", "items": [`)
	for i := range many {
		if i > 0 {
			list.WriteString(",")
		}
		fmt.Fprintf(&list, `{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","metadata":{"name":"s%d"},"spec":{"scaleTargetRef":{"name":"a"},"triggers":[{"type":"kafka","metadata":{"bootstrapServers":"k%d:9092","consumerGroup":"g"}}]}}`, i, i)
	}
	list.WriteString("]}")
	began := time.Now()
	out, err := keda.Convert([]byte(list.String()), nil, keda.Options{})
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%v", took)
	}
	if err != nil || strings.Count(out, "kind: KafkaScaler") != many || !strings.Contains(out, fmt.Sprintf("name: main-%d,", many)) {
		t.Errorf("%d KafkaScalers, %v", strings.Count(out, "kind: KafkaScaler"), err)
	}
}
