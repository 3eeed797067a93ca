package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// TestScalersHaveTheFieldsOfKafkaScalers: scalers in the file and the custom resource have the same fields, at every depth.
func TestScalersHaveTheFieldsOfKafkaScalers(t *testing.T) {
	compareFields(t, "spec", reflect.TypeFor[ScalerSpec](), reflect.TypeFor[v1alpha1.KafkaScalerSpec]())
}

func compareFields(t *testing.T, path string, ours, theirs reflect.Type) {
	t.Helper()
	ours, theirs = element(ours), element(theirs)
	if ours.Kind() != reflect.Struct || leaf(ours) {
		return
	}
	fields := map[string]reflect.Type{}
	for i := range theirs.NumField() {
		name, _, _ := strings.Cut(theirs.Field(i).Tag.Get("json"), ",")
		fields[name] = theirs.Field(i).Type
	}
	for i := range ours.NumField() {
		name := ours.Field(i).Tag.Get("yaml")
		if _, ok := fields[name]; !ok {
			t.Errorf("%s.%s is in the file, but not in the resource", path, name)
			continue
		}
		compareFields(t, path+"."+name, ours.Field(i).Type, fields[name])
		delete(fields, name)
	}
	for name := range fields {
		t.Errorf("%s.%s is in the resource, but not in the file", path, name)
	}
}

func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// A KafkaScaler that is accepted has a policy; one that is refused names the fields.
func FuzzParseScaler(f *testing.F) {
	f.Add("spec: {scaleTargetRef: {name: worker}, sources: [{cluster: main, group: orders, topics: [a], processingTime: 50ms}], minReplicas: 0}")
	f.Add("spec: {schedule: [{start: 0 8 * * 1-5, end: 0 18 * * 1-5, timeZone: Europe/Berlin, minReplicas: 7}], maxReplicas: -1}")
	f.Add("spec: &a [*a]")
	f.Add("spec: {targetLag: 9223372036854775807ns, slo: {churn: .nan}}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseScaler([]byte(text), testEnv())
		if err == nil {
			if _, err := s.Scaler().Policy(); err != nil {
				t.Errorf("accepted, but has no policy: %v", err)
			}
			return
		}
		var wrong *Problems
		if !errors.As(err, &wrong) || len(wrong.All) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		for _, p := range wrong.All {
			if p.Message == "" {
				t.Errorf("has no message: %+v", p)
			}
		}
	})
}
