package scale

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/internal/testcert"
	"github.com/lagscaler/lagscaler/scaler"
)

// customMetricsService is the name under which the API server asks.
const customMetricsService = "custom-metrics.default.svc"

// certificateOf writes a certificate for that name, and its key, into one file, and returns the certificate alone, too.
func certificateOf(t *testing.T, name string) (file string, cert []byte) {
	t.Helper()
	p, err := testcert.Self(x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "tls.pem")
	if err := os.WriteFile(file, p.File(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, p.Cert
}

// customMetricsAPI registers an address with the API server, as the chart does, and gives the program its rights. The API server
// dials the external name itself, so that no pod is needed.
func (s *scenario) customMetricsAPI(address string, authority []byte) {
	s.t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Apply(s.t, "default", fmt.Sprintf(`
{apiVersion: v1, kind: Service, metadata: {name: custom-metrics}, spec: {type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta2.custom.metrics.k8s.io}
spec:
  group: custom.metrics.k8s.io
  version: v1beta2
  groupPriorityMinimum: 100
  versionPriority: 200
  caBundle: %s
  service: {namespace: default, name: custom-metrics, port: %s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: custom-metrics-%s}
rules: [{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: custom-metrics-%[3]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: custom-metrics-%[3]s}
subjects: [{kind: ServiceAccount, name: lagscaler, namespace: %[3]s}]
`, base64.StdEncoding.EncodeToString(authority), port, s.NS))
	s.Apply(s.t, "kube-system", fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: custom-metrics-%s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: lagscaler, namespace: %[1]s}]
`, s.NS))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.TryKubectl(ctx, "", "delete", "apiservice", "v1beta2.custom.metrics.k8s.io"); err != nil {
			s.t.Error(err)
		}
	})
}

// A plain HPA asks the API server, which asks lagscaler: it makes the replicas that lagscaler decides, up and down. Every question goes to
// the replica that does not lead, also after the leader is killed.
func TestAnHPAAsksLagscaler(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Mode: scaler.Advise, Scaler: func(s *closedloop.Loop) string {
		return strings.Replace(s.Scaler(), "mode: act", "mode: advise\n  maxReplicas: 6", 1) + `
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: worker}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
  minReplicas: 1
  maxReplicas: 12
  metrics:
  - type: Object
    object:
      describedObject: {apiVersion: lagscaler.io/v1alpha1, kind: KafkaScaler, name: orders}
      metric: {name: replicas}
      target: {type: AverageValue, averageValue: "1"}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 15}]}
    scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 100, periodSeconds: 15}]}
`
	}})
	file, authority := certificateOf(t, customMetricsService)
	s.Daemon.CustomCert, s.Daemon.ExternalScaler, s.Daemon.CustomMetrics = file, closedloop.Address(t), closedloop.Address(t)
	leader := s.start()
	await(t, "a leader", func() error { return leader.Leads() })
	s.Daemon.Identity, s.Daemon.ExternalScaler, s.Daemon.CustomMetrics = "second", closedloop.Address(t), closedloop.Address(t)
	follower := s.start()
	s.customMetricsAPI(s.Daemon.CustomMetrics, authority)
	s.Kubectl(t, "wait", "--for=condition=Available", "--timeout=2m", "apiservice/v1beta2.custom.metrics.k8s.io")
	const path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/%s/kafkascalers.lagscaler.io/orders/replicas"
	await(t, "the metric", func() error {
		answer, err := s.TryKubectl(t.Context(), "", "get", "--raw", fmt.Sprintf(path, s.NS))
		if err == nil && !strings.Contains(string(answer), `"value":"1"`) {
			err = fmt.Errorf("it is %s", answer)
		}
		return err
	})
	if answer, err := s.TryKubectl(t.Context(), "", "get", "--raw", fmt.Sprintf(path, s.NS), "--as=anna"); err == nil {
		t.Errorf("a user without rights reads the metric: %s", answer)
	}

	s.Load.Set(200) // 4 consumers do 200/s
	s.awaitSize("4 replicas or more", atLeast(4))
	s.Load.Set(40)
	s.awaitSize("fewer replicas", func(n int32) bool { return n <= 2 })
	s.CheckAnswered(t, leader)
	leader.Kill()
	await(t, "the second to lead", func() error { return follower.Leads() })
	s.Load.Set(150)
	s.awaitSize("3 replicas or more", atLeast(3))
	s.CheckAnswered(t, follower)
}
