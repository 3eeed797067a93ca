package versus

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/keda"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

func TestMain(m *testing.M) { closedloop.Main(m) }

// variable, when set, has these tests run.
const variable = "LAGSCALER_VERSUS"

func wanted(t *testing.T) {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skipf("skipped: KEDA takes nine minutes to build; make versus runs this, with %s", variable)
	}
}

// slow is how long KEDA and its HPA may take: the HPA looks each second here, KEDA each 5 s, and the machine may be busy.
const slow = 4 * time.Minute

// KEDA asks lagscaler: a target goes from zero to what is needed, to less, and to zero again. Every question goes to the replica
// that does not lead. Then the leader is killed, then all of lagscaler: nothing goes down.
func TestKEDAAsksLagscaler(t *testing.T) {
	wanted(t)
	// An HPA that looks each second, and goes down at once: what is tested is the number, not the patience of the HPA.
	c := kube.Start(t, kube.Config{})
	c.InstallKafkaScalers(t)
	keda.Start(t, c)
	first, second := closedloop.Address(t), closedloop.Address(t)
	s := closedloop.Open(t, closedloop.Setup{
		Kube: c, Mode: scaler.Advise, Scaler: func(s *closedloop.Loop) string { return advises(s) + "---" + asks(second) }, WithoutReplicas: true,
	})
	sizes := s.WatchSize()
	s.Daemon.ExternalScaler = first
	leader := s.Start()
	closedloop.AwaitFor(t, slow, "a leader", func() error { return leader.Leads() })
	s.Daemon.Identity, s.Daemon.ExternalScaler = "second", second
	follower := s.Start()

	began := time.Now()
	s.Load.Set(200) // 4 consumers do 200/s
	closedloop.AwaitFor(t, slow, "the first replica", func() error { return size(s, func(n int32) bool { return n >= 1 }) })
	t.Logf("the first replica %v after the first record", time.Since(began).Round(100*time.Millisecond))
	closedloop.AwaitFor(t, slow, "4 replicas or more", func() error { return size(s, func(n int32) bool { return n >= 4 }) })
	t.Logf("%d replicas %v after the first record", s.Size(), time.Since(began).Round(100*time.Millisecond))
	most := s.Size()
	s.Load.Set(40)
	closedloop.AwaitFor(t, slow, "fewer replicas", func() error { return size(s, func(n int32) bool { return n > 0 && n <= 3 }) })
	s.Load.Set(0)
	closedloop.AwaitFor(t, slow, "zero replicas", func() error { return size(s, func(n int32) bool { return n == 0 }) })
	s.CheckAnswered(t, leader)

	leader.Kill()
	closedloop.AwaitFor(t, slow, "the second to lead", func() error { return follower.Leads() })
	s.Load.Set(120)
	closedloop.AwaitFor(t, slow, "3 replicas or more", func() error { return size(s, func(n int32) bool { return n >= 3 }) })
	s.CheckAnswered(t, follower)
	before := s.Size()
	follower.Kill()
	s.Load.Set(0)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if n := s.Size(); n < before && n != fallback { // KEDA 2.21 keeps the size when nobody answers: it has no metric to fall back on
			t.Fatalf("nobody answers, and it has %d replicas, not %d", n, before)
		}
	}
	t.Logf("most %d; sizes %v", most, sizes())
}

// Another trigger of the ScaledObject asks for more than lagscaler: the greater number wins, and the size that it makes is nobody's fault.
// When lagscaler asks for more, that wins; when the other trigger asks for less, lagscaler does not hold what it made.
func TestATriggerBesideOurs(t *testing.T) {
	wanted(t)
	c := kube.Start(t, kube.Config{})
	c.InstallKafkaScalers(t)
	keda.Start(t, c)
	used := c.ServeResourceMetrics(t)
	at := closedloop.Address(t)
	const other = 4
	s := closedloop.Open(t, closedloop.Setup{Kube: c, Mode: scaler.Advise, Rate: 20, Scaler: advises})
	used.Set(s.NS, 500*other)
	s.Daemon.ExternalScaler = at
	d := s.Start()
	closedloop.AwaitFor(t, slow, "a leader", func() error { return d.Leads() })
	// Not before: of a trigger that does not answer, KEDA makes no metric of the HPA, and does not look again.
	s.Apply(t, s.NS, asks(at)+`  - type: cpu
    metricType: AverageValue
    metadata: {value: 500m}
`)
	closedloop.AwaitFor(t, slow, "the size of the other trigger", func() error { return size(s, func(n int32) bool { return n == other }) })
	time.Sleep(20 * time.Second) // several decisions
	if n := s.Size(); n != other {
		t.Errorf("it has %d replicas, not the %d of the other trigger", n, other)
	}
	s.CheckAnswered(t, d)
	s.Load.Set(280) // 6 consumers do 300/s
	closedloop.AwaitFor(t, slow, "more than the other trigger asks for", func() error { return size(s, func(n int32) bool { return n > other }) })
	s.CheckAnswered(t, d)
	used.Set(s.NS, 500)
	s.Load.Set(20)
	closedloop.AwaitFor(t, slow, "fewer than the other trigger asked for", func() error { return size(s, func(n int32) bool { return n < other }) })
	s.CheckAnswered(t, d)
}

// fallback is a size that lagscaler never asks for here. KEDA counts a failure each time its HPA looks, which is each second here: so many
// take longer than a change of the leader, as three do where the HPA looks each 15 s.
const (
	fallback = 7
	failures = 40
	maximum  = 12 // of the ScaledObject
)

// advises is a KafkaScaler that advises.
func advises(s *closedloop.Loop) string {
	named := strings.ReplaceAll(s.Scaler(), ", commitInterval", fmt.Sprintf(", topics: [%s], commitInterval", s.Topic)) // at zero they say what waits
	return strings.Replace(named, "mode: act", "mode: advise\n  minReplicas: 0\n  maxReplicas: 6\n  idleTime: 60s", 1)
}

// asks is the ScaledObject that acts by its number.
func asks(address string) string {
	return fmt.Sprintf(`
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: %s}
spec:
  scaleTargetRef: {name: %s}
  pollingInterval: 5
  cooldownPeriod: 5
  minReplicaCount: 0
  maxReplicaCount: %d
  fallback: {failureThreshold: %d, replicas: %d}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 15}]}
        scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 100, periodSeconds: 15}]}
  triggers:
  - type: external-push
    metricType: AverageValue
    metadata: {scalerAddress: "%s", kafkaScaler: %s}
`, closedloop.ScalerName, closedloop.Workload, maximum, failures, fallback, address, closedloop.ScalerName)
}

func size(s *closedloop.Loop, good func(n int32) bool) error {
	if n := s.Size(); !good(n) {
		return fmt.Errorf("it has %d", n)
	}
	return nil
}

// With metricType Value the HPA multiplies the number by the pods that are ready, so a ScaledObject runs away to its maximum. With
// AverageValue the same number comes to the Deployment as it was given.
func TestAValueRunsAway(t *testing.T) {
	wanted(t)
	c := kube.Start(t, kube.Config{})
	c.InstallKafkaScalers(t)
	keda.Start(t, c)
	at := closedloop.Address(t)
	s := closedloop.Open(t, closedloop.Setup{Kube: c, Mode: scaler.Advise, Rate: 80, Replicas: 2, Scaler: advises}) // 2 consumers do 100/s
	s.Daemon.ExternalScaler = at
	d := s.Start()
	closedloop.AwaitFor(t, slow, "a leader", func() error { return d.Leads() })
	s.Apply(t, s.NS, strings.Replace(asks(at), "AverageValue", "Value", 1))
	closedloop.AwaitFor(t, slow, "the maximum of the ScaledObject", func() error { return size(s, func(n int32) bool { return n == maximum }) })
	for _, r := range d.History() {
		for _, one := range r.Scalers {
			if one.Given != nil && *one.Given > 6 { // the maximum of the KafkaScaler
				t.Errorf("lagscaler asked for %d: %s", *one.Given, one.Line)
			}
		}
	}
	s.Apply(t, s.NS, asks(at))
	closedloop.AwaitFor(t, slow, "the number that was given", func() error { return size(s, func(n int32) bool { return n <= 6 }) })
}
