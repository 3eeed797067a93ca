package versus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop/consumer"
	"github.com/lagscaler/lagscaler/e2e/servers/keda"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

const (
	target  = 30 * time.Second
	startUp = 12 * time.Second // of a pod, until it is Ready

	maxReplicas = 100              // of ScaledObjects: KEDA's default
	decideEvery = 30 * time.Second // lagscaler, but for early decisions
)

// thresholds of KEDA's kafka trigger, in records per replica.
var thresholds = []int{10, 50, 250, 1500}

// contestant is one of the Deployments that get the same traffic at once.
type contestant struct {
	name   string
	loop   *closedloop.Loop
	daemon *closedloop.Daemon // nil: lagscaler does not decide for it
	sizes  func() []kube.Size
}

// outcome is what became of a contestant, as it is kept.
type outcome struct {
	Name string
	closedloop.Observed
	Changes   int
	Threshold float64         `json:",omitempty"` // of KEDA's trigger
	Delays    []time.Duration `json:",omitempty"` // from a decision of lagscaler until the Deployment asked for that many replicas, or more
	Numbers   []journey       `json:",omitempty"` // that lagscaler gave to an HPA
}

// The same traffic goes to seven Deployments at once, on one Kafka and one control plane whose HPAs look each 15 s as those of clusters do:
// lagscaler writes, KEDA asks lagscaler, an HPA asks lagscaler, and KEDA with its own kafka trigger at four thresholds. What is measured is
// kept, and docs/versus.md is written of it.
func TestSideBySide(t *testing.T) {
	wanted(t)
	c := kube.Start(t, kube.Config{ControllerManager: []string{
		"--horizontal-pod-autoscaler-sync-period=15s", "--horizontal-pod-autoscaler-initial-readiness-delay=30s", // the defaults
	}})
	c.InstallKafkaScalers(t)
	keda.Start(t, c)
	trace := closedloop.Traffic(t)
	all := []*contestant{writes(t, c, trace), kedaAsks(t, c, trace), hpaAsks(t, c, trace)}
	for _, n := range thresholds {
		all = append(all, kafkaTrigger(t, c, trace, n))
	}
	loops := make([]*closedloop.Loop, len(all))
	for i, one := range all {
		loops[i] = one.loop
		closedloop.AwaitFor(t, slow, one.name+": a group that keeps up", one.keepsUp)
	}
	time.Sleep(time.Minute) // calm, in which every autoscaler has looked several times
	began := closedloop.Play(t, trace, loops...)
	ends := began.Add(time.Duration(len(trace.Counts)) * trace.Step)
	for _, one := range all {
		one.loop.Load.Set(0)
	}
	var outcomes []outcome
	for i, one := range all {
		sizes := until(one.sizes(), ends)
		closedloop.AwaitFor(t, slow, one.name+": all records done", one.done)
		o := outcome{Name: one.name, Observed: one.loop.Observe(trace, began, sizes), Changes: changes(sizes, began), Delays: one.delays(sizes, began)}
		if i >= len(all)-len(thresholds) {
			o.Threshold = float64(thresholds[i-len(all)+len(thresholds)])
		}
		o.FirstPoll = one.firstPoll(sizes, began)
		if one.daemon != nil {
			o.Numbers = journeys(one.numbers(began), sizes, ends)
		}
		outcomes = append(outcomes, o)
	}
	runs := keep(t, outcomes)
	writePage(t, runs)
	for _, what := range judge(rows(t, runs[len(runs)-1:])) {
		t.Error(what)
	}
	for _, o := range outcomes {
		for _, j := range o.Numbers {
			if j.Rule == noRule {
				t.Errorf("%s: %d to %d at %s took %v, which no rule of the HPA explains", o.Name, j.Size, j.To, j.At.Format(time.TimeOnly), j.Took)
			}
		}
	}
}

// mostRuns are kept.
const mostRuns = 3

// keep adds a run to those that are kept.
func keep(t *testing.T, run []outcome) (runs [][]outcome) {
	t.Helper()
	runs = append(keptRuns(t), run)
	runs = runs[max(0, len(runs)-mostRuns):]
	text, err := json.MarshalIndent(runs, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	return runs
}

// open makes a Deployment with two replicas and its daemon's configuration.
func open(t *testing.T, c *kube.ControlPlane, trace sim.Trace, mode scaler.Mode, objects func(s *closedloop.Loop) string) *closedloop.Loop {
	t.Helper()
	return closedloop.Open(t, closedloop.Setup{
		Kube: c, Mode: mode, Scaler: objects, Rate: int(trace.Counts[0] / trace.Step.Seconds()), Replicas: 2, Clocks: closedloop.Documented,
		Deployment: func(d *kube.Deployment) { d.StartUp = startUp },
		Consumer:   func(c *consumer.Config) { c.Plain, c.Target = true, target },
	})
}

// scalerOf is the KafkaScaler: all as by default.
func scalerOf(s *closedloop.Loop, mode scaler.Mode) string {
	return fmt.Sprintf(`
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: %s}
spec:
  scaleTargetRef: {name: %s}
  mode: %s
  targetLag: %s
  sources:
  - {cluster: main, group: %s, processingTime: %s}
`, closedloop.ScalerName, closedloop.Workload, mode, target, s.Groups[0], s.Setup.Processing)
}

// fast is the behavior that convert writes for HPAs that get their number from lagscaler.
const fast = `
      scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 15}, {type: Pods, value: 100, periodSeconds: 15}], selectPolicy: Max}
      scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 100, periodSeconds: 15}]}
`

func started(t *testing.T, name string, s *closedloop.Loop) *contestant {
	t.Helper()
	one := &contestant{name: name, loop: s, sizes: s.WatchSize(), daemon: s.Start()}
	closedloop.AwaitFor(t, slow, "a leader", one.daemon.Leads)
	return one
}

func writes(t *testing.T, c *kube.ControlPlane, trace sim.Trace) *contestant {
	return started(t, sim.OurName, open(t, c, trace, scaler.Act, func(s *closedloop.Loop) string { return scalerOf(s, scaler.Act) }))
}

func kedaAsks(t *testing.T, c *kube.ControlPlane, trace sim.Trace) *contestant {
	s := open(t, c, trace, scaler.Advise, func(s *closedloop.Loop) string { return scalerOf(s, scaler.Advise) })
	s.Daemon.ExternalScaler = closedloop.Address(t)
	one := started(t, "KEDA asks lagscaler", s)
	s.Apply(t, s.NS, scaledObject(s, strings.ReplaceAll(fast, "\n", "\n    "), fmt.Sprintf(`
  - type: external-push
    metricType: AverageValue
    metadata: {scalerAddress: "%s", kafkaScaler: %s}
`, s.Daemon.ExternalScaler, closedloop.ScalerName)))
	return one
}

func hpaAsks(t *testing.T, c *kube.ControlPlane, trace sim.Trace) *contestant {
	s := open(t, c, trace, scaler.Advise, func(s *closedloop.Loop) string { return scalerOf(s, scaler.Advise) })
	authority := s.CustomMetrics()
	s.Daemon.ExternalScaler = closedloop.Address(t)
	one := started(t, "an HPA asks lagscaler", s)
	s.RegisterCustomMetrics(s.Daemon.CustomMetrics, authority)
	s.Apply(t, s.NS, fmt.Sprintf(`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: %s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %[1]s}
  minReplicas: 1
  maxReplicas: 100
  metrics:
  - type: Object
    object:
      describedObject: {apiVersion: lagscaler.io/v1alpha1, kind: KafkaScaler, name: %s}
      metric: {name: replicas}
      target: {type: AverageValue, averageValue: "1"}
  behavior:%s`, closedloop.Workload, closedloop.ScalerName, fast))
	return one
}

// kafkaTrigger is KEDA with its own trigger, as by default but for the threshold.
func kafkaTrigger(t *testing.T, c *kube.ControlPlane, trace sim.Trace, threshold int) *contestant {
	s := open(t, c, trace, scaler.Observe, func(s *closedloop.Loop) string {
		return scaledObject(s, "", fmt.Sprintf(`
  - type: kafka
    metadata: {bootstrapServers: "%s", consumerGroup: %s, topic: %s, lagThreshold: "%d"}
`, s.Kafka.Bootstrap(), s.Groups[0], s.Topic, threshold))
	})
	return &contestant{name: fmt.Sprintf("KEDA, lagThreshold %d", threshold), loop: s, sizes: s.WatchSize()}
}

func scaledObject(_ *closedloop.Loop, behavior, triggers string) string {
	advanced := ""
	if behavior != "" {
		advanced = "\n  advanced:\n    horizontalPodAutoscalerConfig:\n      behavior:" + strings.TrimRight(behavior, " \n")
	}
	return fmt.Sprintf(`
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: %s}
spec:
  scaleTargetRef: {name: %s}
  minReplicaCount: 1
  maxReplicaCount: %d%s
  triggers:%s`, closedloop.ScalerName, closedloop.Workload, maxReplicas, advanced, triggers)
}

// keepsUp reports whether the group is in time, and the autoscaler is there.
func (one *contestant) keepsUp() error {
	s := one.loop
	if sent, done := s.Load.Sent.Load(), s.Consumed().Done; sent == 0 || sent-done > int64(s.Load.Rate())*5 {
		return fmt.Errorf("%d records of %d are done", done, sent)
	}
	if one.daemon != nil {
		_, err := one.daemon.Scaler(s.Name())
		return err
	}
	return nil
}

// done reports whether all records are done, but for the last ones of consumers that ended: those are not always told.
func (one *contestant) done() error {
	if sent, done := one.loop.Load.Sent.Load(), one.loop.Consumed().Done; float64(done) < 0.999*float64(sent) {
		return fmt.Errorf("%d records of %d are done", done, sent)
	}
	return nil
}

// delays are the times from each decision that asks for more replicas than any before it did until the Deployment had them.
func (one *contestant) delays(sizes []kube.Size, began time.Time) (all []time.Duration) {
	if one.daemon == nil {
		return nil
	}
	asked := int32(0)
	for _, r := range one.daemon.History() {
		for _, s := range r.Scalers {
			d := &s.Decision
			if s.Name != one.loop.Name() || d.At.Before(began) {
				continue
			}
			if more := d.Desired > max(asked, d.Current); more {
				i := slices.IndexFunc(sizes, func(n kube.Size) bool { return !n.At.Before(d.At) && n.Replicas >= d.Desired })
				if i >= 0 {
					all = append(all, sizes[i].At.Sub(d.At))
				}
			}
			asked = d.Desired
		}
	}
	return all
}

// firstPoll is the second in which the autoscaler looked first, as far as it shows: lagscaler says when it decided, an HPA only when it
// changed the size.
func (one *contestant) firstPoll(sizes []kube.Size, began time.Time) *int32 {
	first := func(at time.Time, every time.Duration) *int32 {
		second := int32(at.Sub(began) % every / time.Second)
		return &second
	}
	if one.daemon == nil {
		if i := slices.IndexFunc(sizes, func(s kube.Size) bool { return s.At.After(began) }); i > 0 {
			return first(sizes[i].At, lookEvery)
		}
		return nil
	}
	for _, r := range one.daemon.History() {
		for _, s := range r.Scalers {
			if s.Name == one.loop.Name() && s.Decision.At.After(began) {
				return first(s.Decision.At, decideEvery)
			}
		}
	}
	return nil
}

// until are the sizes before a moment.
func until(sizes []kube.Size, end time.Time) []kube.Size {
	return slices.DeleteFunc(sizes, func(n kube.Size) bool { return n.At.After(end) })
}

// changes counts the sizes that came after a moment.
func changes(sizes []kube.Size, began time.Time) (n int) {
	for i := 1; i < len(sizes); i++ {
		if sizes[i].At.After(began) {
			n++
		}
	}
	return n
}
