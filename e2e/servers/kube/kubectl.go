package kube

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
)

// CRDFile names the CustomResourceDefinitions of others that are at hand.
type CRDFile string

// What lagscaler and its chart meet in real clusters.
const (
	ScaledObjects   CRDFile = "keda.sh_scaledobjects.yaml"
	ServiceMonitors CRDFile = "monitoring.coreos.com_servicemonitors.yaml"
	PodMonitors     CRDFile = "monitoring.coreos.com_podmonitors.yaml"
	PrometheusRules CRDFile = "monitoring.coreos.com_prometheusrules.yaml"
)

// KubectlPath is where kubectl is.
func (c *ControlPlane) KubectlPath() string { return filepath.Join(c.bin, "kubectl") }

// Kubectl runs kubectl as the administrator and returns what it wrote to
// standard output. That it fails ends the test.
func (c *ControlPlane) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := c.TryKubectl(t.Context(), "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Apply applies a manifest: YAML or JSON, one document or several.
func (c *ControlPlane) Apply(t testing.TB, namespace, manifest string) {
	t.Helper()
	if _, err := c.TryKubectl(t.Context(), manifest, "apply", "--server-side", "--namespace="+namespace, "--filename=-"); err != nil {
		t.Fatal(err)
	}
}

// TryKubectl runs kubectl as the administrator with the text as its standard
// input. The error carries what kubectl wrote to standard error.
func (c *ControlPlane) TryKubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.KubectlPath(), append([]string{"--kubeconfig=" + c.Kubeconfig()}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(cmd.Environ(), "HOME="+c.Dir) // for its cache
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// InstallCRDs installs CustomResourceDefinitions of others and waits until the
// apiserver serves them.
func (c *ControlPlane) InstallCRDs(t testing.TB, files ...CRDFile) {
	t.Helper()
	for _, file := range files {
		c.installCRDs(t, filepath.Join(c.bin, "crds", string(file)))
	}
}

// InstallKafkaScalers installs the CustomResourceDefinition of KafkaScalers and
// waits until the apiserver serves it.
func (c *ControlPlane) InstallKafkaScalers(t testing.TB) {
	t.Helper()
	checkout, err := built.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	c.installCRDs(t, filepath.Join(checkout, "scaler", "kube", "crd"))
}

func (c *ControlPlane) installCRDs(t testing.TB, path string) {
	t.Helper()
	c.Kubectl(t, "apply", "--server-side", "--filename="+path)
	c.AwaitCRDs(t, path)
}

// AwaitCRDs waits until the apiserver serves the CustomResourceDefinitions in a
// file or folder.
func (c *ControlPlane) AwaitCRDs(t testing.TB, path string) {
	t.Helper()
	limit := "--timeout=" + (30 * time.Second).String()
	c.Kubectl(t, "wait", "--for=condition=Established", limit, "--filename="+path)
}
