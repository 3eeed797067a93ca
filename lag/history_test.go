package lag

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// film runs a group through polls, 10 s apart: end and committed offset of its one partition at each.
type film struct {
	t    *testing.T
	h    History
	prev *Snapshot
	secs int
	slo  SLO
}

func (f *film) poll(end, committed int64, change ...func(*GroupRead)) Rates {
	f.t.Helper()
	w := at(f.secs).topic("orders", [2]int64{0, end})
	all := append([]func(*GroupRead){member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0}}), commits("orders", committed)}, change...)
	return f.see(w.group("g", all...))
}

func (f *film) see(w *world) Rates {
	f.t.Helper()
	f.secs += 10
	f.prev = Compute(w.observation(), f.prev, nil)
	rates := f.h.Add(f.prev, func(string) SLO { return f.slo })
	if len(rates) != 1 {
		f.t.Fatalf("%d rates, want one", len(rates))
	}
	return rates[0]
}

func near(got Rate, want float64) bool {
	return got.Known && math.Abs(got.PerSecond-want) < 0.01*want+0.01
}

func TestRatesOfASteadyGroup(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	if r := f.poll(1000, 900); r.Consumed.Known || r.ConsumedTotal != 0 || r.Direction != DirectionUnknown {
		t.Errorf("one poll cannot tell rates: %+v", r)
	}
	var r Rates
	for i := int64(1); i <= 12; i++ {
		r = f.poll(1000+i*200, 900+i*150)
	}
	if !near(r.Produced, 20) || !near(r.Consumed, 15) || !near(r.Trend, 5) || r.Direction != Growing {
		t.Errorf("produced %v consumed %v trend %v %s", r.Produced, r.Consumed, r.Trend, r.Direction)
	}
	if r.ConsumedTotal != 1800 || r.ProducedTotal != 2400 {
		t.Errorf("totals %d, %d", r.ConsumedTotal, r.ProducedTotal)
	}
	// committed 2700 was the end at 1000+200i = 2700, i = 8.5: 3.5 polls before now
	if s, atLeast, ok := r.TimeLag.Value(); !ok || atLeast || math.Abs(s-35) > 0.5 {
		t.Errorf("time lag %v s (at least %v, known %v), want 35", s, atLeast, ok)
	}
}

func TestRatesSkipWhatIsNoWork(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	f.poll(1000, 0)
	f.poll(1100, 100)
	if r := f.poll(1200, 50); r.RewindsTotal != 1 || r.ConsumedTotal != 100 || r.Status != StatusRewound {
		t.Errorf("rewind: %d rewinds, consumed %d, %s", r.RewindsTotal, r.ConsumedTotal, r.Status)
	}
	f.poll(1300, 150)
	before := f.poll(1400, 250)
	r := f.see(at(f.secs).topic("orders", [2]int64{0, 1500}).group("g", unreadable))
	if r.ConsumedTotal != before.ConsumedTotal {
		t.Errorf("an unread poll moved the counter from %d to %d", before.ConsumedTotal, r.ConsumedTotal)
	}
	if r := f.poll(1600, 450); r.ConsumedTotal != before.ConsumedTotal+200 {
		t.Errorf("after the gap %d, want what moved meanwhile: %d", r.ConsumedTotal, before.ConsumedTotal+200)
	}
}

func TestRecreatedTopicAddsNothing(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	f.poll(1000, 500)
	f.poll(1000, 600)
	w := at(f.secs).topic("orders", [2]int64{0, 5000})
	w.topics[0].ID = [16]byte{99}
	r := f.see(w.group("g", commits("orders", 4000)))
	if r.ConsumedTotal != 100 || r.ProducedTotal != 0 || r.RewindsTotal != 1 {
		t.Errorf("consumed %d produced %d rewinds %d", r.ConsumedTotal, r.ProducedTotal, r.RewindsTotal)
	}
}

func TestLostRecordsAreCountedOnce(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	see := func(start, end, committed int64) Rates {
		return f.see(at(f.secs).topic("orders", [2]int64{start, end}).group("g", state(Empty), commits("orders", committed)))
	}
	see(0, 1000, 100)
	see(300, 1000, 100)
	if r := see(300, 1000, 100); r.LostTotal != 200 {
		t.Errorf("lost %d, want 200", r.LostTotal)
	}
	if r := see(400, 1000, 100); r.LostTotal != 300 {
		t.Errorf("lost %d, want 300", r.LostTotal)
	}
}

// Each story is a list of polls, (end, committed), and the status after the last of them.
func TestStatus(t *testing.T) {
	type poll struct{ end, committed int64 }
	still := func(n int, end, committed int64) []poll {
		var ps []poll
		for range n {
			ps = append(ps, poll{end, committed})
		}
		return ps
	}
	busy := []poll{{10, 10}, {20, 20}, {30, 30}, {40, 40}, {50, 50}}[:5:5]
	nobody := []func(*GroupRead){func(g *GroupRead) { g.Members, g.State = nil, Empty }}
	fast := DefaultSLO
	fast.Pace = 6 // two minutes are 20 s: polls are 10 s apart here
	for _, c := range []struct {
		name   string
		polls  []poll
		slo    SLO
		change []func(*GroupRead)
		want   Status
	}{
		{"caught up", still(15, 100, 100), DefaultSLO, nil, StatusOK},
		{"frozen, after commits that reached the end", append(busy, still(13, 100, 50)...), DefaultSLO, nil, StatusStalled},
		{"frozen, not long enough", append(busy, still(11, 100, 50)...), DefaultSLO, nil, StatusWarning},
		{"frozen, and no commit was seen to reach the end", still(14, 100, 50), DefaultSLO, nil, StatusRest},
		{"transaction markers alone, or two records", still(20, 100, 98), DefaultSLO, nil, StatusRest},
		{"idle for long, then a burst", append(still(30, 100, 100), poll{500, 100}), DefaultSLO, nil, StatusOK},
		{"nobody there, records wait", still(14, 100, 50), DefaultSLO, nobody, StatusStopped},
		{"at six times the pace", still(3, 100, 50), fast, nobody, StatusStopped},
		{"at six times the pace, not long enough", still(2, 100, 50), fast, nobody, StatusOK},
		{"twin: at the usual pace", still(3, 100, 50), DefaultSLO, nobody, StatusOK},
		{"frozen, at six times the pace", append(busy, still(3, 100, 50)...), fast, nil, StatusStalled},
		{"over its SLO", []poll{{100_000, 10}, {100_100, 20}}, DefaultSLO, nil, StatusWarning},
		{"rebalancing", still(14, 100, 50), DefaultSLO, []func(*GroupRead){state(PreparingRebalance)}, StatusRebalancing},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &film{t: t, slo: c.slo}
			var r Rates
			for _, p := range c.polls {
				r = f.poll(p.end, p.committed, c.change...)
			}
			if r.Status != c.want {
				t.Errorf("got %s, want %s", r.Status, c.want)
			}
		})
	}
}

func TestStatusOfAnUnreadGroupIsUnknown(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	f.poll(100, 50)
	f.see(at(f.secs).group("g", unreadable))
	if r := f.see(at(f.secs).group("g", unreadable)); r.Status != StatusUnknown {
		t.Errorf("got %s after two missed polls", r.Status)
	}
}

func TestDrain(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	var r Rates
	for i := int64(0); i <= 12; i++ {
		r = f.poll(10_000, 1000+i*500)
	}
	if s, ok := r.Drain.Value(); !ok || math.Abs(s-60) > 1 || r.Direction != Shrinking {
		t.Errorf("3000 records at 50/s: drained in %v s (%v), %s", s, ok, r.Direction)
	}
}

// Whatever is observed, counters never go backwards.
func TestCountersAreMonotonic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &film{t: t, slo: DefaultSLO}
		var last Rates
		for range rapid.IntRange(2, 30).Draw(rt, "polls") {
			end := rapid.Int64Range(0, 1000).Draw(rt, "end")
			start := rapid.Int64Range(0, end).Draw(rt, "start")
			w := at(f.secs).topic("orders", [2]int64{start, end})
			w.topics[0].ID[1] = byte(rapid.IntRange(0, 1).Draw(rt, "topic id"))
			change := []func(*GroupRead){commits("orders", rapid.Int64Range(0, 1200).Draw(rt, "committed"))}
			if rapid.Bool().Draw(rt, "unread") {
				change = append(change, unreadable)
			}
			r := f.see(w.group("g", change...))
			if r.ConsumedTotal < last.ConsumedTotal || r.ProducedTotal < last.ProducedTotal || r.LostTotal < last.LostTotal || r.RewindsTotal < last.RewindsTotal {
				rt.Fatalf("went backwards: %+v after %+v", r, last)
			}
			last = r
		}
	})
}

// With polls of a minute, commits that move at each poll may be seconds apart: that is no interval of a minute, which would make
// records that have waited for a minute look read. Twin: polls of ten seconds, and commits that are a minute apart.
func TestPollsAreNoCommitInterval(t *testing.T) {
	for name, c := range map[string]struct {
		every, commits int // seconds
		want           time.Duration
	}{
		"polls of a minute":            {60, 5, 0},
		"polls of ten seconds":         {10, 5, 0},
		"twin: commits a minute apart": {10, 60, 70 * time.Second},
	} {
		f := &film{t: t, slo: DefaultSLO}
		var r Rates
		committed := int64(0)
		for secs := 0; secs < 7200; secs += c.every {
			end := int64(secs) * 10
			if secs%c.commits < c.every {
				committed = end
			}
			r = f.poll(end, committed)
			f.secs += c.every - 10
		}
		if got := r.Rest.Interval; got > c.want || got < c.want-20*time.Second {
			t.Errorf("%s: an interval of %v, want %v", name, got, c.want)
		}
	}
}
