package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const smallest = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: orders}
spec:
  scaleTargetRef: {name: worker}
  sources:
  - {cluster: main, group: orders}
`

func TestTheSmallestScalerIsAccepted(t *testing.T) {
	c := controlPlane(t)
	ns := c.Namespace(t)
	c.Apply(t, ns, smallest)
	if got := c.Kubectl(t, "get", "kafkascaler", "orders", "--namespace="+ns, "--output=jsonpath={.spec.scaleTargetRef}"); got != `{"apiVersion":"apps/v1","kind":"Deployment","name":"worker"}` {
		t.Errorf("the target became %s", got)
	}
	header, _, _ := strings.Cut(c.Kubectl(t, "get", "kafkascalers", "--namespace="+ns), "\n")
	if got := strings.Join(strings.Fields(header), " "); got != "NAME TARGET GROUP READY LAG TIME LAG REPLICAS DESIRED REASON MODE AGE" {
		t.Errorf("columns %s", got)
	}
	await(t, "kubectl to explain a field", func() error {
		got, err := c.TryKubectl(t.Context(), "", "explain", "kafkascaler.spec.targetLag")
		if err == nil && !strings.Contains(got, "The maximum age of a record until it is processed") {
			err = errors.New(got)
		}
		return err
	})
}

// fluxNames has only the names of Flux's Kustomization.
const fluxNames = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kustomizations.kustomize.toolkit.fluxcd.io}
spec:
  group: kustomize.toolkit.fluxcd.io
  scope: Namespaced
  names: {kind: Kustomization, listKind: KustomizationList, plural: kustomizations, singular: kustomization, shortNames: [ks]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// A short name belongs to one kind: kubectl warns about a name that two groups have, and the alphabet decides between them.
func TestShortName(t *testing.T) {
	c := controlPlane(t)
	ns := c.Namespace(t)
	file := filepath.Join(t.TempDir(), "flux.yaml")
	if err := os.WriteFile(file, []byte(fluxNames), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Kubectl(t, "apply", "--filename="+file)
	t.Cleanup(func() {
		if _, err := c.TryKubectl(context.Background(), "", "delete", "--filename="+file); err != nil {
			t.Error(err)
		}
	})
	c.AwaitCRDs(t, file)
	for short, want := range map[string]string{
		"ks":      "kustomizations.kustomize.toolkit.fluxcd.io",
		"kscaler": "kafkascalers.lagscaler.io",
	} {
		await(t, short+" to be "+want, func() error {
			out, err := exec.CommandContext(t.Context(), c.KubectlPath(), "--kubeconfig="+c.Kubeconfig(), "--cache-dir="+t.TempDir(),
				"get", short, "--namespace="+ns, "--v=6").CombinedOutput()
			plural, group, _ := strings.Cut(want, ".")
			if text := string(out); err != nil {
				return fmt.Errorf("%w: %s", err, text)
			} else if strings.Contains(text, "could also match") || !strings.Contains(text, "/apis/"+group+"/") || !strings.Contains(text, "/"+plural+"?") {
				return errors.New(text)
			}
			return nil
		})
	}
}

// What is wrong is refused by the API server itself, with the field named.
func TestInvalidScalersAreRefused(t *testing.T) {
	c := controlPlane(t)
	ns := c.Namespace(t)
	spec := func(more string) string { return smallest + more }
	source := func(more string) string {
		return strings.Replace(smallest, "group: orders}", "group: orders, "+more+"}", 1)
	}
	tests := []struct{ name, manifest, field, says string }{
		{"no target", strings.Replace(smallest, "scaleTargetRef: {name: worker}", "", 1), "spec.scaleTargetRef", "Required"},
		{"no name of the target", strings.Replace(smallest, "name: worker", "kind: Deployment", 1), "spec.scaleTargetRef.name", "Required"},
		{"a kind in lower case", strings.Replace(smallest, "name: worker", "name: worker, kind: deployment", 1), "spec.scaleTargetRef.kind", "should match"},
		{"no source", strings.Replace(smallest, "\n  - {cluster: main, group: orders}", " []", 1), "spec.sources", "at least 1"},
		{"no group", strings.Replace(smallest, ", group: orders", "", 1), "spec.sources[0].group", "Required"},
		{"an empty group", strings.Replace(smallest, "group: orders", `group: ""`, 1), "spec.sources[0].group", "at least 1"},
		{"a group twice", spec("  - {cluster: main, group: orders}\n"), "spec.sources[1]", "Duplicate"},
		{"a copy of a cluster that is no source", spec("  - {cluster: west, group: orders, standbyFor: {cluster: east}}\n"), "spec.sources", "another source"},
		{"a copy of another group", spec("  - {cluster: west, group: refunds, standbyFor: {cluster: main}}\n"), "spec.sources", "another source"},
		{"a share of everything", strings.Replace(smallest, "  sources:", "  place: {share: 100}\n  sources:", 1), "spec.place.share", "less than or equal to 99"},
		{"topics and a pattern", source(`topics: [a], topicPattern: "b.*"`), "spec.sources[0].topicPattern", "exclude each other"},
		{"a pattern that is none", source(`topicPattern: "a("`), "spec.sources[0].topicPattern", "error parsing regexp"},
		{"no processing time", source("processingTime: 0s"), "spec.sources[0].processingTime", "must be more than 0s"},
		{"a number for a time", source("processingTime: 50"), "spec.sources[0].processingTime", "must be of type string"},
		{"a time without a unit", source(`processingTime: "50"`), "spec.sources[0].processingTime", "should match"},
		{"no concurrency", source("concurrency: 0"), "spec.sources[0].concurrency", "greater than or equal to 1"},
		{"a session of no time", source("sessionTimeout: 0s"), "spec.sources[0].sessionTimeout", "must be more than 0s and at most 1h"},
		{"no consumer in a replica", source("consumersPerReplica: 0"), "spec.sources[0].consumersPerReplica", "greater than or equal to 1"},
		{"another isolation", source("isolation: serializable"), "spec.sources[0].isolation", "Unsupported value"},
		{"fewer than none", spec("  minReplicas: -1\n"), "spec.minReplicas", "greater than or equal to 0"},
		{"none at most", spec("  maxReplicas: 0\n"), "spec.maxReplicas", "greater than or equal to 1"},
		{"min above max", spec("  minReplicas: 5\n  maxReplicas: 3\n"), "spec.maxReplicas", "must not exceed maxReplicas"},
		{"fallback above max", spec("  fallbackReplicas: 5\n  maxReplicas: 3\n"), "spec.fallbackReplicas", "must not exceed maxReplicas"},
		{"a window above max", spec("  maxReplicas: 3\n  schedule: [{start: 0 8 * * *, end: 0 9 * * *, minReplicas: 4}]\n"), "spec.schedule", "may exceed maxReplicas"},
		{"half a cron", spec("  schedule: [{start: 0 8 *, end: 0 9 * * *, minReplicas: 1}]\n"), "spec.schedule[0].start", "should match"},
		{"a window without its minimum", spec("  schedule: [{start: 0 8 * * *, end: 0 9 * * *}]\n"), "spec.schedule[0].minReplicas", "Required"},
		{"another mode", spec("  mode: auto\n"), "spec.mode", "Unsupported value"},
		{"another policy", spec("  policy: magic\n"), "spec.policy", "Unsupported value"},
		{"another preset", spec("  preset: cheap\n"), "spec.preset", "Unsupported value"},
		{"another end", spec("  onDelete: explode\n"), "spec.onDelete", "Unsupported value"},
		{"no target lag", spec("  targetLag: 0s\n"), "spec.targetLag", "must be between 1s and 24h"},
		{"a share above one", spec("  slo: {churn: 1.5}\n"), "spec.slo.churn", "less than or equal to 1"},
		{"a field that is none", spec("  maxReplica: 3\n"), "spec.maxReplica", "unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.TryKubectl(t.Context(), tt.manifest, "create", "--namespace="+ns, "--filename=-", "--dry-run=server", "--validate=strict")
			if err == nil {
				t.Fatalf("accepted\n%s", tt.manifest)
			}
			if !strings.Contains(err.Error(), tt.field) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("it says %v\nwant %q and %q", err, tt.field, tt.says)
			}
		})
	}
}
