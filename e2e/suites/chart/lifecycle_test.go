package chart

import (
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

const kafkaScaler = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: orders}
spec:
  scaleTargetRef: {name: worker}
  sources: [{cluster: main, group: orders}]
`

// newer uses what only the newer definition knows.
const newer = kafkaScaler + "  slo: {lagTime: 30s}\n"

// TestLifecycle: installed from an earlier chart, upgraded, rolled back, uninstalled. The definition of KafkaScalers goes
// along, and neither it nor an object is ever lost. It comes before everything that runs side by side: there is one
// definition in a cluster.
func TestLifecycle(t *testing.T) {
	for _, name := range helms {
		t.Run(name, func(t *testing.T) {
			c := kube.Shared(t)
			r := &release{ControlPlane: c, t: t, helm: name, ns: c.RestrictedNamespace(t), name: "lagscaler"}
			values := "--values=" + file(t, least)
			r.must("install", r.name, older, values, "--wait", "--timeout=2m")
			c.AwaitReady(t, r.ns, r.name, 2)
			c.Apply(t, r.ns, kafkaScaler)
			if _, err := c.TryKubectl(t.Context(), newer, "apply", "--dry-run=server", "--validate=strict", "--namespace="+r.ns, "--filename=-"); err == nil {
				t.Error("the earlier definition takes what only the newer one knows")
			}

			notes := r.must("upgrade", r.name, folder, values, "--set=mode=act", "--wait", "--timeout=2m")
			if !strings.Contains(notes, "it changes the replicas of the targets of KafkaScalers") {
				t.Errorf("the notes say %s", notes)
			}
			c.AwaitReady(t, r.ns, r.name, 2)
			c.Apply(t, r.ns, newer)

			r.must("rollback", r.name, "1", "--wait", "--timeout=2m")
			c.AwaitReady(t, r.ns, r.name, 2)
			if got := c.Kubectl(t, "get", "configmap", r.name, "--namespace="+r.ns, "--output=yaml"); !strings.Contains(got, "mode: advise") {
				t.Errorf("rolled back, the configuration is %s", got)
			}
			if !r.exists("kafkascaler", "orders") {
				t.Error("the rollback lost a KafkaScaler")
			}

			r.must("uninstall", r.name)
			if !r.exists("crd", "kafkascalers.lagscaler.io") || !r.exists("kafkascaler", "orders") {
				t.Error("uninstalling removed the definition or its objects")
			}
			if r.exists("deployment", r.name) || r.exists("clusterrole", r.name+"-"+r.ns) {
				t.Error("uninstalling left something behind")
			}

			r.must("install", r.name, folder, values, "--wait", "--timeout=2m")
			r.must("uninstall", r.name)
			c.Kubectl(t, "delete", "crd", "kafkascalers.lagscaler.io")
		})
	}
}
