package scale

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// setup says what a scenario begins with. Everything has a default.
type setup struct {
	Kube            *kube.ControlPlane // the shared one
	Partitions      int32              // 12
	Weights         []int              // even
	Processing      time.Duration      // 20 ms: 50 records/s a consumer
	Replicas        int32              // 1
	Rate            int                // records/s from the beginning; 0: none
	Groups          int                // on the Deployment: 1
	Poisoned        []int32            // partitions on which every consumer is stuck
	Spec            string             // further lines of the KafkaScaler's spec
	Scaler          func(s *scenario) string
	Mode            scaler.Mode // of the installation: act
	Deployment      func(*kube.Deployment)
	WithoutConsumer func(pod string) bool // pods for which no consumer is started
	Clocks          clocks                // fast
	Consumer        func(*consumerConfig) // what is not as usual
}

// scenario is one Deployment whose Ready pods are consumers, under load, with a KafkaScaler.
type scenario struct {
	*kube.ControlPlane
	t      *testing.T
	setup  setup
	kafka  *kafka.Cluster
	ns     string
	topic  string
	groups []string
	load   *load
	config daemonConfig
	dir    string // of the consumers' logs

	mu        sync.Mutex
	consumers map[string]*child.Process // of pods that are Ready
	logs      []string                  // of all consumers that ever ran
}

const (
	workload   = "worker"
	scalerName = "orders"
	target     = 10 * time.Second
)

// open makes the scenario. No daemon runs yet.
func open(t *testing.T, st setup) *scenario {
	t.Helper()
	s := &scenario{t: t, dir: t.TempDir(), setup: st.withDefaults(t), kafka: kafka.Shared(t, kafka.V43), consumers: map[string]*child.Process{}}
	s.ControlPlane = s.setup.Kube
	s.ns = s.Namespace(t)
	s.topic = s.kafka.CreateTopic(t, "orders", s.setup.Partitions)
	for i := range s.setup.Groups {
		s.groups = append(s.groups, s.kafka.Name(fmt.Sprintf("orders-%d", i)))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output of consumers:\n%s", s.consumerErrors())
		}
	})
	s.load = produce(t, s.brokers(), s.topic, s.setup.Weights)
	s.load.set(s.setup.Rate)
	d := kube.Deployment{Namespace: s.ns, Name: workload, Replicas: s.setup.Replicas}
	if s.setup.Deployment != nil {
		s.setup.Deployment(&d)
	}
	s.Deploy(t, d)
	s.Follow(t, kube.PodHooks{Namespace: s.ns, Selector: "app=" + workload, Start: s.startConsumer, Stop: s.stopConsumer})
	s.Apply(t, s.ns, s.setup.Scaler(s))
	s.config = daemonConfig{
		Identity: "first", Namespace: s.ns, Brokers: s.brokers(), Mode: s.setup.Mode, Kubeconfig: s.grant(s.setup.Mode), Clocks: s.setup.Clocks,
	}
	return s
}

func (st setup) withDefaults(t *testing.T) setup {
	t.Helper()
	if st.Kube == nil {
		st.Kube = controlPlane(t)
	}
	st.Partitions = cmp.Or(st.Partitions, 12)
	st.Processing = cmp.Or(st.Processing, 20*time.Millisecond)
	st.Groups = cmp.Or(st.Groups, 1)
	st.Mode = cmp.Or(st.Mode, scaler.Act)
	st.Replicas = cmp.Or(st.Replicas, 1)
	st.Clocks = cmp.Or(st.Clocks, fast)
	if st.Weights == nil {
		st.Weights = even(int(st.Partitions))
	}
	if st.Scaler == nil {
		st.Scaler = (*scenario).scaler
	}
	return st
}

// scaler is the scenario's KafkaScaler.
func (s *scenario) scaler() string {
	var sources strings.Builder
	for _, g := range s.groups {
		fmt.Fprintf(&sources, "  - {cluster: main, group: %s, processingTime: %s, commitInterval: %s}\n", g, s.setup.Processing, commitEvery)
	}
	return fmt.Sprintf(`
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: %s}
spec:
  scaleTargetRef: {name: %s}
  mode: act
  targetLag: %s
  sources:
%s%s`, scalerName, workload, target, sources.String(), s.setup.Spec)
}

func (s *scenario) brokers() []string { return strings.Split(s.kafka.Bootstrap(), ",") }

// grant makes a ServiceAccount with exactly the rights that a mode uses, but for those that the test takes away.
func (s *scenario) grant(mode scaler.Mode, without ...string) string {
	s.t.Helper()
	type policyRule struct {
		APIGroups []string `json:"apiGroups"`
		Resources []string `json:"resources"`
		Verbs     []string `json:"verbs"`
	}
	var rules []policyRule
	for _, r := range access.Permissions(mode) {
		if !slices.Contains(without, r.Resource) {
			rules = append(rules, policyRule{[]string{r.Group}, []string{r.Resource}, r.Verbs})
		}
	}
	text, err := json.Marshal(rules)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Apply(s.t, s.ns, fmt.Sprintf(`
{apiVersion: v1, kind: ServiceAccount, metadata: {name: lagscaler}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: lagscaler}, rules: %s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lagscaler}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: lagscaler}
subjects: [{kind: ServiceAccount, name: lagscaler, namespace: %s}]
`, text, s.ns))
	return s.KubeconfigFor(s.t, s.ns, "lagscaler")
}

// start starts a daemon.
func (s *scenario) start() *daemon {
	s.t.Helper()
	return start(s.t, s.config)
}

// startConsumer starts the consumer that a Ready pod stands for.
func (s *scenario) startConsumer(p kube.Pod) {
	if s.setup.WithoutConsumer != nil && s.setup.WithoutConsumer(p.Name) {
		return
	}
	log := filepath.Join(s.dir, p.Name)
	c := consumerConfig{
		Name: p.Name, Brokers: s.kafka.Bootstrap(), Topic: s.topic, Groups: s.groups, Processing: s.setup.Processing,
		Target: target, Poisoned: s.setup.Poisoned,
	}
	if s.setup.Consumer != nil {
		s.setup.Consumer(&c)
	}
	process := startSelf(s.t, "consumer", c, log)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumers[p.Name] = process
	s.logs = append(s.logs, log)
}

// stopConsumer ends it, and does not wait: others are to be started meanwhile.
func (s *scenario) stopConsumer(p kube.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if process, ok := s.consumers[p.Name]; ok {
		if err := process.Signal(syscall.SIGTERM); err != nil {
			s.t.Log(err)
		}
		delete(s.consumers, p.Name)
	}
}

// consumed is what all consumers did so far.
func (s *scenario) consumed() consumerReport {
	s.t.Helper()
	s.mu.Lock()
	logs := slices.Clone(s.logs)
	s.mu.Unlock()
	var sum consumerReport
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			s.t.Fatal(err)
		}
		var last consumerReport
		for line := range strings.Lines(string(text)) {
			var one consumerReport
			if json.Unmarshal([]byte(line), &one) == nil {
				last = one
			}
		}
		sum.Done, sum.Late, sum.Oldest = sum.Done+last.Done, sum.Late+last.Late, max(sum.Oldest, last.Oldest)
	}
	return sum
}

// consumerErrors are what consumers complained of, for a failure's message.
func (s *scenario) consumerErrors() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, log := range s.logs {
		text, err := os.ReadFile(log)
		if err != nil {
			return err.Error()
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&b, "%s: %s\n", filepath.Base(log), strings.Join(lines[max(0, len(lines)-2):], "; "))
	}
	return b.String()
}

// name is the KafkaScaler as the daemon names it.
func (s *scenario) name() string { return s.ns + "/" + scalerName }

// replicas is what the Deployment asks for.
func (s *scenario) replicas() int32 {
	s.t.Helper()
	return s.Replicas(s.t, s.ns, workload)
}

// awaitDecision waits until the daemon's last report is good.
func (s *scenario) awaitDecision(d *daemon, what string, good func(scalerReport) bool) scalerReport {
	s.t.Helper()
	var last scalerReport
	await(s.t, what, func() error {
		var err error
		if last, err = d.scaler(s.name()); err != nil {
			return err
		}
		if !good(last) {
			return fmt.Errorf("%s %s (%s) %s", last.Disposition, last.Line, last.Decision.Verdict, last.Refused+last.Failure)
		}
		return nil
	})
	return last
}

// awaitVerdict waits until the daemon's last report is that verdict.
func (s *scenario) awaitVerdict(d *daemon, verdict scaler.Reason) scalerReport {
	s.t.Helper()
	return s.awaitDecision(d, "the verdict "+string(verdict), func(got scalerReport) bool { return got.Decision.Verdict == verdict })
}

// events are those of an object, as reasons, oldest first.
func (s *scenario) events(kind, name string) []string {
	s.t.Helper()
	return s.EventReasons(s.t, s.ns, kind, name)
}

// status reads a field of the KafkaScaler's status.
func (s *scenario) status(path string) string {
	s.t.Helper()
	return s.ScalerField(s.t, s.ns, scalerName, ".status."+path)
}

// step is a change that a daemon wrote.
type step struct {
	At       time.Time
	From, To int32
	Reason   scaler.Reason
}

func (s step) String() string { return fmt.Sprintf("%d->%d %s", s.From, s.To, s.Reason) }

// steps are the sizes that a daemon wrote, first to last.
func steps(history []report, name string) []step {
	var out []step
	var last time.Time
	for _, h := range history {
		for _, one := range h.Scalers {
			d := one.Decision
			if one.Name == name && one.Disposition == scaler.Applied && d.Desired != d.Current && !d.At.Equal(last) {
				last = d.At
				out = append(out, step{d.At, d.Current, d.Desired, d.Reason()})
			}
		}
	}
	return out
}

// watch counts the writes of the Deployment's size that the API server took, from now on.
func (s *scenario) watch() func() []kube.Size {
	s.t.Helper()
	return s.WatchSizes(s.t, s.ns, workload)
}
