package chart

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

const (
	folder = "../../../charts/lagscaler"
	older  = "testdata/older" // an earlier version of the chart
)

// least is the smallest configuration.
const least = "config: {clusters: [{name: main, brokers: ['127.0.0.1:1']}]}\n"

// helms are the versions of Helm that the chart is for, by the name of their program.
var helms = []string{"helm", "helm3"}

// tool is the path of a built program.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := built.Tool(name)
	built.Need(t, err)
	return path
}

// run runs a program; its output is both streams when it fails.
func run(ctx context.Context, env []string, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String() + stderr.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// helm runs Helm with folders of its own, so that nothing of the user's is read or written.
func helm(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	home := t.TempDir()
	return run(t.Context(), []string{"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}, tool(t, name), args...)
}

// file writes a values file.
func file(t *testing.T, values string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// render is what the chart makes of values, in the namespace streams.
func render(t *testing.T, args ...string) []*unstructured.Unstructured {
	t.Helper()
	out, err := helm(t, "helm", append([]string{"template", "x", folder, "--namespace=streams"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return documents(t, out)
}

func documents(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		var o unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if len(o.Object) > 0 {
			all = append(all, &o)
		}
	}
	return all
}

// as finds the objects of a kind, in their own type.
func as[T any](t *testing.T, all []*unstructured.Unstructured, kind string) []T {
	t.Helper()
	var found []T
	for _, o := range all {
		if o.GetKind() != kind {
			continue
		}
		var typed T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &typed); err != nil {
			t.Fatal(err)
		}
		found = append(found, typed)
	}
	return found
}

// valuesFiles are the examples that the chart carries.
func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(folder + "/ci/*-values.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d values files, %v", len(files), err)
	}
	slices.Sort(files)
	return files
}

// release is an installed chart.
type release struct {
	*kube.ControlPlane
	t        *testing.T
	helm     string // the program
	ns, name string
}

// helm runs Helm against the control plane, in the release's namespace.
func (r *release) run(args ...string) (string, error) {
	r.t.Helper()
	return helm(r.t, r.helm, append(args, "--kubeconfig="+r.Kubeconfig(), "--namespace="+r.ns)...)
}

// must is run, and ends the test when that fails.
func (r *release) must(args ...string) string {
	r.t.Helper()
	out, err := r.run(args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// exists says whether an object is there.
func (r *release) exists(kind, name string) bool {
	r.t.Helper()
	out := r.Kubectl(r.t, "get", kind, "--ignore-not-found", "--output=name", "--namespace="+r.ns, name)
	return out != ""
}
