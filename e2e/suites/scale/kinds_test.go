package scale

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/scaler"
)

// Fleets keep their replicas under a name of their own; only their scale subresource knows.
const fleets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fleets.example.com}
spec:
  group: example.com
  names: {kind: Fleet, plural: fleets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    subresources: {scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
`

// A StatefulSet and a kind that nobody has heard of are scaled like a Deployment.
func TestOtherKinds(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, apiVersion, object, size string }{
		{"Fleet", "example.com/v1", "spec: {size: 1}", "{.spec.size}"},
		{"StatefulSet", "apps/v1", `spec:
  replicas: 1
  serviceName: other
  selector: {matchLabels: {app: other}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: a, image: a}]}}`, "{.spec.replicas}"},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{Partitions: 1, WithoutConsumer: func(string) bool { return true }, Scaler: func(s *closedloop.Loop) string {
				s.Apply(t, "default", fleets)
				s.Kubectl(t, "wait", "--for=condition=Established", "crd/fleets.example.com")
				s.Apply(t, s.NS, fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: other}\n%s\n", tt.apiVersion, tt.kind, tt.object))
				to := fmt.Sprintf("{apiVersion: %s, kind: %s, name: other}", tt.apiVersion, tt.kind)
				text := strings.Replace(s.Scaler(), "{name: "+workload+"}", to, 1)
				return strings.Replace(text, "{name: "+scalerName+"}", "{name: "+scalerName+`, annotations: {lagscaler.io/fixed-replicas: "3"}}`, 1)
			}})
			s.Kubectl(t, "create", "role", "fleets", "--namespace="+s.NS, "--verb=list,watch", "--resource=fleets.example.com")
			s.Kubectl(t, "create", "rolebinding", "fleets", "--namespace="+s.NS, "--role=fleets", "--serviceaccount="+s.NS+":lagscaler")
			s.Kubectl(t, "create", "role", "fleets-scale", "--namespace="+s.NS, "--verb=get,update", "--resource=fleets.example.com/scale")
			s.Kubectl(t, "create", "rolebinding", "fleets-scale", "--namespace="+s.NS, "--role=fleets-scale", "--serviceaccount="+s.NS+":lagscaler")
			d := s.start()
			s.awaitDecision(d, "the operator's three", func(got scalerReport) bool {
				return got.Workload.Found && got.Workload.HasScale && got.Decision.Current == 3 && got.Decision.Verdict != scaler.TargetNotFound
			})
			if got := s.Kubectl(t, "get", strings.ToLower(tt.kind), "other", "--namespace="+s.NS, "--output=jsonpath="+tt.size); got != "3" {
				t.Errorf("its size is %s", got)
			}
		})
	}
}
