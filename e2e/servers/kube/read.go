package kube

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/jsonpath"
)

var kafkaScalers = schema.GroupVersionResource{Group: "lagscaler.io", Version: "v1alpha1", Resource: "kafkascalers"}

// ScalerField reads a field of a KafkaScaler by a JSONPath such as
// .status.lastDecision, as kubectl does. Tests ask many times a second, and a
// process for each question would keep a core busy.
func (c *ControlPlane) ScalerField(t testing.TB, namespace, name, path string) string {
	t.Helper()
	object, err := c.dynamic.Resource(kafkaScalers).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("reading KafkaScaler %s/%s: %v", namespace, name, err)
	}
	query := jsonpath.New(name).AllowMissingKeys(true)
	if err := query.Parse("{" + path + "}"); err != nil {
		t.Fatalf("JSONPath %s: %v", path, err)
	}
	var out strings.Builder
	if err := query.Execute(&out, object.Object); err != nil {
		t.Fatalf("reading %s of KafkaScaler %s/%s: %v", path, namespace, name, err)
	}
	return out.String()
}

// Events returns the reason and message of each Event about an object, oldest
// first.
func (c *ControlPlane) Events(t testing.TB, namespace, name string) []string {
	t.Helper()
	var lines []string
	for _, e := range c.events(t, namespace, fields.Set{"involvedObject.name": name}) {
		lines = append(lines, e.Reason+": "+e.Message)
	}
	return lines
}

// EventReasons are the reasons of the Events that lagscaler wrote about an
// object, oldest first.
func (c *ControlPlane) EventReasons(t testing.TB, namespace, kind, name string) []string {
	t.Helper()
	var reasons []string
	for _, e := range c.events(t, namespace, fields.Set{"involvedObject.kind": kind, "involvedObject.name": name}) {
		if e.Source.Component == "lagscaler" {
			reasons = append(reasons, e.Reason)
		}
	}
	return reasons
}

func (c *ControlPlane) events(t testing.TB, namespace string, about fields.Set) []corev1.Event {
	t.Helper()
	list, err := c.client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: about.String()})
	if err != nil {
		t.Fatalf("listing Events in %s: %v", namespace, err)
	}
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return list.Items
}
