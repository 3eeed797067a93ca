package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseScaler(t *testing.T) {
	env := Env{Name: "scaler.yaml", Lookup: func(string) (string, bool) { return "", false }}
	s, err := parseScaler([]byte(`
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: orders, namespace: shop, labels: {team: a}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: orders}
  sources: [{cluster: main, group: orders, processingTime: 50ms}]
  targetLag: 20s
`), env)
	if err != nil || s.Scaler().TargetLag != 20*time.Second || s.Scaler().Sources[0].ProcessingTime != 50*time.Millisecond {
		t.Errorf("%+v, %v", s, err)
	}
	for _, c := range []struct{ text, want string }{
		{"kind: KafkaScaler", "spec: is missing"},
		{"spec: {sources: [{cluster: main, group: orders}], preset: fast, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}", "spec.preset"},
		{"spec: {targetlag: 1s}", "targetlag"},
		{"", "empty"},
	} {
		_, err := parseScaler([]byte(c.text), env)
		var problems *Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
