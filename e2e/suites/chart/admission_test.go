package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// TestAPIServerTakesEverything: each values file, strictly validated by the API server itself, and its pods admitted where
// the restricted Pod Security Standard is enforced.
func TestAPIServerTakesEverything(t *testing.T) {
	t.Parallel()
	c := controlPlane(t)
	c.InstallCRDs(t, kube.ServiceMonitors, kube.PodMonitors, kube.PrometheusRules)
	ns := c.RestrictedNamespace(t)
	c.Apply(t, "default", "{apiVersion: v1, kind: Namespace, metadata: {name: kafka}}") // strimzi-values.yaml has a Role there
	for _, values := range valuesFiles(t) {
		t.Run(filepath.Base(values), func(t *testing.T) {
			t.Parallel()
			out, err := helm(t, "helm", "template", "x", folder, "--namespace="+ns, "--values="+values)
			if err != nil {
				t.Fatal(err)
			}
			admit(t, c, out)
			pods := as[corev1.Pod](t, documents(t, out), "Pod")
			template := deployment(t, documents(t, out)).Spec.Template
			pods = append(pods, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "one", Labels: template.Labels}, Spec: template.Spec})
			for _, p := range pods {
				p.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
				p.Namespace, p.Spec.ServiceAccountName = ns, "default" // the release's own is not there yet
				text, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				admit(t, c, string(text))
			}
		})
	}
}

// TestRestrictedRefusesOthers: the namespace does refuse pods that do not keep to the standard.
func TestRestrictedRefusesOthers(t *testing.T) {
	t.Parallel()
	c := controlPlane(t)
	pod := "{apiVersion: v1, kind: Pod, metadata: {name: root, namespace: %s}, spec: {containers: [{name: a, image: a}]}}"
	if _, err := dryRun(t, c, fmt.Sprintf(pod, c.RestrictedNamespace(t))); err == nil {
		t.Error("a pod that may be root was admitted")
	}
}

func admit(t *testing.T, c *kube.ControlPlane, manifest string) {
	t.Helper()
	if _, err := dryRun(t, c, manifest); err != nil {
		t.Error(err)
	}
}

func dryRun(t *testing.T, c *kube.ControlPlane, manifest string) (string, error) {
	t.Helper()
	return c.TryKubectl(t.Context(), manifest, "apply", "--dry-run=server", "--validate=strict", "--filename=-")
}

// TestConvertedScalersAreTaken: what `lagscaler convert` reads is what KEDA's definition takes, and what it writes what ours does.
func TestConvertedScalersAreTaken(t *testing.T) {
	t.Parallel()
	c := controlPlane(t)
	c.InstallCRDs(t, kube.ScaledObjects)
	path, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := filepath.Glob("../../../internal/keda/testdata/*.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	ns := c.Namespace(t)
	for _, in := range inputs {
		text, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := run(t.Context(), nil, path, "convert", in)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range items(t, append(documents(t, string(text)), documents(t, out)...)) {
			if o.GetKind() == "TriggerAuthentication" || o.GetKind() == "ScaledJob" {
				continue // their definitions are not here, and they are not read
			}
			o.SetNamespace(ns)
			unstructured.RemoveNestedField(o.Object, "spec", "surprise") // a field of a later version
			manifest, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			admit(t, c, string(manifest))
		}
	}
}

// items are the objects, those in lists included.
func items(t *testing.T, all []*unstructured.Unstructured) (found []*unstructured.Unstructured) {
	t.Helper()
	for _, o := range all {
		if !o.IsList() {
			found = append(found, o)
			continue
		}
		err := o.EachListItem(func(item runtime.Object) error {
			found = append(found, item.(*unstructured.Unstructured))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
