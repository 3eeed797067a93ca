package watch

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// forgottenAfter is how long a freeze lasts whose author does not say when it ends: a switch that somebody forgot ends then.
const forgottenAfter = 24 * time.Hour

// FreezeOf is the freeze that an object's annotations ask for; nil: none. Any value but down and false freezes everything, so that
// a typing error never lets a write through. An object without managed fields does not say when it was frozen: its freeze has no
// end until they are there, which every API server sees to.
//
//	lagscaler.io/freeze         lagscaler.io/freeze-until   freezes
//	down                        2026-12-01T06:00:00Z        scale downs until then
//	all, true, "", dwon         2026-12-01T06:00:00Z        every write until then
//	down                        none, or no time            scale downs, for 24 h after the annotation was written
//	false                       any                         nothing
func FreezeOf(o metav1.Object, what string) *seen.Freeze {
	annotations := o.GetAnnotations()
	value, ok := annotations[v1alpha1.AnnotationFreeze]
	if !ok || value == "false" {
		return nil
	}
	manager, written := annotatedBy(o)
	f := &seen.Freeze{Stops: seen.StopsAll, By: what, Why: oneLine(annotations[v1alpha1.AnnotationFreezeReason])}
	if value == string(seen.StopsDown) {
		f.Stops = seen.StopsDown
	}
	if manager != "" {
		f.By += ", by " + manager
	}
	text, says := annotations[v1alpha1.AnnotationFreezeUntil]
	until, err := time.Parse(time.RFC3339, text)
	if says && err == nil {
		f.Until = until
		return f
	}
	if !written.IsZero() {
		f.Until = written.Add(forgottenAfter)
	}
	if says {
		f.By += fmt.Sprintf("; %s %q is not a time such as 2026-12-01T06:00:00Z, so 24 h count", v1alpha1.AnnotationFreezeUntil, oneLine(text))
	}
	return f
}

// longest is how many characters of a text of others a decision repeats.
const longest = 200

// oneLine is a text of others as a decision may repeat it: in one line, without control characters, and not too long.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}

// annotatedBy is the field manager that wrote the freeze of an object, and when it last wrote.
func annotatedBy(o metav1.Object) (manager string, at time.Time) {
	return lastOf(o, func(f *ownedFields) bool { return f.Metadata.Annotations["f:"+v1alpha1.AnnotationFreeze] != nil })
}

// SpecBy is the field manager that last wrote a part of the specification of an object; empty: not known.
func SpecBy(o metav1.Object) string {
	manager, _ := lastOf(o, func(f *ownedFields) bool { return f.Spec != nil })
	return manager
}

// ownedFields are the fields of an object that a manager owns, as far as they are looked at.
type ownedFields struct {
	Spec     json.RawMessage `json:"f:spec"`
	Metadata struct {
		Annotations map[string]json.RawMessage `json:"f:annotations"`
	} `json:"f:metadata"`
}

// lastOf is the manager of those that own some fields which wrote last.
func lastOf(o metav1.Object, owns func(*ownedFields) bool) (manager string, at time.Time) {
	for _, m := range o.GetManagedFields() {
		if m.FieldsV1 == nil || m.Time == nil {
			continue
		}
		var fields ownedFields
		if json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) == nil && owns(&fields) && m.Time.After(at) {
			manager, at = m.Manager, m.Time.Time
		}
	}
	return manager, at
}

// inForce are the freezes that have not ended. One without an end ends 24 h from now.
func inForce(now time.Time, all ...*seen.Freeze) *seen.Freeze {
	var left []seen.Freeze
	for _, f := range all {
		if f == nil {
			continue
		}
		one := *f
		if one.Until.IsZero() {
			one.Until = now.Add(forgottenAfter)
		}
		if now.Before(one.Until) {
			left = append(left, one)
		}
	}
	return seen.InForce(left)
}
