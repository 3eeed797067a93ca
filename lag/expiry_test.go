package lag

import (
	"testing"
	"time"
)

// TestExpiry: when the commits of a group expire, by the rule of the brokers, and what of it is known.
func TestExpiry(t *testing.T) {
	day := 24 * time.Hour
	kind := func(k GroupType) func(*GroupRead) { return func(g *GroupRead) { g.Type = k } }
	simple := func(g *GroupRead) { g.Protocol = "" }
	for _, tt := range []struct {
		name      string
		states    []State // of polls, ten seconds apart
		retention time.Duration
		slept     time.Duration // saved, before the first poll
		change    []func(*GroupRead)
		after     time.Duration // from the first poll
		bound     ExpiryBound
	}{
		{"it becomes empty", []State{Stable, Stable, Empty, Empty}, day, 0, nil, day + 20*time.Second, ExpiryExact},
		{"twin: it has members", []State{Empty, Stable, Stable}, day, 0, nil, 0, ""},
		{"it comes back and goes again", []State{Stable, Empty, Stable, Empty}, day, 0, nil, day + 30*time.Second, ExpiryExact},
		{"it was empty before", []State{Empty, Empty}, day, 0, nil, day, ExpiryLatest},
		{"it was asleep before, as was saved", []State{Empty, Empty}, day, 5 * time.Hour, nil, day - 5*time.Hour, ExpiryEarly},
		{"twin: it was asleep before, and woke since", []State{Stable, Empty}, day, 5 * time.Hour, nil, day + 10*time.Second, ExpiryExact},
		{"the brokers do not say", []State{Stable, Empty}, 0, 0, nil, 7*day + 10*time.Second, ExpiryExact},
		{"KIP-848: partitions may have older commits", []State{Stable, Empty}, day, 0, []func(*GroupRead){kind(Consumer)}, day + 10*time.Second, ExpiryLatest},
		{"a share group has no commits", []State{Stable, Empty}, day, 0, []func(*GroupRead){kind(Share)}, 0, ""},
		{"standalone: commits again are not seen", []State{Empty, Empty}, day, 0, []func(*GroupRead){simple}, 0, ""},
		{"a rebalance is not empty", []State{Stable, PreparingRebalance}, day, 0, nil, 0, ""},
	} {
		f := &film{t: t, slo: DefaultSLO}
		f.h.Slept("g", t0.Add(-tt.slept))
		if tt.slept == 0 {
			f.h.Slept("g", time.Time{})
		}
		var last Rates
		for _, s := range tt.states {
			w := at(f.secs).topic("orders", [2]int64{0, 100})
			w.retention = tt.retention
			last = f.see(w.group("g", append([]func(*GroupRead){commits("orders", 90), state(s)}, tt.change...)...))
		}
		want := Expiry{}
		if tt.bound != "" {
			want = Expiry{At: t0.Add(tt.after), Bound: tt.bound}
		}
		if !last.Expiry.At.Equal(want.At) || last.Expiry.Bound != want.Bound {
			t.Errorf("%s: %v, want %v", tt.name, last.Expiry, want)
		}
	}
}

// A standalone group loses each commit some time after it was made. It is known only of a commit that was seen, if records wait behind
// it: the twins are a consumer that waits for records and commits the same offset again, and a commit of before the first poll.
func TestExpiryOfStandaloneGroups(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name    string
		commits []int64 // of polls, ten seconds apart
		end     int64
		after   time.Duration // from the first poll; 0: not known
	}{
		{"it moved, and records wait", []int64{80, 90, 90, 90}, 100, day},
		{"it moved again", []int64{80, 90, 95, 95}, 100, day + 10*time.Second},
		{"it moved back", []int64{80, 70, 70}, 100, day},
		{"twin: it moved, and nothing waits", []int64{80, 100, 100}, 100, 0},
		{"twin: it did not move since the first poll", []int64{90, 90, 90}, 100, 0},
	} {
		f := &film{t: t, slo: DefaultSLO}
		var last Rates
		for _, offset := range tt.commits {
			w := at(f.secs).topic("orders", [2]int64{0, tt.end})
			w.retention = day
			last = f.see(w.group("g", commits("orders", offset), state(Empty), func(g *GroupRead) { g.Protocol = "" }))
		}
		want := Expiry{}
		if tt.after > 0 {
			want = Expiry{At: t0.Add(tt.after), Bound: ExpiryEarly}
		}
		if !last.Expiry.At.Equal(want.At) || last.Expiry.Bound != want.Bound {
			t.Errorf("%s: %v, want %v", tt.name, last.Expiry, want)
		}
	}
}

// Without commits there is nothing to lose.
func TestNoCommitsDoNotExpire(t *testing.T) {
	f := &film{t: t, slo: DefaultSLO}
	var last Rates
	for range 2 {
		last = f.see(at(f.secs).topic("orders", [2]int64{0, 100}).group("g", state(Empty)))
	}
	if last.Expiry.Bound != "" {
		t.Errorf("%+v", last.Expiry)
	}
}
