package scale

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// calibrateVariable, when set, has TestCalibrate play for ten minutes.
const calibrateVariable = "LAGSCALER_CALIBRATE"

const (
	simulations     = 21
	calibrateWindow = 2 * time.Minute
	calibrateTarget = 30 * time.Second
	calibrateStart  = 12 * time.Second // of a pod, until it is Ready
)

// TestCalibrate holds the simulator against a real run: make calibrate. The daemon scales real consumers on a real control
// plane by its documented clocks, and everything that the simulator must be told is measured: how long pods take to join,
// how long members pause, and how fast they are.
func TestCalibrate(t *testing.T) {
	if os.Getenv(calibrateVariable) == "" {
		t.Skipf("skipped: this plays traffic for ten minutes and writes docs/calibration.md; make calibrate runs it, with %s", calibrateVariable)
	}
	trace := closedloop.Traffic(t)
	s := open(t, setup{
		Rate: int(trace.Counts[0] / trace.Step.Seconds()), Replicas: 2, Scaler: calibrated, Clocks: closedloop.Documented,
		Deployment: func(d *kube.Deployment) { d.StartUp = calibrateStart },
		Consumer:   func(c *consumerConfig) { c.Plain, c.Target = true, calibrateTarget },
	})
	sizes := s.WatchSize()
	d := s.start()
	awaitFor(t, 5*time.Minute, "a steady workload that keeps up", func() error { return s.steady(d) })
	began := closedloop.Play(t, trace, s.Loop)
	o := observed{Observed: s.Observe(trace, began, sizes())}
	o.decisions(s, d, began)
	o.save(t)
	c := calibrate(t, o)
	c.write(t)
	c.judge(t)
}

// calibrated is the KafkaScaler: all as by default, but that it goes down within the ten minutes.
func calibrated(s *closedloop.Loop) string {
	return fmt.Sprintf(`
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: %s}
spec:
  scaleTargetRef: {name: %s}
  mode: act
  targetLag: %s
  stabilizationWindow: %s
  sources:
  - {cluster: main, group: %s, processingTime: %s}
`, scalerName, workload, calibrateTarget, calibrateWindow, s.Groups[0], s.Setup.Processing)
}

func (s *scenario) steady(d *daemon) error {
	got, err := d.Scaler(s.Name())
	if err != nil {
		return err
	}
	need, ok := got.Decision.Need()
	if !ok || got.Decision.Verdict != scaler.Steady || !need.LagKnown || need.LagSeconds > calibrateTarget.Seconds()/2 {
		return fmt.Errorf("%s %s", got.Decision.Verdict, got.Line)
	}
	return nil
}

// observed is what happened in a real run.
type observed struct {
	closedloop.Observed
	Estimates []estimate
}

// estimate is the time lag as lagscaler measured it.
type estimate struct {
	Second  int32
	Seconds float64
}

// decisions are the daemon's changes, and its own measure of the time lag at each decision.
func (o *observed) decisions(s *scenario, d *daemon, began time.Time) {
	var last time.Time
	for _, h := range d.History() {
		for _, one := range h.Scalers {
			decision := one.Decision
			if one.Name != s.Name() || !decision.At.After(last) || decision.At.Before(began) {
				continue
			}
			last = decision.At
			second := int32(decision.At.Sub(began) / time.Second)
			if need, ok := decision.Need(); ok && need.LagKnown {
				o.Estimates = append(o.Estimates, estimate{second, need.LagSeconds})
			}
			if one.Disposition == scaler.Applied && decision.Desired != decision.Current {
				o.Moves = append(o.Moves, sim.Move{Second: second, From: decision.Current, To: decision.Desired, Why: one.Line})
			}
		}
	}
}

func (o observed) world() sim.World { return o.World(calibrateTarget) }

func simulateCalibrated(t *testing.T, trace sim.Trace, w sim.World) sim.Result {
	t.Helper()
	policy, err := sim.Ours("simulated", scaler.Spec{
		TargetLag: calibrateTarget, StabilizationWindow: calibrateWindow,
		Sources: []seen.SourceSpec{{ProcessingTime: 20 * time.Millisecond}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sim.Simulate(trace, w, policy)
}
