package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// What the decisions cost, and what they may cost.
const (
	mostFortnight = 5 * time.Second        // of CPU, for two weeks in the simulator
	mostCall      = 100 * time.Microsecond // a call of Evaluate, in the median
	mostKept      = 100.                   // MB, for keptFor scalers of one source
	mostSaved     = 16.                    // KB of a source

	keptFor   = 2_000
	keptOf    = 10 // scalers that are really kept
	keptDays  = 8  // of traffic each: a week is remembered
	costTrace = "nab_tweets_goog_5m.csv"

	fortnights = 3 // are played; the fastest counts
)

// measured is a scaler in the simulator that notes how long its calls take, and what it remembers at the end.
type measured struct {
	policy sim.Policy
	calls  []time.Duration
	memory scaler.Memory
}

func newMeasured(w sim.World, spec scaler.Spec) (*measured, error) {
	spec = sim.Declare(spec, w)
	spec.Sources[0].Cluster, spec.Sources[0].Group = "sim", "sim"
	policy, err := spec.Policy()
	if err != nil {
		return nil, fmt.Errorf("the policy to measure: %w", err)
	}
	m := &measured{}
	m.policy = sim.Tried(sim.OurName, policy, spec.Sources[0], func(in scaler.Input) scaler.Result {
		began := time.Now()
		r := scaler.Evaluate(in)
		m.calls = append(m.calls, time.Since(began))
		m.memory = r.Memory
		return r
	})
	return m, nil
}

// quantile is a quantile of the calls.
func (m *measured) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(m.calls))
	return sorted[int(q*float64(len(sorted)-1))]
}

// saved is what is saved at the end, in KB.
func (m *measured) saved() (float64, error) {
	data, err := m.memory.Save()
	if err != nil {
		return 0, fmt.Errorf("saving what was learned: %w", err)
	}
	return float64(len(data)) / 1024, nil
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// costs measures on one core, and writes the table into a file.
func costs(file string) error {
	runtime.GOMAXPROCS(1)
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(sim.GCPercent) // as lagscaler simulate does
	}
	t, err := read(costTrace)
	if err != nil {
		return err
	}
	w := sim.World{Partitions: partitions, PerConsumer: speed, Seed: 1}
	took, _, err := fortnight(t, w, scaler.Spec{})
	if err != nil {
		return err
	}
	objective := 99.7
	promised, m, err := fortnight(t, w, scaler.Spec{Objective: &objective})
	if err != nil {
		return err
	}
	saved, err := m.saved()
	if err != nil {
		return err
	}
	kept, err := memoryOf(t, w, objective)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "48 partitions, the recorded tweets, one core of %s. CPU is that of the fastest of %d runs.\n\n| what | measured | may be |\n|---|---|---|\n", machine(), fortnights)
	row := func(what, is, most string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", what, is, most) }
	row("14 days in the simulator, CPU", seconds(took), seconds(mostFortnight))
	row("the same with an objective, CPU", seconds(promised), seconds(mostFortnight))
	row("a call of Evaluate with an objective, median (99th percentile)",
		fmt.Sprintf("%d (%d) µs", m.quantile(0.5).Microseconds(), m.quantile(0.99).Microseconds()), fmt.Sprintf("%d µs", mostCall.Microseconds()))
	row("memory of 2,000 scalers of one source that remember a week", fmt.Sprintf("%.0f MB", kept), fmt.Sprintf("%.0f MB", mostKept))
	row("saved of such a source", fmt.Sprintf("%.1f KB", saved), fmt.Sprintf("%.0f KB", mostSaved))
	fmt.Print(b.String())
	return put(file, b.String())
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// fortnight plays two weeks, and returns the least that they took in some runs: other work on the machine only adds to it.
func fortnight(t sim.Trace, w sim.World, spec scaler.Spec) (least time.Duration, m *measured, err error) {
	t.Counts = t.Counts[:min(len(t.Counts), int(14*24*time.Hour/t.Step))]
	for range fortnights {
		one, err := newMeasured(w, spec)
		if err != nil {
			return 0, nil, err
		}
		runtime.GC()
		began := cpu()
		sim.Simulate(t, w, one.policy)
		if took := cpu() - began; m == nil || took < least {
			least, m = took, one
		}
	}
	return least, m, nil
}

// memoryOf is the memory that scalers keep after a week, in MB.
func memoryOf(t sim.Trace, w sim.World, objective float64) (float64, error) {
	t.Counts = t.Counts[:min(len(t.Counts), int(keptDays*24*time.Hour/t.Step))]
	kept := make([]scaler.Memory, keptOf)
	before := heap()
	for i := range kept {
		w.Seed = uint64(i + 1)
		m, err := newMeasured(w, scaler.Spec{Objective: &objective})
		if err != nil {
			return 0, err
		}
		sim.Simulate(t, w, m.policy)
		kept[i] = m.memory
	}
	after := heap()
	runtime.KeepAlive(kept)
	return float64(after-before) / keptOf * keptFor / 1e6, nil
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func machine() string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if _, name, ok := strings.Cut(line, "model name\t: "); ok {
				model = strings.TrimSpace(name)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %s/%s, %s", model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// The markers between which docs/benchmarks.md takes the table.
const (
	opens  = "<!-- bench:scaler: written by `make bench-scaler` -->\n"
	closes = "<!-- /bench:scaler -->\n"
)

func put(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	head, rest, ok := strings.Cut(string(content), opens)
	_, tail, closed := strings.Cut(rest, closes)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table: %q … %q", file, opens, closes)
	}
	if err := os.WriteFile(file, []byte(head+opens+"\n"+text+"\n"+closes+tail), 0o644); err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}
