package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// calibrateVariable, when set, has TestCalibrate play for ten minutes.
const calibrateVariable = "LAGSCALER_CALIBRATE"

// The traffic that is played: five hours of a stream of tweets, thirty times as fast, after a minute and a half of calm.
const (
	playedTrace = "nab_tweets_goog_5m"
	playedFrom  = 21 // samples
	played      = 60
	playedStep  = 10 * time.Second
	playedPeak  = 400 // records/s
	calmBefore  = 9   // samples of the first rate
	simulations = 21
)

const (
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
	trace := playedTraffic(t)
	s := open(t, setup{
		Rate: int(trace.Counts[0] / playedStep.Seconds()), Replicas: 2, Scaler: calibrated, Clocks: closedloop.Documented,
		Deployment: func(d *kube.Deployment) { d.StartUp = calibrateStart },
		Consumer:   func(c *consumerConfig) { c.Plain, c.Target = true, calibrateTarget },
	})
	sizes := s.WatchSize()
	d := s.start()
	awaitFor(t, 5*time.Minute, "a steady workload that keeps up", func() error { return s.steady(d) })
	began := s.play(t, trace)
	o := s.observe(d, trace, span{began, sizes()})
	o.save(t)
	c := calibrate(t, o)
	c.write(t)
	c.judge(t)
}

// playedTraffic is the trace: records by step.
func playedTraffic(t *testing.T) sim.Trace {
	t.Helper()
	f, err := traces.Files.Open(playedTrace + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := sim.ReadTrace(playedTrace, f)
	if err != nil {
		t.Fatal(err)
	}
	counts := slices.Clone(all.Counts[playedFrom : playedFrom+played])
	counts = append(slices.Repeat(counts[:1], calmBefore), counts...)
	peak := slices.Max(counts)
	for i := range counts {
		counts[i] *= playedPeak * playedStep.Seconds() / peak
	}
	return sim.Trace{Name: playedTrace, Step: playedStep, Counts: counts}
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

// play plays the trace in real time, and returns when it began.
func (s *scenario) play(t *testing.T, trace sim.Trace) time.Time {
	t.Helper()
	began := time.Now()
	for i, n := range trace.Counts {
		s.Load.Set(int(n / trace.Step.Seconds()))
		select {
		case <-time.After(time.Until(began.Add(time.Duration(i+1) * trace.Step))):
		case <-t.Context().Done():
			t.Fatal("the test ended")
		}
	}
	if n := s.Load.Failed.Load(); n > 0 {
		t.Errorf("%d records were not produced", n)
	}
	return began
}

// observed is what happened in a real run.
type observed struct {
	sim.Result // as far as it is known
	Starts     []time.Duration
	Pauses     []time.Duration
	PerRecord  time.Duration
	Estimates  []estimate
}

// estimate is the time lag as lagscaler measured it.
type estimate struct {
	Second  int32
	Seconds float64
}

// span is when the trace began, and the sizes there were.
type span struct {
	began time.Time
	sizes []kube.Size
}

// observe puts together what consumers, control plane and daemon saw of a trace.
func (s *scenario) observe(d *daemon, trace sim.Trace, h span) observed {
	s.t.Helper()
	o := observed{Result: sim.Result{Trace: playedTrace, Policy: "observed", Protocol: sim.Eager, Partitions: int(s.Setup.Partitions)}}
	ages := make([]time.Duration, len(trace.Counts))
	var done, late int64
	var busy time.Duration
	rebalances := make([]int, len(ages)) // as the member saw them that was there all the time
	for i, log := range s.ConsumerLogs() {
		lines := s.ReadConsumer(log)
		if len(lines) == 0 {
			s.t.Fatalf("%s: the consumer reported nothing", filepath.Base(log))
		}
		if start, ok := startOf(lines[0].At, h.sizes); ok {
			o.Starts = append(o.Starts, start)
		}
		last := lines[len(lines)-1]
		done, late, busy = done+last.Done, late+last.Late, busy+last.Busy
		for _, line := range lines {
			b := int(line.At.Sub(h.began) / playedStep)
			if line.At.Before(h.began) || b >= len(ages) {
				continue
			}
			ages[b] = max(ages[b], line.Recent)
			o.Pauses = append(o.Pauses, line.Paused...)
			if i == 0 {
				rebalances[b] += len(line.Paused)
			}
		}
	}
	o.PerRecord = busy / time.Duration(max(1, done))
	o.LatePercent = 100 * float64(late) / float64(max(1, done))
	for b, n := range trace.Counts {
		o.Points = append(o.Points, sim.PlotPoint{
			Second: int32(b+1)*int32(playedStep/time.Second) - 1, Rate: n / trace.Step.Seconds(),
			Age: int32(ages[b].Round(time.Second) / time.Second),
		})
		o.PeakAge = max(o.PeakAge, ages[b])
	}
	o.count(rebalances, h)
	o.decisions(s, d, h.began)
	return o
}

// startOf is how long after the size that asked for it a consumer came up; not ok for those that were there from the
// beginning.
func startOf(up time.Time, sizes []kube.Size) (time.Duration, bool) {
	for i := len(sizes) - 1; i > 0; i-- {
		if sizes[i].At.Before(up) && sizes[i].Replicas > sizes[i-1].Replicas {
			return up.Sub(sizes[i].At), true
		}
	}
	return 0, false
}

// count fills in the replicas and the rebalances so far of each step.
func (o *observed) count(rebalances []int, h span) {
	sum := 0
	for b := range o.Points {
		p := &o.Points[b]
		sum += rebalances[b]
		p.Rebalances = sum
		from, to := h.began.Add(time.Duration(b)*playedStep), h.began.Add(time.Duration(b+1)*playedStep)
		for i, one := range h.sizes {
			begins, ends := one.At, to
			if begins.Before(from) {
				begins = from
			}
			if i+1 < len(h.sizes) && h.sizes[i+1].At.Before(to) {
				ends = h.sizes[i+1].At
			}
			if ends.After(begins) {
				p.Replicas = max(p.Replicas, one.Replicas)
				o.ConsumerHours += ends.Sub(begins).Hours() * float64(one.Replicas)
			}
		}
	}
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

// world is the simulator's, with all that was measured.
func (o observed) world() sim.World {
	perConsumer := 1 / o.PerRecord.Seconds()
	slices.Sort(o.Starts)
	w := sim.World{
		Partitions: o.Partitions, PerConsumer: perConsumer, PeakLoad: playedPeak / (float64(o.Partitions) * perConsumer),
		Protocol: sim.Eager, CommitOnRevoke: true, Target: calibrateTarget, Pause: max(time.Second, mean(o.Pauses).Round(time.Second)), Jitter: 0.01, Initial: 2,
	}
	if n := len(o.Starts); n > 0 {
		w.Starts = [2]time.Duration{o.Starts[0], o.Starts[n-1]}
	}
	return w
}

func mean(all []time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, d := range all {
		sum += d
	}
	return sum / time.Duration(max(1, len(all)))
}

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
