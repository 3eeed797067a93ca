package config

import (
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
