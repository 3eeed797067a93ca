package watch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
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

// Whatever somebody writes into the annotations of a freeze, it freezes what the table of FreezeOf says, and its words are one line.
func FuzzFreeze(f *testing.F) {
	f.Add("down", true, "2026-12-01T06:00:00Z", true, "the cluster is moved", `{"f:metadata":{"f:annotations":{"f:lagscaler.io/freeze":{}}}}`)
	f.Add("false", true, "", false, "", "{}")
	f.Add("dwon", false, "tomorrow\n", true, "\x1b[31m\xff", "{")
	f.Add("", false, "9999999-12-01T06:00:00Z", true, strings.Repeat("ä", 300), `{"f:metadata":null}`)
	at := metav1.NewTime(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	f.Fuzz(func(t *testing.T, value string, dated bool, until string, says bool, why, fields string) {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		annotations := map[string]string{v1alpha1.AnnotationFreeze: value, v1alpha1.AnnotationFreezeReason: why}
		if says {
			annotations[v1alpha1.AnnotationFreezeUntil] = until
		}
		o.SetAnnotations(annotations)
		if json.Valid([]byte(fields)) {
			entry := metav1.ManagedFieldsEntry{Manager: "kubectl-annotate", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}
			if dated {
				entry.Time = &at
			}
			o.SetManagedFields([]metav1.ManagedFieldsEntry{entry})
		}
		freeze := FreezeOf(o, "Deployment a")
		if freeze == nil {
			if value != "false" {
				t.Errorf("%q freezes nothing", value)
			}
			return
		}
		if stops := freeze.Stops == seen.StopsDown; value == "false" || stops != (value == "down") {
			t.Errorf("%q freezes %v", value, freeze.Stops)
		}
		for _, text := range []string{freeze.By, freeze.Why} {
			if n := len([]rune(text)); n > 3*longest || strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
				t.Errorf("%d characters: %q", n, text)
			}
		}
		if end := inForce(at.Time, freeze); end != nil && !at.Time.Before(end.Until) {
			t.Errorf("in force until %v", end.Until)
		}
	})
}
