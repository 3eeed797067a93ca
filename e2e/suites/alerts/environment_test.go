package alerts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
)

// timeScale makes the rules' hour a minute, and five minutes five seconds.
const timeScale = 60

// world is everything that runs.
type world struct {
	*kube.ControlPlane
	ns           string // of the Deployment, its KafkaScaler, and the Leases
	brokers      []string
	island       *island
	groups       map[string]*group
	replicas     []*daemon // of one installation: a leader and its follower
	beside       *daemon   // another installation, which advises: it leads too
	prometheus   *prom.Server
	alertmanager *prom.Alertmanager
	began        time.Time // of what Prometheus knows
}

// The workload of the group that is scaled.
const (
	workload = "scaled-worker"
	pods     = 3
)

// atRest is how many members a group has when all is well. One that has only one is emptied and filled again with two
// rebalances, which is no storm.
func atRest(group string) int {
	if group == "gone" {
		return 1
	}
	return pods
}

const kafkaScaler = `
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: scaled}
spec:
  mode: act
  scaleTargetRef: {name: scaled-worker}
  sources: [{cluster: live, group: scaled, processingTime: 20ms, commitInterval: 300ms}]
  minReplicas: 3
  maxReplicas: 3
`

// open starts everything. The troubles that take minutes have begun then.
func open(t *testing.T) *world {
	t.Helper()
	go func() { _, _ = built.Program() }() // while the rest starts; who needs it gets the error
	w := &world{groups: map[string]*group{}, brokers: startBrokers(t), island: newIsland(t)}
	produce(t, w.brokers)
	for _, name := range names {
		w.groups[name] = newGroup(t, w.brokers, name)
		w.groups[name].poisoned.Store(name == "poisoned")
		if name != "scaled" {
			w.groups[name].resize(atRest(name))
		}
	}
	w.startKubernetes(t)
	w.replicas = []*daemon{w.startDaemon(t, "first", "act"), w.startDaemon(t, "first", "act")}
	w.beside = w.startDaemon(t, "beside", "advise")
	awaitLeaders(t, 2, w.replicas[0], w.replicas[1], w.beside)
	w.island.cut()
	w.startPrometheus(t)
	for _, name := range names {
		w.await(t, fmt.Sprintf(`rate(lagscaler_group_consumed_records_total{group=%q}[5s]) > 0 and lagscaler_group_members == %d`, name, atRest(name)))
	}
	return w
}

// startKubernetes starts a control plane with a Deployment whose Ready pods are the members of the scaled group.
func (w *world) startKubernetes(t *testing.T) {
	t.Helper()
	const crds = "../../../scaler/kube/crd"
	w.ControlPlane = kube.Start(t, kube.Config{})
	w.Kubectl(t, "apply", "--server-side", "--filename="+crds)
	w.AwaitCRDs(t, crds)
	w.ns = w.Namespace(t)
	w.Deploy(t, kube.Deployment{Namespace: w.ns, Name: workload, Replicas: pods})
	scaled := w.groups["scaled"]
	w.Follow(t, kube.Fleet{
		Namespace: w.ns, Selector: "app=" + workload,
		Start: func(p kube.Pod) { scaled.hire(p.Name) },
		Stop:  func(p kube.Pod) { scaled.dismiss(p.Name) },
	})
	w.AwaitReady(t, w.ns, workload, pods)
	w.Apply(t, w.ns, kafkaScaler)
}

// startPrometheus starts Prometheus and Alertmanager. They scrape every daemon, and the compatible names of one.
func (w *world) startPrometheus(t *testing.T) {
	t.Helper()
	rules, err := os.Create(filepath.Join(t.TempDir(), "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := alerts.Export(rules, alerts.Options{TimeScale: timeScale}); err != nil {
		t.Fatal(err)
	}
	if err := rules.Close(); err != nil {
		t.Fatal(err)
	}
	w.alertmanager = prom.StartAlertmanager(t, prom.AlertmanagerConfig{})
	w.began = time.Now()
	w.prometheus = prom.Start(t, prom.Config{
		Interval: 500 * time.Millisecond, RuleFiles: []string{rules.Name()}, Alertmanagers: []string{w.alertmanager.Address},
		Targets: []prom.Target{
			{Job: "lagscaler", Address: w.replicas[0].address},
			{Job: "lagscaler", Address: w.replicas[1].address},
			{Job: "lagscaler", Address: w.beside.address},
			{Job: "compat", Address: w.beside.address, Path: "/metrics/compat"},
		},
	})
	w.prometheus.AwaitScraped(t)
}

func (w *world) await(t *testing.T, expr string) model.Vector {
	t.Helper()
	return w.prometheus.AwaitVector(t, expr, prom.NotEmpty)
}

// resize lets lagscaler scale the workload: its bounds leave one number.
func (w *world) resize(t *testing.T, replicas int32) {
	t.Helper()
	w.Kubectl(t, "patch", "ks", "scaled", "--namespace="+w.ns, "--type=merge",
		fmt.Sprintf(`--patch={"spec":{"minReplicas":%d,"maxReplicas":%d}}`, replicas, replicas))
	w.AwaitReady(t, w.ns, workload, replicas)
}

// rollOut replaces every pod of the workload.
func (w *world) rollOut(t *testing.T) {
	t.Helper()
	w.Kubectl(t, "rollout", "restart", "deployment", workload, "--namespace="+w.ns)
	w.AwaitReady(t, w.ns, workload, pods)
}

// rebalances is how many of a group were counted so far.
func rebalances(group string) string {
	return fmt.Sprintf(`max by (group) (sum by (group, instance) (lagscaler_group_rebalances_total{group=%q}))`, group)
}

// disturb does something to a group and waits until the rebalance that it brings is counted.
func (w *world) disturb(t *testing.T, group string, do func()) {
	t.Helper()
	before := w.await(t, rebalances(group))[0].Value
	do()
	w.await(t, fmt.Sprintf(`%s > %v`, rebalances(group), before))
}
