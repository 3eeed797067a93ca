package sim

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

func trace(t testing.TB, name string) Trace {
	t.Helper()
	f, err := traces.Files.Open(name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := ReadTrace(name, f)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// fixed never scales.
type fixed int32

func (f fixed) Name() string                 { return "fixed" }
func (f fixed) Every() int32                 { return 10 }
func (f fixed) Decide(*View) (int32, string) { return int32(f), "" }

// flat is a trace of constant traffic.
func flat(minutes int) Trace {
	t := Trace{Name: "flat", Step: time.Minute}
	for range minutes {
		t.Counts = append(t.Counts, 1)
	}
	return t
}

func TestReadTrace(t *testing.T) {
	for _, c := range []struct{ name, csv, want string }{
		{"good", "t_s,count\n0,1\n60,2\n", ""},
		{"wrong header", "time,count\n0,1\n60,2\n", `t.csv:1: header "time,count"`},
		{"unsorted", "t_s,count\n0,1\n60,2\n30,2\n", "t.csv:4: t_s 30 after 60: not sorted"},
		{"gap", "t_s,count\n0,1\n60,2\n180,2\n", "t.csv:4: t_s 180 after 60: a gap"},
		{"negative", "t_s,count\n0,1\n60,-2\n", `t.csv:3: count "-2": must not be negative`},
		{"not a number", "t_s,count\n0,1\n60,many\n", `t.csv:3: count "many": not a number`},
		{"NaN", "t_s,count\n0,1\n60,NaN\n", `t.csv:3: count "NaN": not a number`},
		{"one column", "t_s,count\n0\n", `t.csv:2: "0": must be two columns`},
		{"empty", "", "t.csv: 0 samples"},
		{"header alone", "t_s,count\n", "t.csv: 0 samples"},
		{"less than a record arrives", "t_s,count\n0,0.4\n60,0.5\n", "not one record"},
		{"nothing arrives", "t_s,count\n0,0\n60,0\n", "every count is 0"},
		{"all errors at once", "t_s,count\nx,1\n60,-2\n", "t.csv:2:"},
	} {
		_, err := ReadTrace("t.csv", strings.NewReader(c.csv))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	_, err := ReadTrace("t.csv", strings.NewReader("t_s,count\nx,1\n60,-2\n"))
	if err == nil || !strings.Contains(err.Error(), "t.csv:3:") {
		t.Errorf("the second error is missing: %v", err)
	}
}

func FuzzReadTrace(f *testing.F) {
	f.Add("t_s,count\n0,1\n60,2\n")
	f.Fuzz(func(t *testing.T, csv string) {
		tr, err := ReadTrace("t.csv", strings.NewReader(csv))
		if err == nil && (len(tr.Counts) < 2 || tr.Step < time.Second) {
			t.Errorf("accepted %q as %+v", csv, tr)
		}
	})
}

func TestAssign(t *testing.T) {
	before := []int{1, 1, 1, 1, 2, 2, 2, 2}
	for _, c := range []struct {
		assignor Assignor
		members  []int
		want     []int
	}{
		{Range, []int{1, 2, 3}, []int{1, 1, 1, 2, 2, 2, 3, 3}},
		{RoundRobin, []int{1, 2, 3}, []int{1, 2, 3, 1, 2, 3, 1, 2}},
		{CooperativeSticky, []int{1, 2, 3}, []int{1, 1, 1, 3, 2, 2, 2, 3}},
		{CooperativeSticky, []int{2}, []int{2, 2, 2, 2, 2, 2, 2, 2}},
		{Range, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		{Range, nil, []int{-1, -1, -1, -1, -1, -1, -1, -1}},
	} {
		if got := c.assignor.assign(8, c.members, before); !slices.Equal(got, c.want) {
			t.Errorf("%s of %v: %v, want %v", c.assignor, c.members, got, c.want)
		}
	}
}

// Every assignor gives every partition to a member, and no member two more than another.
func TestAssignIsFair(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		members := rapid.SliceOfNDistinct(rapid.IntRange(1, 99), 1, 20, rapid.ID).Draw(rt, "members")
		slices.Sort(members)
		before := rapid.SliceOfN(rapid.IntRange(-1, 99), 48, 48).Draw(rt, "before")
		for _, a := range []Assignor{Range, RoundRobin, CooperativeSticky} {
			have := map[int]int{}
			for _, m := range a.assign(48, members, before) {
				if !slices.Contains(members, m) {
					rt.Fatalf("%s gives a partition to %d, who is no member", a, m)
				}
				have[m]++
			}
			for _, m := range members {
				if have[m] < 48/len(members) || have[m] > (48+len(members)-1)/len(members) {
					rt.Fatalf("%s: member %d has %d of 48 among %d", a, m, have[m], len(members))
				}
			}
		}
	})
}

// Sticky from nobody deals as round-robin does: the clairvoyant counts on it.
func TestStickyFromNobody(t *testing.T) {
	for n := 1; n <= 50; n++ {
		members := make([]int, n)
		for i := range members {
			members[i] = 3 * i
		}
		none := slices.Repeat([]int{nobody}, 48)
		if got, want := CooperativeSticky.assign(48, members, none), RoundRobin.assign(48, members, nil); !slices.Equal(got, want) {
			t.Errorf("%d members: %v, want %v", n, got, want)
		}
	}
}

func TestPoissonHasItsMeanAndVariance(t *testing.T) {
	r := newRun(flat(1), World{Seed: 1}.filled())
	for _, mean := range []float64{0, 0.1, 1, 5, 11, 40, 700} {
		p, n := newPoisson(mean), 200_000
		sum, squares := 0.0, 0.0
		for range n {
			v := float64(p.draw(r.source))
			sum, squares = sum+v, squares+v*v
		}
		got := sum / float64(n)
		variance := squares/float64(n) - got*got
		if math.Abs(got-mean) > 0.02*mean+1e-9 || math.Abs(variance-mean) > 0.04*mean+1e-9 {
			t.Errorf("mean %v: got %v, variance %v", mean, got, variance)
		}
	}
}

func TestQueueAges(t *testing.T) {
	var q queue
	q.arrive(0, 10)
	q.arrive(5, 10)
	if late := q.process(12, 31, 30); late != 10 {
		t.Errorf("%d late, want the 10 of second 0", late)
	}
	if q.age(31) != 26 || q.waiting != 8 || q.position != 12 || q.end != 20 {
		t.Errorf("age %d, waiting %d, done %d, end %d", q.age(31), q.waiting, q.position, q.end)
	}
	if late := q.process(100, 36, 30); late != 8 || q.age(40) != 0 {
		t.Errorf("%d late, want 8; age %d", late, q.age(40))
	}
}

// Enough consumers that are never touched are never late; too few are late for ever.
func TestFixedFleets(t *testing.T) {
	w := World{Seed: 3, Initial: 48} // 48 partitions, peak 3360/s, 34 consumers needed
	if r := Simulate(flat(30), w, fixed(48)); r.LatePercent > 0 || r.RebalancesPerDay > 0 {
		t.Errorf("48 consumers: %.2f %% late, %.0f rebalances a day", r.LatePercent, r.RebalancesPerDay)
	}
	if r := Simulate(flat(30), World{Seed: 3, Initial: 16}, fixed(16)); r.LatePercent < 90 || r.PeakAge < 10*time.Minute {
		t.Errorf("16 consumers: %.2f %% late, oldest %s", r.LatePercent, r.PeakAge)
	}
}

// A record is lost nowhere, and none is processed twice.
func TestRecordsAreConserved(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := World{
			Partitions: rapid.IntRange(1, 20).Draw(rt, "partitions"), Seed: rapid.Uint64().Draw(rt, "seed"),
			Protocol: rapid.SampledFrom([]Protocol{Eager, Cooperative}).Draw(rt, "protocol"),
			Spread:   rapid.SampledFrom([]Spread{Uniform, Skewed, Hot}).Draw(rt, "spread"),
		}.filled()
		r := newRun(flat(5), w)
		for second := range int32(300) {
			r.step(second)
			if second%30 == 7 {
				r.fleet.resize(rapid.Int32Range(0, 25).Draw(rt, "replicas"), second, r)
			}
			waiting, done := int64(0), int64(0)
			for p := range r.queues {
				q := &r.queues[p]
				waiting, done = waiting+q.waiting, done+q.position
				if q.committed > q.position || q.position > q.end {
					rt.Fatalf("second %d partition %d: committed %d, done %d, end %d", second, p, q.committed, q.position, q.end)
				}
			}
			if waiting+done != r.totals.arrived || done != r.totals.done {
				rt.Fatalf("second %d: %d arrived, %d wait, %d done", second, r.totals.arrived, waiting, done)
			}
		}
	})
}

func TestARebalancePauses(t *testing.T) {
	for _, c := range []struct {
		protocol Protocol
		pause    time.Duration
		load     float64
		least    int32 // oldest record when a ninth consumer joins eight
		most     int32
	}{
		{Eager, 8 * time.Second, 0.1, 7, 9},
		{Cooperative, 4 * time.Second, 0.1, 3, 5},
		{Eager, 0, 0.1, 1, 5},          // a heartbeat, and the assignment
		{Cooperative, 0, 0.1, 1, 5},    // the same
		{Eager, 0, 0.166, 4, 12},       // and what each member has fetched: up to 500 records, five seconds of work
		{Cooperative, 0, 0.166, 4, 12}, // the same
	} {
		w := World{Protocol: c.protocol, Seed: 1, PeakLoad: c.load, Initial: 8, Pause: c.pause, CommitOnRevoke: true}.filled()
		r := newRun(flat(10), w)
		oldest := int32(0)
		for second := range int32(120) {
			r.step(second)
			if second == 30 {
				r.fleet.resize(9, second, r)
			}
			for p := range r.queues {
				oldest = max(oldest, r.queues[p].age(second))
			}
		}
		if oldest < c.least || oldest > c.most {
			t.Errorf("%s, pause %s, load %v: the oldest record waited %d s, want %d to %d", c.protocol, c.pause, c.load, oldest, c.least, c.most)
		}
	}
}

// Two pods join one after the other: an eager rebalance that is going on takes the second in, a cooperative one does not.
func TestARebalanceTakesIn(t *testing.T) {
	for _, c := range []struct {
		protocol Protocol
		apart    int32 // seconds
		want     int
	}{{Eager, 3, 1}, {Eager, 9, 2}, {Cooperative, 3, 2}, {Cooperative, 9, 2}} {
		r := newRun(flat(10), World{Protocol: c.protocol, Seed: 1, PeakLoad: 0.1, Initial: 8, Pause: 8 * time.Second}.filled())
		for second := range int32(60) {
			r.step(second)
			if second == 10 || second == 10+c.apart {
				p := r.fleet.start(second, r)
				p.ready, p.joined = second, true
				r.fleet.pods = append(r.fleet.pods, p)
				r.group.join(&p, second, r)
			}
		}
		if r.group.rebalances != c.want || len(r.group.assigned) != 10 {
			t.Errorf("%s, %d s apart: %d rebalances and %d members, want %d and 10", c.protocol, c.apart, r.group.rebalances, len(r.group.assigned), c.want)
		}
	}
}

func ourPolicy(t testing.TB, w World) Policy {
	t.Helper()
	p, err := Ours("lagscaler", scaler.Spec{Sources: []seen.SourceSpec{{ProcessingTime: w.Processing()}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheSameSeedGivesTheSameResult(t *testing.T) {
	w := World{Seed: 7, Spread: Skewed}
	tr := trace(t, "azure_llm_code_1s")
	a, b := Simulate(tr, w, ourPolicy(t, w)), Simulate(tr, w, ourPolicy(t, w))
	if !reflect.DeepEqual(a, b) {
		t.Error("two runs differ")
	}
}

// However traffic and outages fall: never a scale-down in a partial outage, never above the partitions.
func TestOursWithFaults(t *testing.T) {
	tr := trace(t, "mooncake_conversation_1s")
	for _, fault := range []Fault{
		{Outage, 10 * time.Minute, 40 * time.Minute, 0},
		{Poison, 10 * time.Minute, 30 * time.Minute, 0},
		{Downstream, 10 * time.Minute, 40 * time.Minute, 900},
		{Rollout, 10 * time.Minute, 20 * time.Minute, 15},
		{SlowStart, 0, time.Hour, 4},
	} {
		w := World{Seed: 5, Faults: []Fault{fault}}
		r := Simulate(tr, w, ourPolicy(t, w))
		if r.DownsInOutage > 0 || r.AboveUsefulPods > 0 {
			t.Errorf("%s: %d scale-downs in an outage, %.1f consumer hours above the partitions", fault.Kind, r.DownsInOutage, r.AboveUsefulPods)
		}
		for _, m := range r.Moves {
			if m.Why == "" {
				t.Errorf("%s: a change without a reason", fault.Kind)
			}
		}
	}
}

// BenchmarkFortnight is 14 days of trace at 48 partitions: under 3 s on one core is the aim.
func BenchmarkFortnight(b *testing.B) {
	tr := trace(b, "nab_tweets_goog_5m")
	for b.Loop() {
		w := World{Seed: 1}
		r := Simulate(tr, w, ourPolicy(b, w))
		b.ReportMetric(r.CostOverFluid, "cost")
		b.ReportMetric(r.LatePercent, "late%")
		b.ReportMetric(r.RebalancesPerDay, "rebalances/day")
	}
}
