package kube

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckTriggers(t *testing.T) {
	so := func(name, spec string) string {
		return fmt.Sprintf("apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: %s}\nspec: {scaleTargetRef: {name: worker}, %s}", name, spec)
	}
	w := newWorld(t, strings.Join([]string{
		so("good", "triggers: [{type: external-push, metricType: AverageValue, metadata: {scalerAddress: 'a:1', kafkaScaler: orders}}]"),
		so("value", "minReplicaCount: 1, triggers: [{type: cpu}, {type: external, metricType: Value, metadata: {scalerAddress: 'a:1', kafkaScaler: orders}}]"),
		so("zero", "fallback: {failureThreshold: 3, replicas: 0}, triggers: [{type: external, metadata: {scalerAddress: 'a:1', kafkaCluster: main, consumerGroup: g, targetLag: soon}}]"),
		so("stranger", "triggers: [{type: external, metricType: Value, metadata: {scalerAddress: 'b:1'}}]"),
		so("kafka", "triggers: [{type: kafka, metadata: {consumerGroup: g}}]"),
	}, "\n---\n"))
	findings, ok, err := CheckTriggers(t.Context(), w.clients, nil)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %v %s", f.ScaledObject, f.Warning, f.Wrong))
	}
	want := []string{
		"shop/good false ",
		"shop/value false triggers[1].metricType: must be AverageValue, not Value: the HPA would multiply the number by the pods that are ready",
		`shop/zero false triggers[0].metadata: targetLag: must be a time such as 50ms, not "soon"`,
		"shop/zero true triggers[0]: fallback.replicas is 0: when lagscaler does not know a number, KEDA goes to zero",
		"shop/zero true triggers[0].type: external wakes a target at zero each pollingInterval; external-push wakes it at once",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
