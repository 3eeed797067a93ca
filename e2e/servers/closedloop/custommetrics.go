package closedloop

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/lagscaler/lagscaler/internal/testcert"
)

const (
	customMetricsService = "custom-metrics.default.svc" // the name under which the API server asks
	customMetricsAPI     = "v1beta2.custom.metrics.k8s.io"
)

// CustomMetrics lets the daemons that are started from now on serve custom.metrics.k8s.io, each at an address of its own, and returns
// the authority of their certificate.
func (s *Loop) CustomMetrics() (authority []byte) {
	s.t.Helper()
	p, err := testcert.Self(x509.Certificate{DNSNames: []string{customMetricsService}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Daemon.CustomCert, s.Daemon.CustomMetrics = filepath.Join(s.t.TempDir(), "tls.pem"), Address(s.t)
	if err := os.WriteFile(s.Daemon.CustomCert, p.File(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return p.Cert
}

// RegisterCustomMetrics registers an address with the API server, as the chart does, and gives the program its rights. The API server
// dials the external name itself, so that no pod is needed.
func (s *Loop) RegisterCustomMetrics(address string, authority []byte) {
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
metadata: {name: `+customMetricsAPI+`}
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
		if _, err := s.TryKubectl(ctx, "", "delete", "apiservice", customMetricsAPI); err != nil {
			s.t.Error(err)
		}
	})
	s.Kubectl(s.t, "wait", "--for=condition=Available", "--timeout=2m", "apiservice/"+customMetricsAPI)
}
