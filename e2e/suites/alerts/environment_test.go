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

// environment is everything that runs.
type environment struct {
	*kube.ControlPlane
	ns            string // of the Deployment, its KafkaScaler, and the Leases
	brokers       []string
	secondCluster *secondCluster
	groups        map[string]*group
	replicas      []*daemon // of one installation: a leader and its follower
	advising      *daemon   // another installation, which advises: it leads too
	prometheus    *prom.Server
	alertmanager  *prom.Alertmanager
	began         time.Time // of what Prometheus knows
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
func open(t *testing.T) *environment {
	t.Helper()
	go func() { _, _ = built.Program() }() // while the rest starts; who needs it gets the error
	e := &environment{groups: map[string]*group{}, brokers: startBrokers(t), secondCluster: newSecondCluster(t)}
	produce(t, e.brokers)
	for _, name := range names {
		e.groups[name] = newGroup(t, e.brokers, name)
		e.groups[name].poisoned.Store(name == "poisoned")
		if name != "scaled" {
			e.groups[name].resize(atRest(name))
		}
	}
	e.startKubernetes(t)
	e.replicas = []*daemon{e.startDaemon(t, "first", "act"), e.startDaemon(t, "first", "act")}
	e.advising = e.startDaemon(t, "beside", "advise")
	awaitLeaders(t, 2, e.replicas[0], e.replicas[1], e.advising)
	e.secondCluster.cut()
	e.startPrometheus(t)
	for _, name := range names {
		e.await(t, fmt.Sprintf(`rate(lagscaler_group_consumed_records_total{group=%q}[5s]) > 0 and lagscaler_group_members == %d`, name, atRest(name)))
	}
	// Who is frozen before it is known how often it commits does not count as stalled for 15 minutes.
	e.await(t, `absent(lagscaler_group_stalled_after_seconds{kafka_cluster="live", rhythm="unknown"})`)
	return e
}

// startKubernetes starts a control plane with a Deployment whose Ready pods are the members of the scaled group.
func (e *environment) startKubernetes(t *testing.T) {
	t.Helper()
	e.ControlPlane = kube.Start(t, kube.Config{})
	e.InstallKafkaScalers(t)
	e.ns = e.Namespace(t)
	e.Deploy(t, kube.Deployment{Namespace: e.ns, Name: workload, Replicas: pods})
	scaled := e.groups["scaled"]
	e.Follow(t, kube.PodHooks{
		Namespace: e.ns, Selector: "app=" + workload,
		Start: func(p kube.Pod) { scaled.startConsumer(p.Name) },
		Stop:  func(p kube.Pod) { scaled.stopConsumer(p.Name) },
	})
	e.AwaitReady(t, e.ns, workload, pods)
	e.Apply(t, e.ns, kafkaScaler)
}

// startPrometheus starts Prometheus and Alertmanager. They scrape every daemon, and the compatible names of one.
func (e *environment) startPrometheus(t *testing.T) {
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
	e.alertmanager = prom.StartAlertmanager(t, prom.AlertmanagerConfig{})
	e.began = time.Now()
	e.prometheus = prom.Start(t, prom.Config{
		Interval: 500 * time.Millisecond, RuleFiles: []string{rules.Name()}, Alertmanagers: []string{e.alertmanager.Address},
		Targets: []prom.Target{
			{Job: "lagscaler", Address: e.replicas[0].address},
			{Job: "lagscaler", Address: e.replicas[1].address},
			{Job: "lagscaler", Address: e.advising.address},
			{Job: "compat", Address: e.advising.address, Path: "/metrics/compat"},
		},
	})
	e.prometheus.AwaitScraped(t)
}

func (e *environment) await(t *testing.T, expr string) model.Vector {
	t.Helper()
	return e.prometheus.AwaitVector(t, expr, prom.NotEmpty)
}

// resize lets lagscaler scale the workload: its bounds leave one number.
func (e *environment) resize(t *testing.T, replicas int32) {
	t.Helper()
	e.Kubectl(t, "patch", "kafkascaler", "scaled", "--namespace="+e.ns, "--type=merge",
		fmt.Sprintf(`--patch={"spec":{"minReplicas":%d,"maxReplicas":%d}}`, replicas, replicas))
	e.AwaitReady(t, e.ns, workload, replicas)
}

// rollOut replaces every pod of the workload.
func (e *environment) rollOut(t *testing.T) {
	t.Helper()
	restart := func() error {
		_, err := e.TryKubectl(t.Context(), "", "rollout", "restart", "deployment", workload, "--namespace="+e.ns)
		return err
	}
	if restart() != nil { // it refuses a second one in the same second
		time.Sleep(time.Second)
		if err := restart(); err != nil {
			t.Fatal(err)
		}
	}
	e.Kubectl(t, "rollout", "status", "deployment", workload, "--namespace="+e.ns)
	e.AwaitReady(t, e.ns, workload, pods)
}

// rebalances is how many of a group were counted so far.
func rebalances(group string) string {
	return fmt.Sprintf(`max by (group) (sum by (group, instance) (lagscaler_group_rebalances_total{group=%q}))`, group)
}

// disturb does something to a group and waits until the rebalance that it brings is counted.
func (e *environment) disturb(t *testing.T, group string, do func()) {
	t.Helper()
	before := e.await(t, rebalances(group))[0].Value
	do()
	e.await(t, fmt.Sprintf(`%s > %v`, rebalances(group), before))
}
