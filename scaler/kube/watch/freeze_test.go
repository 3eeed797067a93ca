package watch

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What others wrote does not break a line, nor fill a page.
func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"the cluster is moved":       "the cluster is moved",
		" two\nlines\x1b[31m\u202e ": "two lines [31m",
		"\xff":                       "?",
		strings.Repeat("ä", 300):     strings.Repeat("ä", longest) + "…",
	} {
		if have := oneLine(text); have != want {
			t.Errorf("%q becomes %q, want %q", text, have, want)
		}
	}
}

// Of the managers that own a part of a specification, the one that wrote last declared it; one of the status did not.
func TestSpecBy(t *testing.T) {
	managed := func(manager, fields string, minute int) metav1.ManagedFieldsEntry {
		at := metav1.NewTime(time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC))
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}
	}
	o := &unstructured.Unstructured{}
	if by := SpecBy(o); by != "" {
		t.Errorf("nobody is known: %q", by)
	}
	o.SetManagedFields([]metav1.ManagedFieldsEntry{
		managed("kubectl", `{"f:spec":{"f:mode":{}}}`, 1), managed("argocd", `{"f:spec":{"f:maxReplicas":{}}}`, 5),
		managed("helm", `{"f:spec":{"f:sources":{}}}`, 2), managed("lagscaler", `{"f:status":{"f:lag":{}}}`, 9),
	})
	if by := SpecBy(o); by != "argocd" {
		t.Errorf("%q", by)
	}
}
