// Package keda runs KEDA's operator and its metrics adapter on a control plane, as programs of make keda.
package keda

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/internal/testcert"
)

// startLimit is how long KEDA may take to start: a few seconds on idle cores.
const startLimit = 2 * time.Minute

const apiService = "v1beta1.external.metrics.k8s.io"

// Start starts KEDA on a control plane; it ends with the test. A control plane has one at a time, and no other server for
// external.metrics.k8s.io. It skips the test where KEDA is not built, unless CI is true.
func Start(t *testing.T, c *kube.ControlPlane) {
	t.Helper()
	bin, err := built.Module("keda")
	built.Need(t, err)
	c.Kubectl(t, "apply", "--server-side", "--force-conflicts", "--filename="+filepath.Join(bin, "crds"))
	c.AwaitCRDs(t, filepath.Join(bin, "crds"))
	dir := t.TempDir()
	certificate(t, dir)
	var ports [6]int
	for i := range ports {
		if ports[i], err = child.Port(); err != nil {
			t.Fatal(err)
		}
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	c.Apply(t, "default", fmt.Sprintf(objects, apiService, ports[0]))
	kubeconfig := "--kubeconfig=" + c.Kubeconfig()
	operator := run(t, c, dir, filepath.Join(bin, "keda-operator"), "--cert-dir="+dir, "--enable-cert-rotation=false", "--enable-webhook-patching=false",
		"--enable-apiservice-patching=false", kubeconfig, "--metrics-bind-address="+at(1), "--health-probe-bind-address="+at(2),
		"--metrics-service-bind-address="+at(3))
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := child.Await(ctx, func(ctx context.Context) error { return child.Dial(ctx, at(3)) }, operator); err != nil {
		t.Fatalf("starting the operator: %v\n%s", err, operator.Tail(30))
	}
	adapter := run(t, c, dir, filepath.Join(bin, "keda-adapter"), fmt.Sprintf("--secure-port=%d", ports[0]), "--bind-address=127.0.0.1", "--cert-dir="+dir,
		"--tls-cert-file="+filepath.Join(dir, "tls.crt"), "--tls-private-key-file="+filepath.Join(dir, "tls.key"),
		fmt.Sprintf("--metrics-service-address=localhost:%d", ports[3]), fmt.Sprintf("--port=%d", ports[4]), kubeconfig,
		"--lister-kubeconfig="+c.Kubeconfig(), "--authentication-kubeconfig="+c.Kubeconfig(), "--authorization-kubeconfig="+c.Kubeconfig())
	if err := child.Await(ctx, func(ctx context.Context) error { return child.Dial(ctx, at(0)) }, adapter); err != nil {
		t.Fatalf("starting the adapter: %v\n%s", err, adapter.Tail(30))
	}
	c.Kubectl(t, "wait", "--for=condition=Available", "--timeout="+startLimit.String(), "apiservice/"+apiService)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of KEDA's logs:\n%s\n%s", operator.Tail(40), adapter.Tail(20))
		}
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		if _, err := c.TryKubectl(ctx, "", "delete", "apiservice", apiService); err != nil {
			t.Error(err)
		}
	})
}

// objects are KEDA's namespace and its API.
const objects = `
{apiVersion: v1, kind: Namespace, metadata: {name: keda}}
---
{apiVersion: v1, kind: Service, metadata: {name: keda-metrics}, spec: {type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: %s}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {namespace: default, name: keda-metrics, port: %d}
`

func run(t *testing.T, c *kube.ControlPlane, dir, path string, args ...string) *child.Process {
	t.Helper()
	name := filepath.Base(path)
	p, err := child.Start(child.Command{
		Path: path, Args: args, Dir: dir, Log: filepath.Join(dir, name+".log"),
		Env: []string{
			"HOME=" + dir, "KUBECONFIG=" + c.Kubeconfig(), "KEDA_CLUSTER_OBJECT_NAMESPACE=keda", "WATCH_NAMESPACE=", "POD_NAMESPACE=keda", "POD_NAME=" + name,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// certificate writes one self-signed pair, which the operator and the adapter use for each other.
func certificate(t *testing.T, dir string) {
	t.Helper()
	p, err := testcert.Self(x509.Certificate{
		Subject: pkix.Name{CommonName: "keda"}, DNSNames: []string{"localhost", "keda-operator.keda.svc"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"ca.crt": p.Cert, "tls.crt": p.Cert, "tls.key": p.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
