package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// TestWhoMayWriteKafkaScalers: both users may write KafkaScalers, and only one may update the scale of Deployments. It
// runs before the tests that run side by side: the policy holds in the whole cluster.
func TestWhoMayWriteKafkaScalers(t *testing.T) {
	c := kube.Shared(t)
	r := &release{ControlPlane: c, t: t, helm: "helm", ns: c.RestrictedNamespace(t), name: "guarded"}
	r.must("install", r.name, folder, "--values="+file(t, least), "--set=mode=act,replicas=0,rbac.targets[0].group=argoproj.io,rbac.targets[0].resource=rollouts")
	defer func() {
		r.must("uninstall", r.name)
		c.Kubectl(t, "delete", "crd", "kafkascalers.lagscaler.io")
	}()
	c.Kubectl(t, "create", "role", "writer", "--namespace="+r.ns, "--verb=get,create,update,patch,delete", "--resource=kafkascalers.lagscaler.io")
	c.Kubectl(t, "create", "rolebinding", "writer", "--namespace="+r.ns, "--role=writer", "--user=alice", "--user=bob")
	c.Kubectl(t, "create", "role", "scaler", "--namespace="+r.ns, "--verb=update", "--resource=deployments.apps/scale")
	c.Kubectl(t, "create", "rolebinding", "scaler", "--namespace="+r.ns, "--role=scaler", "--user=alice")
	apply := func(user, spec string, more ...string) error {
		manifest := fmt.Sprintf("apiVersion: lagscaler.io/v1alpha1\nkind: KafkaScaler\nmetadata: {name: %s}\nspec: {sources: [{cluster: main, group: orders}], %s}\n", user, spec)
		args := append([]string{"apply", "--server-side", "--force-conflicts", "--namespace=" + r.ns, "--as=" + user, "--filename=-"}, more...)
		_, err := c.TryKubectl(t.Context(), manifest, args...)
		return err
	}
	const worker = "scaleTargetRef: {name: worker}"
	awaitPolicy(t, func() error { return apply("bob", worker, "--dry-run=server") })
	for _, step := range []struct {
		user, spec, refused string
	}{
		{"bob", worker, "bob may not update deployments/scale"},
		{"bob", worker + ", mode: act", "bob may not update deployments/scale"},
		{"bob", worker + ", mode: advise", ""},
		{"bob", worker + ", mode: advise, maxReplicas: 7", ""},
		{"bob", worker + ", mode: act, maxReplicas: 7", "may not"},
		{"alice", worker + ", mode: act", ""},
		{"alice", worker + ", mode: act, maxReplicas: 7", ""},
		{"alice", "scaleTargetRef: {kind: StatefulSet, name: worker}, mode: act", "statefulsets/scale"},
		{"alice", "scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: worker}, mode: act", "rollouts/scale"},
		{"alice", "scaleTargetRef: {apiVersion: example.com/v1, kind: Fleet, name: worker}, mode: act", `*/scale of the API group "example.com"`},
	} {
		err := apply(step.user, step.spec)
		if (err == nil) != (step.refused == "") || err != nil && !strings.Contains(err.Error(), step.refused) {
			t.Errorf("%s, {%s}: %v, want %q", step.user, step.spec, err, step.refused)
		}
	}
	// Bob changes what scales nothing, on a scaler that acts.
	for _, change := range [][]string{
		{"label", "owner=bob"},
		{"annotate", "note=1"},
		{"patch", "--type=merge", `--patch={"spec": {"slo": {"lagTime": "1m"}}}`},
		{"patch", "--type=merge", `--patch={"metadata": {"finalizers": ["example.com/x"]}}`},
		{"patch", "--type=merge", `--patch={"metadata": {"finalizers": []}}`},
	} {
		args := append([]string{change[0], "kafkascaler", "alice", "--namespace=" + r.ns, "--as=bob"}, change[1:]...)
		if _, err := c.TryKubectl(t.Context(), "", args...); err != nil {
			t.Errorf("%v: %v", change, err)
		}
	}
	if _, err := c.TryKubectl(t.Context(), "", "annotate", "kafkascaler", "alice", "--namespace="+r.ns, "--as=bob", "lagscaler.io/fixed-replicas=9"); err == nil {
		t.Error("bob set the replicas by an annotation")
	}
	// What lagscaler itself writes passes: its account may write no KafkaScaler, but the status.
	client, err := dynamic.NewForConfig(c.ConfigFor(c.TokenFor(t, r.ns, r.name+"-lagscaler")))
	if err != nil {
		t.Fatal(err)
	}
	scalers := schema.GroupVersionResource{Group: "lagscaler.io", Version: "v1alpha1", Resource: "kafkascalers"}
	_, err = client.Resource(scalers).Namespace(r.ns).
		Patch(t.Context(), "alice", types.MergePatchType, []byte(`{"status": {"currentReplicas": 3}}`), metav1.PatchOptions{}, "status")
	if err != nil {
		t.Error(err)
	}
}

// awaitPolicy waits until the API server knows the policy, which takes it a moment.
func awaitPolicy(t *testing.T, refused func() error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); refused() == nil; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the policy is not in force after a minute")
		}
	}
}
