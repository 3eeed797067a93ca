package closedloop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop/consumer"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// Setup says what a loop begins with. Everything has a default.
type Setup struct {
	Kube            *kube.ControlPlane // the shared one
	Kafka           *kafka.Cluster     // the shared one of 4.3
	Joins           *Loop              // its consumers are in the groups of this loop, which has the topic and the load; nil: it has its own
	Partitions      int32              // 12
	Weights         []int              // even
	Processing      time.Duration      // 20 ms: 50 records/s a consumer
	Replicas        int32              // 1
	WithoutReplicas bool               // it begins at zero
	Rate            int                // records/s from the beginning; 0: none
	Groups          int                // on the Deployment: 1
	Poisoned        []int32            // partitions on which every consumer is stuck
	Spec            string             // further lines of the KafkaScaler's spec
	Scaler          func(s *Loop) string
	Mode            scaler.Mode // of the installation: act
	Deployment      func(*kube.Deployment)
	WithoutConsumer func(pod string) bool  // pods for which no consumer is started
	Clocks          Clocks                 // fast
	Consumer        func(*consumer.Config) // what is not as usual
}

// Loop is one Deployment whose Ready pods are consumers, under load, with a KafkaScaler.
type Loop struct {
	*kube.ControlPlane
	Setup  Setup
	Kafka  *kafka.Cluster
	NS     string // its namespace
	Topic  string
	Groups []string
	Load   *Load
	Daemon DaemonConfig // of the daemons that Start starts from now on

	t   *testing.T
	dir string // of the consumers' logs

	consumer string // the program

	mu        sync.Mutex
	consumers map[string]*child.Process // of pods that are Ready
	logs      []string                  // of all consumers that ever ran
}

// What every loop has.
const (
	Workload   = "worker"         // the Deployment
	ScalerName = "orders"         // the KafkaScaler
	Target     = 10 * time.Second // its targetLag
)

// Open makes the loop. No daemon runs yet.
func Open(t *testing.T, st Setup) *Loop {
	t.Helper()
	s := &Loop{t: t, dir: t.TempDir(), Setup: st.withDefaults(t), consumers: map[string]*child.Process{}}
	s.ControlPlane, s.Kafka = s.Setup.Kube, s.Setup.Kafka
	var err error
	if s.consumer, err = built.Consumer(); err != nil {
		t.Fatal(err)
	}
	s.NS = s.Namespace(t)
	if o := s.Setup.Joins; o != nil {
		s.Topic, s.Groups, s.Load = o.Topic, o.Groups, o.Load
	} else {
		s.Topic = s.Kafka.CreateTopic(t, "orders", s.Setup.Partitions)
		for i := range s.Setup.Groups {
			s.Groups = append(s.Groups, s.Kafka.Name(fmt.Sprintf("orders-%d", i)))
		}
		s.Load = Produce(t, s.Brokers(), s.Topic, s.Setup.Weights)
		s.Load.Set(s.Setup.Rate)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output of consumers:\n%s", s.consumerErrors())
		}
	})
	d := kube.Deployment{Namespace: s.NS, Name: Workload, Replicas: s.Setup.Replicas}
	if s.Setup.Deployment != nil {
		s.Setup.Deployment(&d)
	}
	s.Deploy(t, d)
	s.Follow(t, kube.PodHooks{Namespace: s.NS, Selector: "app=" + Workload, Start: s.startConsumer, Stop: s.stopConsumer})
	s.Apply(t, s.NS, s.Setup.Scaler(s))
	s.Daemon = DaemonConfig{
		Identity: "first", Namespace: s.NS, Brokers: s.Brokers(), Mode: s.Setup.Mode, Kubeconfig: s.Grant(s.Setup.Mode), Clocks: s.Setup.Clocks,
	}
	return s
}

func (st Setup) withDefaults(t *testing.T) Setup {
	t.Helper()
	if st.Kube == nil {
		st.Kube = kube.Shared(t)
	}
	st.Kube.InstallKafkaScalers(t)
	if st.Joins != nil {
		st.Kafka = st.Joins.Kafka
	}
	if st.Kafka == nil {
		st.Kafka = kafka.Shared(t, kafka.V43)
	}
	st.Partitions = cmp.Or(st.Partitions, 12)
	st.Processing = cmp.Or(st.Processing, 20*time.Millisecond)
	st.Groups = cmp.Or(st.Groups, 1)
	st.Mode = cmp.Or(st.Mode, scaler.Act)
	if !st.WithoutReplicas {
		st.Replicas = cmp.Or(st.Replicas, 1)
	}
	st.Clocks = cmp.Or(st.Clocks, Fast)
	if st.Weights == nil {
		st.Weights = Even(int(st.Partitions))
	}
	if st.Scaler == nil {
		st.Scaler = (*Loop).Scaler
	}
	return st
}

// Scaler is the loop's KafkaScaler.
func (s *Loop) Scaler() string {
	var sources strings.Builder
	for _, g := range s.Groups {
		fmt.Fprintf(&sources, "  - {cluster: main, group: %s, processingTime: %s, commitInterval: %s}\n", g, s.Setup.Processing, consumer.CommitEvery)
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
%s%s`, ScalerName, Workload, Target, sources.String(), s.Setup.Spec)
}

// Brokers are the bootstrap addresses.
func (s *Loop) Brokers() []string { return strings.Split(s.Kafka.Bootstrap(), ",") }

// Grant makes a ServiceAccount with exactly the rights that a mode uses, but for those that the test takes away.
func (s *Loop) Grant(mode scaler.Mode, without ...string) string {
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
	s.Apply(s.t, s.NS, fmt.Sprintf(`
{apiVersion: v1, kind: ServiceAccount, metadata: {name: lagscaler}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: lagscaler}, rules: %s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lagscaler}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: lagscaler}
subjects: [{kind: ServiceAccount, name: lagscaler, namespace: %s}]
`, text, s.NS))
	return s.KubeconfigFor(s.t, s.NS, "lagscaler")
}

// Start starts a daemon.
func (s *Loop) Start() *Daemon {
	s.t.Helper()
	return Start(s.t, s.Daemon)
}

// startConsumer starts the consumer that a Ready pod stands for.
func (s *Loop) startConsumer(p kube.Pod) {
	if s.Setup.WithoutConsumer != nil && s.Setup.WithoutConsumer(p.Name) {
		return
	}
	log := filepath.Join(s.dir, p.Name)
	c := consumer.Config{
		Name: p.Name, Brokers: s.Kafka.Bootstrap(), Topic: s.Topic, Groups: s.Groups, Processing: s.Setup.Processing,
		Target: Target, Poisoned: s.Setup.Poisoned,
	}
	if s.Setup.Consumer != nil {
		s.Setup.Consumer(&c)
	}
	process := startProgram(s.t, log, c, s.consumer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumers[p.Name] = process
	s.logs = append(s.logs, log)
}

// stopConsumer ends it, and does not wait: others are to be started meanwhile.
func (s *Loop) stopConsumer(p kube.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if process, ok := s.consumers[p.Name]; ok {
		if err := process.Signal(syscall.SIGTERM); err != nil {
			s.t.Log(err)
		}
		delete(s.consumers, p.Name)
	}
}

// Consumed is what all consumers did so far.
func (s *Loop) Consumed() consumer.Report {
	s.t.Helper()
	var sum consumer.Report
	for _, log := range s.ConsumerLogs() {
		var last consumer.Report
		if lines := s.ReadConsumer(log); len(lines) > 0 {
			last = lines[len(lines)-1]
		}
		sum.Done, sum.Late, sum.Oldest = sum.Done+last.Done, sum.Late+last.Late, max(sum.Oldest, last.Oldest)
	}
	return sum
}

// ConsumerLogs are the logs of all consumers that ever ran, first the first.
func (s *Loop) ConsumerLogs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logs)
}

// ReadConsumer reads what a consumer told so far.
func (s *Loop) ReadConsumer(log string) []consumer.Report {
	s.t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []consumer.Report
	for line := range strings.Lines(string(text)) {
		var one consumer.Report
		if json.Unmarshal([]byte(line), &one) == nil {
			lines = append(lines, one)
		}
	}
	return lines
}

// KillConsumers kills the consumers of the first half of the pods by name, and returns these pods.
func (s *Loop) KillConsumers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	pods := slices.Sorted(maps.Keys(s.consumers))
	pods = pods[:len(pods)/2]
	for _, pod := range pods {
		s.consumers[pod].Kill()
	}
	return pods
}

// KillAllConsumers kills the consumers of all pods: they cannot leave their groups.
func (s *Loop) KillAllConsumers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, consumer := range s.consumers {
		consumer.Kill()
	}
}

// consumerErrors are what consumers complained of, for a failure's message.
func (s *Loop) consumerErrors() string {
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

// Name is the KafkaScaler as the daemon names it.
func (s *Loop) Name() string { return s.NS + "/" + ScalerName }

// Size is what the Deployment asks for.
func (s *Loop) Size() int32 {
	s.t.Helper()
	return s.Replicas(s.t, s.NS, Workload)
}

// AwaitDecision waits until the daemon's last report is good.
func (s *Loop) AwaitDecision(d *Daemon, what string, good func(ScalerReport) bool) ScalerReport {
	s.t.Helper()
	var last ScalerReport
	Await(s.t, what, func() error {
		var err error
		if last, err = d.Scaler(s.Name()); err != nil {
			return err
		}
		if !good(last) {
			return fmt.Errorf("%s %s (%s) %s", last.Disposition, last.Line, last.Decision.Verdict, last.Refused+last.Failure)
		}
		return nil
	})
	return last
}

// AwaitVerdict waits until the daemon's last report is that verdict.
func (s *Loop) AwaitVerdict(d *Daemon, verdict scaler.Reason) ScalerReport {
	s.t.Helper()
	return s.AwaitDecision(d, "the verdict "+string(verdict), func(got ScalerReport) bool { return got.Decision.Verdict == verdict })
}

// EventReasonsOf are those of an object, as reasons, oldest first.
func (s *Loop) EventReasonsOf(kind, name string) []string {
	s.t.Helper()
	return s.EventReasons(s.t, s.NS, kind, name)
}

// Status reads a field of the KafkaScaler's status.
func (s *Loop) Status(path string) string {
	s.t.Helper()
	return s.ScalerField(s.t, s.NS, ScalerName, ".status."+path)
}

// Step is a change that a daemon wrote.
type Step struct {
	At       time.Time
	From, To int32
	Reason   scaler.Reason
}

func (s Step) String() string { return fmt.Sprintf("%d->%d %s", s.From, s.To, s.Reason) }

// Steps are the sizes that a daemon wrote, first to last.
func Steps(history []Report, name string) []Step {
	var out []Step
	var last time.Time
	for _, h := range history {
		for _, one := range h.Scalers {
			d := one.Decision
			if one.Name == name && one.Disposition == scaler.Applied && d.Desired != d.Current && !d.At.Equal(last) {
				last = d.At
				out = append(out, Step{d.At, d.Current, d.Desired, d.Reason()})
			}
		}
	}
	return out
}

// WatchSize counts the writes of the Deployment's size that the API server took, from now on.
func (s *Loop) WatchSize() func() []kube.Size {
	s.t.Helper()
	return s.WatchSizes(s.t, s.NS, Workload)
}
