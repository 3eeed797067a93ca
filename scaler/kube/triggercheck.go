package kube

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/watch"
)

// TriggerFinding is what the check of a ScaledObject that asks lagscaler found.
type TriggerFinding struct {
	ScaledObject string // namespace/name
	Wrong        string // empty: all is well
	Warning      bool   // it works, and not as well as it could, or not in every case
}

// CheckTriggers checks the ScaledObjects that ask lagscaler, in the namespaces; none: in all. ok is false if there is no KEDA. An error
// names what may not be read.
func CheckTriggers(ctx context.Context, clients access.Clients, namespaces []string) (findings []TriggerFinding, ok bool, err error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, ns := range namespaces {
		list, err := clients.Dynamic.Resource(watch.ScaledObjects).Namespace(ns).List(ctx, metav1.ListOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil, false, nil
		case err != nil:
			return nil, true, fmt.Errorf("listing ScaledObjects: %w", err)
		}
		for i := range list.Items {
			findings = append(findings, checkTriggers(&list.Items[i])...)
		}
	}
	return findings, true, nil
}

// checkTriggers checks the triggers of one ScaledObject that are for lagscaler.
func checkTriggers(o watch.Object) (findings []TriggerFinding) {
	name := nameOf(o)
	triggers, _, _ := unstructured.NestedSlice(o.Object, "spec", "triggers")
	for i, one := range triggers {
		t, _ := one.(map[string]any)
		kind, _, _ := unstructured.NestedString(t, "type")
		metadata, _, _ := unstructured.NestedStringMap(t, "metadata")
		if !strings.HasPrefix(kind, "external") || metadata["kafkaScaler"] == "" && !hasSettings(metadata) {
			continue
		}
		before := len(findings)
		found := func(warning bool, format string, args ...any) {
			findings = append(findings, TriggerFinding{name, fmt.Sprintf("triggers[%d]", i) + fmt.Sprintf(format, args...), warning})
		}
		if metric, _, _ := unstructured.NestedString(t, "metricType"); metric != "" && metric != "AverageValue" {
			found(false, ".metricType: must be AverageValue, not %s: the HPA would multiply the number by the pods that are ready", metric)
		}
		if _, err := ParseTrigger(metadata); err != nil {
			found(false, ".metadata: %v", err)
		}
		if n, set, _ := unstructured.NestedInt64(o.Object, "spec", "fallback", "replicas"); set && n == 0 {
			found(true, ": fallback.replicas is 0: when lagscaler does not know a number, KEDA goes to zero")
		}
		if kind == "external" && watch.ScaledObjectOf(o).Min == 0 {
			found(true, ".type: external wakes a target at zero each pollingInterval; external-push wakes it at once")
		}
		if len(findings) == before {
			findings = append(findings, TriggerFinding{ScaledObject: name})
		}
	}
	return findings
}
