package sim

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var update = flag.Bool("update", false, "write the measured rows of docs/safety.md again")

const safetyPage = "../../docs/safety.md"

// wrong is something that is wrong with what decisions rest on, or its twin: something that looks the same, and is not.
type wrong struct {
	name   string
	trace  Trace
	world  World
	spec   scaler.Spec
	breaks func(*scaler.Input)
	stops  bool // the scaler has to stop itself
}

const hours = 8

// each is a trace of so many minutes.
func each(rate func(minute int) float64) Trace {
	t := Trace{Name: "safety", Step: time.Minute}
	for m := range hours * 60 {
		t.Counts = append(t.Counts, rate(m))
	}
	return t
}

// waves go up and down twice in three hours, so that steps down are due.
func waves() Trace {
	return each(func(m int) float64 {
		if m%90 < 45 {
			return 2000
		}
		return 1200
	})
}

// believes is a defect in what is learned: a consumer processes so much, whatever it does.
func believes(perSecond float64) func(*scaler.Input) {
	return func(in *scaler.Input) {
		in.Memory.Sources = slices.Clone(in.Memory.Sources)
		for i := range in.Memory.Sources {
			in.Memory.Sources[i].PerConsumer = perSecond
		}
	}
}

// reads changes the offsets of every partition that are read.
func reads(change func(at time.Time, p *lag.PartitionLag)) func(*scaler.Input) {
	return func(in *scaler.Input) {
		g := *in.Sources[0].Lag
		topic := g.Topics[0]
		topic.Partitions = slices.Clone(topic.Partitions)
		for i := range topic.Partitions {
			change(in.Now, &topic.Partitions[i])
		}
		g.Topics = []lag.TopicLag{topic}
		in.Sources[0].Lag = &g
	}
}

// oldEnds are those of a broker that answers with what it knew for ten minutes of each hour, as if it were new.
func oldEnds() func(*scaler.Input) {
	old := map[int32]int64{}
	return reads(func(at time.Time, p *lag.PartitionLag) {
		if at.Minute() < 50 {
			old[p.Partition] = p.End
			return
		}
		p.End = old[p.Partition]
		p.Committed = min(p.Committed, p.End)
	})
}

// tenth is a defect that counts a tenth of all offsets.
func tenth(_ time.Time, p *lag.PartitionLag) { p.End, p.Committed = p.End/10, p.Committed/10 }

// wrongs are what docs/safety.md shows.
func wrongs() []wrong {
	declared := func(d time.Duration) scaler.Spec {
		return scaler.Spec{Sources: []seen.SourceSpec{{ProcessingTime: d}}}
	}
	right := declared(10 * time.Millisecond)
	outage := Fault{Kind: Outage, From: time.Hour, To: 7 * time.Hour}
	every := func(f Fault) (list []Fault) { // each second hour
		for h := time.Hour; h < hours*time.Hour; h += 2 * time.Hour {
			f.From, f.To = h, h+time.Hour
			list = append(list, f)
		}
		return list
	}
	return []wrong{
		{name: "nothing: numbers are right", trace: waves(), spec: right},
		{name: "`processingTime` is a tenth of the truth", trace: waves(), spec: declared(time.Millisecond)},
		{name: "a defect: a consumer is believed to process three times as much", trace: waves(), spec: right, breaks: believes(300), stops: true},
		{name: "a defect: a consumer is believed to process 1.5 times as much", trace: waves(), spec: right, breaks: believes(150), stops: true},
		{name: "a defect: a tenth of all records is counted", trace: waves(), spec: right, breaks: reads(tenth)},
		{name: "the same, and what busy consumers do is not learned", trace: waves(), spec: right, breaks: both(reads(tenth), believes(100)), stops: true},
		{
			name: "a defect: 125/s are believed for four minutes, then 70/s for one; 900/s arrive", spec: right, stops: true,
			trace: each(func(int) float64 { return 900 }), breaks: func(in *scaler.Input) {
				if in.Now.Minute()%5 == 4 {
					believes(70)(in)
				} else {
					believes(125)(in)
				}
			},
		},
		{name: "a release of the consumers halves their speed every second hour", trace: waves(), spec: right, world: World{Faults: every(Fault{Kind: Slower, Size: 0.5})}},
		{name: "a broker answers with old log-end offsets for ten minutes of each hour", trace: waves(), spec: right, breaks: oldEnds()},
		{name: "a third of the partitions does not answer for six hours", trace: waves(), spec: right, world: World{Faults: []Fault{outage}}},
		{name: "looks the same, but nothing is wrong: producers stop for ten minutes of each hour, and then send all their records", spec: right, trace: each(func(m int) float64 {
			switch m % 60 {
			case 50, 51, 52, 53, 54, 55, 56, 57, 58, 59:
				return 1
			case 0, 1, 2, 3, 4:
				return 3300
			}
			return 1100
		})},
		{name: "looks the same, but nothing is wrong: high traffic for five minutes at each full hour", spec: right, trace: each(func(m int) float64 {
			if m%60 < 5 {
				return 3300
			}
			return 700
		})},
	}
}

func both(a, b func(*scaler.Input)) func(*scaler.Input) {
	return func(in *scaler.Input) { a(in); b(in) }
}

// played is what happened.
type played struct {
	Result
	down  int         // steps down
	stops []time.Time // when it stopped itself
}

func (w wrong) play(t *testing.T, brake bool) played {
	t.Helper()
	var out played
	breaks := func(in *scaler.Input) {
		if w.breaks != nil {
			w.breaks(in)
		}
		if !brake {
			in.Memory.Breaker = breaker.State{}
		}
		if since := in.Memory.Breaker.Stop.Since; !since.IsZero() && !slices.Contains(out.stops, since) {
			out.stops = append(out.stops, since)
		}
	}
	p, err := Broken("lagscaler", w.spec, breaks, nil)
	if err != nil {
		t.Fatal(err)
	}
	world := w.world
	world.Seed, world.PeakLoad = 11, w.trace.peak()/float64(48*defaultSpeed)
	out.Result = Simulate(w.trace, world, p)
	for _, m := range out.Moves {
		if m.To < m.From {
			out.down++
		}
	}
	return out
}

// row is a row of the table.
func (w wrong) row(without, with played) string {
	stopped := "never"
	if len(with.stops) > 0 {
		stopped = fmt.Sprintf("%d times, first after %s", len(with.stops), with.stops[0].Sub(epoch).Round(time.Minute))
		stopped = strings.TrimSuffix(stopped, "0s")
	}
	cell := func(p played) string {
		return fmt.Sprintf("%d steps down, %s late, %s, %.0f consumer hours", p.down, late(p.LatePercent), p.PeakAge, p.ConsumerHours)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", w.name, cell(without), cell(with), stopped)
}

// late is a share of records: a few late ones are not none.
//
//	0        0.0 %
//	0.02     < 0.1 %
//	2.91     2.9 %
func late(percent float64) string {
	if percent > 0 && percent < 0.05 {
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", percent)
}

// On recorded traffic, with numbers that are right or are learned, a scaler never stops itself, however traffic is spread. LAGSCALER_LONG
// (make long) plays each traffic with numbers of both kinds; without it, every other one is learned.
func TestRecordedTrafficStopsNobody(t *testing.T) {
	t.Parallel()
	long := os.Getenv("LAGSCALER_LONG") != ""
	for i, name := range []string{"azure_llm_code_1s", "mooncake_conversation_1s", "nab_elb_requests_5m", "nab_tweets_goog_5m"} {
		tr := trace(t, name)
		tr.Counts = tr.Counts[:min(len(tr.Counts), int(12*time.Hour/tr.Step))]
		for k, declared := range []time.Duration{0, 10 * time.Millisecond} {
			if !long && i%2 != k {
				continue
			}
			for _, world := range []World{{Seed: 5}, {Seed: 6, Protocol: Cooperative, Spread: Skewed}, {Seed: 7, Spread: Hot, Steps: Interpolated}} {
				stops := 0
				p, err := Broken("lagscaler", scaler.Spec{Sources: []seen.SourceSpec{{ProcessingTime: declared}}}, func(in *scaler.Input) {
					if in.Memory.Breaker.Stop.Holds(in.Now) {
						stops++
					}
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if r := Simulate(tr, world, p); stops > 0 || len(r.Moves) == 0 && declared > 0 {
					t.Errorf("%s, declared %v, %+v: stopped at %d polls, %d changes", name, declared, world, stops, len(r.Moves))
				}
			}
		}
	}
}

// What is wrong makes a scaler stop itself, its twins do not, and docs/safety.md has what was measured.
func TestSafety(t *testing.T) {
	t.Parallel()
	rows := ""
	for _, w := range wrongs() {
		without, with := w.play(t, false), w.play(t, true)
		rows += w.row(without, with)
		if stops := len(with.stops) > 0; stops != w.stops {
			t.Errorf("%s: stops %v, want %v: %s", w.name, stops, w.stops, w.row(without, with))
		}
		if w.stops && with.LatePercent > without.LatePercent {
			t.Errorf("%s: stopping makes it worse: %s", w.name, w.row(without, with))
		}
	}
	text, err := os.ReadFile(safetyPage)
	if err != nil {
		t.Fatal(err)
	}
	const begins, ends = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
	before, rest, ok := strings.Cut(string(text), begins)
	have, after, closed := strings.Cut(rest, ends)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", safetyPage)
	}
	head := "| what is wrong | without the circuit breaker | with the circuit breaker | stopped itself |\n|---|---|---|---|\n"
	switch {
	case *update:
		if err := os.WriteFile(safetyPage, []byte(before+begins+head+rows+ends+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case have != head+rows:
		t.Errorf("%s differs from what is measured; run go test ./scaler/sim -run TestSafety -update and read the difference\n%s", safetyPage, head+rows)
	}
}
