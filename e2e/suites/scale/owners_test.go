package scale

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

// condition reads a condition of the KafkaScaler, as status/reason.
func (s *scenario) condition(kind string) string {
	s.t.Helper()
	at := fmt.Sprintf("conditions[?(@.type==%q)]", kind)
	return s.Status(at+".status") + "/" + s.Status(at+".reason")
}

// awaitCondition waits until a condition is as wanted.
func (s *scenario) awaitCondition(kind, want string) {
	s.t.Helper()
	await(s.t, kind+" to be "+want, func() error {
		if got := s.condition(kind); got != want {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
}

// awaitSize waits until the Deployment asks for at least so many replicas.
func (s *scenario) awaitSize(what string, good func(n int32) bool) int32 {
	s.t.Helper()
	var n int32
	await(s.t, what, func() error {
		if n = s.Size(); !good(n) {
			return fmt.Errorf("it asks for %d", n)
		}
		return nil
	})
	return n
}

// awaitEvent waits until the program has said that about an object.
func (s *scenario) awaitEvent(kind, name, reason string) {
	s.t.Helper()
	await(s.t, "the Event "+reason, func() error {
		if got := s.EventReasonsOf(kind, name); !slices.Contains(got, reason) {
			return fmt.Errorf("events %q", got)
		}
		return nil
	})
}

func atLeast(want int32) func(int32) bool { return func(n int32) bool { return n >= want } }

// In act, an HPA on the target is a conflict until it is gone.
func TestAnHPAOnTheTarget(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 150})
	s.Autoscale(t, kube.HPA{Namespace: s.NS, Deployment: workload, Min: 1, Max: 10, Metric: "nothing", PerPod: 1})
	sizes := s.WatchSize()
	d := s.start()
	s.awaitDecision(d, "a decision in conflict", func(got scalerReport) bool {
		return got.Disposition == scaler.Conflict && got.Decision.Desired > got.Decision.Current
	})
	s.awaitCondition("AbleToScale", "False/Conflict")
	s.awaitEvent("Deployment", workload, "Conflict")
	if got := sizes(); len(got) != 1 {
		t.Errorf("sizes %v were written beside an HPA", got)
	}
	s.Kubectl(t, "delete", "hpa", workload, "--namespace="+s.NS)
	s.awaitSize("a size that carries 150/s", atLeast(3))
	s.awaitCondition("AbleToScale", "True/Leading")
}

// A ScaledObject owns its target unless it is paused, which is the cut-over from KEDA.
func TestAScaledObjectOnTheTarget(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 150})
	s.InstallCRDs(t, kube.ScaledObjects)
	s.Apply(t, s.NS, `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: orders}
spec:
  scaleTargetRef: {name: worker}
  triggers: [{type: kafka, metadata: {topic: orders, lagThreshold: "50"}}]
`)
	sizes := s.WatchSize()
	d := s.start()
	s.awaitDecision(d, "a decision in conflict", func(got scalerReport) bool {
		return got.Disposition == scaler.Conflict && got.Workload.Owner.Kind == "ScaledObject" && got.Decision.Desired > got.Decision.Current
	})
	if got := sizes(); len(got) != 1 {
		t.Errorf("sizes %v were written beside a ScaledObject", got)
	}
	s.Kubectl(t, "annotate", "scaledobject", "orders", "--namespace="+s.NS, "autoscaling.keda.sh/paused=true")
	s.awaitSize("a size that carries 150/s", atLeast(3))
}

// In advise our decision is shown beside what a real HPA does, and nothing is written: the token could not.
func TestAdviseBesideARealHPA(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 150, Mode: scaler.Advise})
	metrics := s.ServeExternalMetrics(t)
	metrics.Set(s.NS, "lag", 50)
	s.Autoscale(t, kube.HPA{Namespace: s.NS, Deployment: workload, Min: 1, Max: 10, Metric: "lag", PerPod: 10})
	d := s.start()
	s.awaitSize("the HPA's own five", func(n int32) bool { return n == 5 })
	got := s.awaitDecision(d, "advice beside the HPA's five", func(got scalerReport) bool {
		return got.Disposition == scaler.Advised && got.Workload.Owner.Desired == 5 && got.Decision.Current == 5 && got.Decision.Verdict != scaler.CapacityUnknown
	})
	s.awaitCondition("AbleToScale", "False/Advise")
	if got.Ups+got.Downs+got.Errors != 0 || len(got.Failure) != 0 {
		t.Errorf("in advise it wrote, or tried to: %+v", got)
	}
	// The HPA is misled; what we would do is said in Events of both.
	metrics.Set(s.NS, "lag", 10)
	s.awaitSize("the HPA's one", func(n int32) bool { return n == 1 })
	await(t, "an Event with the advice", func() error {
		events := strings.Join(s.Events(t, s.NS, workload), "\n")
		if !strings.Contains(events, "(Advised)") {
			return fmt.Errorf("events\n%s", events)
		}
		return nil
	})
}

// Paused by the operator: the decision is made and shown, and not written.
func TestPausedByTheOperator(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 150})
	s.Kubectl(t, "annotate", "kafkascaler", scalerName, "--namespace="+s.NS, "lagscaler.io/paused=true")
	sizes := s.WatchSize()
	d := s.start()
	s.awaitDecision(d, "a decision that is not written", func(got scalerReport) bool {
		return got.Disposition == scaler.Paused && got.Decision.Desired > got.Decision.Current
	})
	s.awaitCondition("Paused", "True/Paused")
	if got := sizes(); len(got) != 1 {
		t.Errorf("sizes %v were written though it is paused", got)
	}
	s.Kubectl(t, "annotate", "kafkascaler", scalerName, "--namespace="+s.NS, "lagscaler.io/paused-", "lagscaler.io/fixed-replicas=5")
	s.awaitSize("the operator's five", func(n int32) bool { return n == 5 })
}

// Of two scalers on one target the older one holds it.
func TestASecondScalerOnTheTarget(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20})
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	s.Apply(t, s.NS, strings.Replace(s.Scaler(), "name: "+scalerName, "name: second", 1))
	await(t, "the second to be refused", func() error {
		got := s.ScalerField(t, s.NS, "second", `.status.conditions[?(@.type=="Ready")].reason`)
		if got != "TargetTaken" {
			return fmt.Errorf("Ready has the reason %q", got)
		}
		return nil
	})
	if one, err := d.Scaler(s.Name()); err != nil || one.Refused != "" {
		t.Errorf("the first: %q, %v", one.Refused, err)
	}
}
