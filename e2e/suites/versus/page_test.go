package versus

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

var update = flag.Bool("update", false, "write docs/versus.md of the runs that are kept")

const (
	kept  = "testdata/side.json"
	page  = "../../../docs/versus.md"
	seeds = 21
)

func writePage(t *testing.T, runs [][]outcome) {
	t.Helper()
	if err := os.WriteFile(page, render(t, runs), 0o644); err != nil {
		t.Fatal(err)
	}
}

// row is what became of a contestant in every run that is kept.
type row struct {
	Name string
	Runs []played
}

// played is an outcome, beside simulations of the same traffic where the simulator knows the autoscaler.
type played struct {
	outcome
	Simulated []sim.Result
}

// rows are the contestants, in their order.
func rows(t *testing.T, runs [][]outcome) (all []row) {
	t.Helper()
	for i, o := range runs[0] {
		r := row{Name: o.Name}
		for _, run := range runs {
			r.Runs = append(r.Runs, played{run[i], simulate(t, run[i])})
		}
		all = append(all, r)
	}
	return all
}

func simulate(t *testing.T, o outcome) (all []sim.Result) {
	t.Helper()
	trace := closedloop.Traffic(t)
	for seed := range uint64(seeds) {
		policy, ok := simulated(t, o)
		if !ok {
			break
		}
		w := o.World(target)
		w.Seed = seed + 1
		all = append(all, sim.Simulate(trace, w, policy))
	}
	return all
}

// simulated is the policy of a contestant; false: the simulator has none.
func simulated(t *testing.T, o outcome) (sim.Policy, bool) {
	t.Helper()
	switch {
	case o.Threshold > 0:
		policy := sim.KEDA(o.Threshold)
		policy.Max = maxReplicas
		return policy, true
	case o.Name != sim.OurName:
		return nil, false
	}
	policy, err := sim.Ours(o.Name, scaler.Spec{TargetLag: target, Sources: []seen.SourceSpec{{ProcessingTime: 20 * time.Millisecond}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return policy, true
}

// numberOf are the numbers of a simulation by the name that the page has for them.
var numberOf = map[string]func(sim.Result) float64{
	"late": func(r sim.Result) float64 { return r.LatePercent }, "minutes": func(r sim.Result) float64 { return 60 * r.ConsumerHours },
	"changes": func(r sim.Result) float64 { return float64(len(r.Moves)) },
}

// sorted are a number of all simulations, the least first.
func (r played) sorted(name string) (all []float64) {
	for _, s := range r.Simulated {
		all = append(all, numberOf[name](s))
	}
	slices.Sort(all)
	return all
}

func (r played) median(name string) float64 { return r.sorted(name)[len(r.Simulated)/2] }

// Range is the median of a number of the simulations, with the least and the most.
func (r played) Range(name string) string {
	all, digits := r.sorted(name), 0
	if name == "late" {
		digits = 1
	}
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, r.median(name), digits, all[0], digits, all[len(all)-1])
}

// near is how far the simulated consumer minutes may be from the measured ones.
const near = 0.15

// Minutes are the consumer minutes of the run.
func (r played) Minutes() float64 { return 60 * r.ConsumerHours }

// Off is how far the median of the simulated consumer minutes is from the measured ones, as a share of those.
func (r played) Off() float64 { return r.median("minutes")/r.Minutes() - 1 }

// judge finds where the simulator is wrong about a run: the cost of each, and who is later than whom.
func judge(all []row) (wrong []string) {
	for run := range all[0].Runs {
		var known []played
		for _, r := range all {
			if len(r.Runs[run].Simulated) > 0 {
				known = append(known, r.Runs[run])
			}
		}
		wrong = append(wrong, judgeRun(known)...)
	}
	return wrong
}

func judgeRun(all []played) (wrong []string) {
	for i, r := range all {
		if math.Abs(r.Off()) > near {
			wrong = append(wrong, fmt.Sprintf("%s took %.0f consumer minutes, simulated %.0f", r.Name, r.Minutes(), r.median("minutes")))
		}
		for _, other := range all[i+1:] {
			const apart = 1.0 // percent: nearer ones may change places
			measured, simulated := r.LatePercent-other.LatePercent, r.median("late")-other.median("late")
			if math.Abs(measured) > apart && measured*simulated <= 0 {
				wrong = append(wrong, fmt.Sprintf("%s and %s: %.1f and %.1f %% late, simulated %.1f and %.1f",
					r.Name, other.Name, r.LatePercent, other.LatePercent, r.median("late"), other.median("late")))
			}
		}
	}
	return wrong
}

// Each is a number of every run, as text.
func (r row) Each(format string, of func(played) float64) string {
	var all []string
	for _, one := range r.Runs {
		all = append(all, fmt.Sprintf(format, of(one)))
	}
	return strings.Join(all, ", ")
}

// Delay is from a decision until the Deployment asked for its replicas: the mean and the longest of all runs.
func (r row) Delay() string {
	var all []time.Duration
	for _, one := range r.Runs {
		all = append(all, one.Delays...)
	}
	if len(all) == 0 {
		return "–"
	}
	return fmt.Sprintf("%d steps up: %.1f s on average, %.1f s at most", len(all), closedloop.Mean(all).Seconds(), slices.Max(all).Seconds())
}

// Numbers are the ways of the numbers of all runs.
func (r row) Numbers() (all []journey) {
	for _, one := range r.Runs {
		all = append(all, one.Numbers...)
	}
	return all
}

func render(t *testing.T, runs [][]outcome) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pageText.Execute(&b, rows(t, runs)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var pageText = template.Must(template.New("versus").Funcs(template.FuncMap{
	"tallies": tallies,
	"off":     func(r played) float64 { return 100 * r.Off() },
	"late":    func(r row) string { return r.Each("%.1f", func(p played) float64 { return p.LatePercent }) },
	"minutes": func(r row) string { return r.Each("%.0f", played.Minutes) },
	"changes": func(r row) string { return r.Each("%.0f", func(p played) float64 { return float64(p.Changes) }) },
	"oldest":  func(r row) string { return r.Each("%.0f", func(p played) float64 { return p.PeakAge.Seconds() }) },
	"runs":    func(all []row) int { return len(all[0].Runs) },
	"percent": func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"seconds": func(d time.Duration) string { return fmt.Sprintf("%.0f", d.Seconds()) },
}).Parse(`# Side by side with KEDA

Written by ` + "`make versus`" + `; do not edit. The runs are stored in e2e/suites/versus/testdata.

The same traffic went to {{len .}} Deployments at once: five hours of a stream of tweets in ten minutes, after 90 seconds of low traffic, at most 400 records per second, 20 ms of work a record,
12 partitions each. All ran on one Kafka (three brokers) and one real control plane whose HPAs look every 15 s, with KEDA's operator and metrics adapter. For every Ready pod the test
ran one consumer process (range assignor, a heartbeat every 3 s, a commit every 5 s), which needed 12 to 20 s to start. Every autoscaler had its default settings but for
these: lagscaler a target lag of 30 s and the processing time of a record, the HPAs that get their number from lagscaler the ` + "`behavior`" + ` that ` + "`lagscaler convert`" + ` writes, KEDA's kafka trigger its threshold
and ` + "`minReplicaCount: 1`" + `.

| who scales | late, % | consumer minutes | changes | oldest record, s | from a decision of lagscaler to the new size |
|---|---|---|---|---|---|
{{range .}}| {{.Name}} | {{late .}} | {{minutes .}} | {{changes .}} | {{oldest .}} | {{.Delay}} |
{{end}}
- **late**: the share of the records that were processed more than 30 s after they were produced.
- Nobody tuned the thresholds: the best of four is known only afterwards. lagscaler's parameters were chosen on [recorded traces](scaling-benchmark.md), of which this stream is one, here 30 times as fast.
- A low threshold may ask for all useful consumers in the low traffic already: then there is nothing to change.
- {{runs .}} {{if eq (runs .) 1}}run{{else}}runs, in the same order in every cell,{{end}} of ten minutes. They show what the ways cost on this traffic, and whether the simulator is right about it; [the benchmark](scaling-benchmark.md) has other traffic.

## What the HPAs did to lagscaler's numbers

Each number that lagscaler gave, and that was not the size already:

| who scales | what the HPA did, by which of its rules | numbers | up | down | until the new size, s: mean | most |
|---|---|---|---|---|---|---|
{{range .}}{{$name := .Name}}{{range tallies .Numbers}}| {{$name}} | {{.Rule}} | {{.N}} | {{.Ups}} | {{.ToLess}} | {{if .Most}}{{seconds .Mean}} | {{seconds .Most}}{{else}}never | never{{end}} |
{{end}}{{end}}
[What an HPA does to a number](integrations.md#what-an-hpa-does-to-a-number) says which rules an HPA has, and which can be lifted. The window of 300 s for scale-downs and the limit of speed are lifted here, by
` + "`behavior`" + `; KEDA's own kafka trigger has both, as by default.

## The simulator on the same traffic

Told what was measured in the run of each (replicas at the beginning, the second of the first decision, start-up times, pauses, time per record), the simulator gives the median of 21 seeds, with the least and the most:

| who scales | late, % | simulated | consumer minutes | simulated | off | changes | simulated |
|---|---|---|---|---|---|---|---|
{{range .}}{{range .Runs}}{{if .Simulated}}| {{.Name}} | {{percent .LatePercent}} | {{.Range "late"}} | {{printf "%.0f" .Minutes}} | {{.Range "minutes"}} | {{printf "%+.0f %%" (off .)}} | {{.Changes}} | {{.Range "changes"}} |
{{end}}{{end}}{{end}}
The test fails if the median is more than 15 % off the consumer minutes of one of them, or if one that was later than another one (by more than one percent of the records) is not so in the simulator. Late records are less
certain than costs: whether a record is 29 or 31 s old depends on seconds.
`))

// keptRuns are the newest runs, oldest first.
func keptRuns(t *testing.T) (runs [][]outcome) {
	t.Helper()
	text, err := os.ReadFile(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &runs)
	}
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// The page says what the runs that are kept measured, and what the simulator says of it now.
func TestPage(t *testing.T) {
	runs := keptRuns(t)
	switch {
	case len(runs) == 0 && os.Getenv(variable) != "":
		return // TestSideBySide keeps the first one, and writes the page
	case len(runs) == 0:
		t.Fatalf("no run is kept in %s: make versus makes one", kept)
	case *update:
		writePage(t, runs)
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range judge(rows(t, runs)) {
		t.Error(what)
	}
	if want := render(t, runs); !bytes.Equal(written, want) {
		t.Errorf("%s differs from the runs that are kept; go test ./suites/versus -run TestPage -update writes it:\n%s", page, want)
	}
}
