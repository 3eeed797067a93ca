package scale

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"text/template"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/internal/plot"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// calibration is a real run beside simulations of the same traffic.
type calibration struct {
	World     sim.World // as measured
	Observed  observed
	Simulated []sim.Result // by seed
}

// figure is one number of both.
type figure struct {
	Name                                   string
	Observed, Simulated, Least, Most       string
	observed, simulated, least, mostNumber float64
}

func (c calibration) figure(name, format string, of func(sim.Result) float64) figure {
	var all []float64
	for _, r := range c.Simulated {
		all = append(all, of(r))
	}
	slices.Sort(all)
	f := figure{Name: name, observed: of(c.Observed.Result), simulated: all[len(all)/2], least: all[0], mostNumber: all[len(all)-1]}
	text := func(v float64) string { return fmt.Sprintf(format, v) }
	f.Observed, f.Simulated, f.Least, f.Most = text(f.observed), text(f.simulated), text(f.least), text(f.mostNumber)
	return f
}

func meanAge(r sim.Result) float64 {
	sum := 0.0
	for _, p := range r.Points {
		sum += float64(p.Age)
	}
	return sum / float64(max(1, len(r.Points)))
}

func rebalances(r sim.Result) float64 {
	if len(r.Points) == 0 {
		return 0
	}
	return float64(r.Points[len(r.Points)-1].Rebalances)
}

func mostReplicas(r sim.Result) float64 {
	most := int32(0)
	for _, p := range r.Points {
		most = max(most, p.Replicas)
	}
	return float64(most)
}

// Figures are the numbers side by side.
func (c calibration) Figures() []figure {
	return []figure{
		c.figure("oldest record, s", "%.0f", func(r sim.Result) float64 { return r.PeakAge.Seconds() }),
		c.figure("oldest record of ten seconds, mean, s", "%.1f", meanAge),
		c.figure("records later than 30 s, %", "%.1f", func(r sim.Result) float64 { return r.LatePercent }),
		c.figure("consumer minutes", "%.0f", func(r sim.Result) float64 { return 60 * r.ConsumerHours }),
		c.figure("most replicas", "%.0f", mostReplicas),
		c.figure("changes of the replicas", "%.0f", func(r sim.Result) float64 { return float64(len(r.Moves)) }),
		c.figure("rebalances", "%.0f", rebalances),
	}
}

// Typical is the simulation whose oldest record is the median one.
func (c calibration) Typical() sim.Result {
	all := slices.Clone(c.Simulated)
	slices.SortStableFunc(all, func(a, b sim.Result) int { return int(a.PeakAge - b.PeakAge) })
	return all[len(all)/2]
}

// halfMinute is half a minute: the greatest of each.
type halfMinute struct {
	Second                  int32
	Rate                    float64
	Replicas, Age           int32 // observed
	SimReplicas, SimAge     int32 // of the median simulation, each by itself
	SimAgeLeast, SimAgeMost int32
	Estimate                string // by lagscaler, at its decision
}

// Moments are the run, half a minute at a time.
func (c calibration) Moments() []halfMinute {
	const steps, seconds = 3, 10
	var out []halfMinute
	for b := 0; b+steps <= len(c.Observed.Points); b += steps {
		age, replicas, rate := window(c.Observed.Result, b, steps)
		m := halfMinute{Second: int32(b) * seconds, Age: age, Replicas: replicas, Rate: rate}
		var ages, sizes []int32
		for _, r := range c.Simulated {
			a, n, _ := window(r, b, steps)
			ages, sizes = append(ages, a), append(sizes, n)
		}
		slices.Sort(ages)
		slices.Sort(sizes)
		m.SimAge, m.SimAgeLeast, m.SimAgeMost = ages[len(ages)/2], ages[0], ages[len(ages)-1]
		m.SimReplicas = sizes[len(sizes)/2]
		for _, e := range c.Observed.Estimates {
			if e.Second >= m.Second && e.Second < m.Second+steps*seconds {
				m.Estimate = fmt.Sprintf("%.0f", e.Seconds)
			}
		}
		out = append(out, m)
	}
	return out
}

func window(r sim.Result, from, n int) (age, replicas int32, rate float64) {
	for _, p := range r.Points[from:min(from+n, len(r.Points))] {
		age, replicas, rate = max(age, p.Age), max(replicas, p.Replicas), max(rate, p.Rate)
	}
	return age, replicas, rate
}

// Where the real run is kept, and what is written of it.
const (
	calibrationData     = "testdata/calibration.json"
	calibrationDocument = "../../../docs/calibration.md"
	calibrationCurves   = "../../../docs/calibration.html"
)

var updateCalibration = flag.Bool("update-calibration", false, "simulate the kept run again, and write docs/calibration.md")

// TestCalibration simulates the run that is kept: the document says what the simulator does today, and it is near enough.
func TestCalibration(t *testing.T) {
	text, err := os.ReadFile(calibrationData)
	if err != nil {
		t.Fatal(err)
	}
	var o observed
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	c := calibrate(t, o)
	c.judge(t)
	if *updateCalibration {
		c.write(t)
	}
	want, err := os.ReadFile(calibrationDocument)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.document(t); !bytes.Equal(got, want) {
		t.Errorf("%s says something else; -update-calibration writes it anew:\n%s", calibrationDocument, got)
	}
}

// calibrate simulates a real run.
func calibrate(t *testing.T, o observed) calibration {
	t.Helper()
	c := calibration{Observed: o, World: o.world()}
	trace := closedloop.Traffic(t)
	for seed := range uint64(simulations) {
		w := c.World
		w.Seed = seed + 1
		c.Simulated = append(c.Simulated, simulateCalibrated(t, trace, w))
	}
	return c
}

func (o observed) save(t *testing.T) {
	t.Helper()
	text, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(calibrationData, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c calibration) document(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := calibrationPage.Execute(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (c calibration) write(t *testing.T) {
	t.Helper()
	var curves bytes.Buffer
	report := plot.Report{
		Title: "A real run, and the simulator on the same traffic", Target: calibrateTarget,
		Results: []sim.Result{c.Observed.Result, c.Typical()},
	}
	if err := plot.Write(&curves, report); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{calibrationDocument: c.document(t), calibrationCurves: curves.Bytes()} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// judge holds the simulator to what was observed.
func (c calibration) judge(t *testing.T) {
	t.Helper()
	for i, most := range map[int]float64{0: 15, 1: 6, 3: 20} { // by figure, how far the median may be off
		f := c.Figures()[i]
		if off := max(f.observed-f.simulated, f.simulated-f.observed); off > most {
			t.Errorf("%s: %s observed, %s simulated", f.Name, f.Observed, f.Simulated)
		}
	}
}

var calibrationPage = template.Must(template.New("calibration").Funcs(template.FuncMap{
	"s":    func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) },
	"ms":   func(d time.Duration) string { return fmt.Sprintf("%.1f ms", 1000*d.Seconds()) },
	"mean": closedloop.Mean,
	"most": slices.Max[[]time.Duration],
	"f0":   func(v float64) string { return fmt.Sprintf("%.0f", v) },
	"f1":   func(v float64) string { return fmt.Sprintf("%.1f", v) },
}).Parse(`# Calibration of the simulator

Written by ` + "`make calibrate`" + `; do not edit. The real run is stored, and a test simulates it again.

A producer replayed five hours of a stream of tweets in ten minutes, after 90 seconds of low traffic, into a topic with {{.Observed.Partitions}} partitions on
three real brokers. A real control plane ran the Deployment, and for every Ready pod the test ran one consumer process (range assignor, a
heartbeat every 3 s, a commit every 5 s, 20 ms of work per record, up to 100 records per fetch), which needed up to 8 s more to start.
lagscaler scaled the Deployment with its normal intervals: a poll every 10 s, a decision every 30 s. Only the stabilization window was shorter,
two minutes, so that the run also shows scaling down.

The simulator then ran the same trace with the measured values:

| | measured | in the simulator |
|---|---|---|
| processing time of a record | {{ms .Observed.PerRecord}} | {{f1 .World.PerConsumer}}/s per consumer |
| time from a new number of replicas until a consumer joins | {{with .Observed.Starts}}{{len .}} pods: {{s (mean .)}} on average, {{s (most .)}} at most{{end}} | {{s (index .World.Starts 0)}} to {{s (index .World.Starts 1)}} |
| pause of a member in a rebalance | {{with .Observed.Pauses}}{{len .}} pauses: {{s (mean .)}} on average, {{s (most .)}} at most{{end}} | {{s .World.Pause}}, for all members together (the simulator uses whole seconds, at least one) |
| commit interval | 5 s | 5 s |

## Comparison

The column "simulated" has the medians of {{len .Simulated}} seeds.

| | observed | simulated | minimum | maximum |
|---|---|---|---|---|
{{range .Figures}}| {{.Name}} | {{.Observed}} | {{.Simulated}} | {{.Least}} | {{.Most}} |
{{end}}
Differences between Kafka and the simulator:

- In Kafka, a rebalance includes every member that joins until the other members have noticed the rebalance at their next heartbeat. Until then these members continue to work.
  In the simulator, a rebalance includes only the members that join during the pause, so the simulator has more rebalances.
- The simulator does not consider that a record waits for the other records of its fetch, here for up to two seconds.

Limits of this comparison: the members of these programs rejoined within a second. In the benchmark a rebalance takes up to 9 s, as in programs
that need that long until they poll again. The comparison does not include cooperative rebalancing.

[The curves](calibration.html) show the traffic, the replicas with the reason of every decision, the oldest record and the rebalances: observed, and in
a typical simulation. The decisions of the observed run are stored with it, in the words of the version that ran; the decisions of the simulation have the
words of the present version.

## Time lag, in intervals of 30 s

The table shows the age of the oldest record. The consumers measured the observed age when they finished a record; the simulator computes it while the record waits. The last column
is the time lag that lagscaler computed from offsets at its decision in that interval.

| from | records/s | replicas observed | simulated | oldest observed | simulated | minimum to maximum | measured by lagscaler |
|---|---|---|---|---|---|---|---|
{{range .Moments}}| {{.Second}} s | {{f0 .Rate}} | {{.Replicas}} | {{.SimReplicas}} | {{.Age}} s | {{.SimAge}} s | {{.SimAgeLeast}} to {{.SimAgeMost}} s | {{with .Estimate}}{{.}} s{{end}} |
{{end}}`))
