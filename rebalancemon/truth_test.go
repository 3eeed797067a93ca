package rebalancemon_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// history is a group as its coordinator knows it: a list of rebalances, each with the members after it.
type history struct {
	kind       lag.GroupType
	calm       bool // the pauses between them are longer than a sample, so that each is seen apart from the next
	rebalances []rebalance
}

type rebalance struct {
	from, until time.Duration
	generation  int32
	members     []string
	knows       map[string]int32 // the generation that each member's subscription tells
}

// drawHistory makes up joins and leaves in a group that starts with one member, of generation or epoch 5.
func drawHistory(t *rapid.T) history {
	h := history{rebalances: []rebalance{{
		from: -time.Minute, until: -time.Minute, generation: 5, members: []string{"m0"}, knows: map[string]int32{"m0": 4},
	}}}
	h.kind = rapid.SampledFrom([]lag.GroupType{lag.Classic, lag.Consumer}).Draw(t, "type")
	h.calm = rapid.Bool().Draw(t, "calm")
	at, pause := time.Duration(0), 50
	if h.calm {
		pause = 1_100
	}
	for next := range rapid.IntRange(1, 12).Draw(t, "rebalances") {
		last := h.rebalances[len(h.rebalances)-1]
		at += millis(t, "pause", pause, 25_000)
		r := rebalance{from: at, generation: last.generation + 1, knows: map[string]int32{}}
		at += millis(t, "duration", 1, 6_000)
		r.until = at
		r.members = slices.Clone(last.members)
		if len(r.members) < 2 || rapid.Bool().Draw(t, "join") {
			r.members = append(r.members, fmt.Sprintf("m%d", next+1))
		} else {
			r.members = slices.Delete(r.members, 0, 1)
		}
		for _, m := range r.members {
			r.knows[m] = lag.NoGeneration
			if slices.Contains(last.members, m) {
				r.knows[m] = last.generation
			}
		}
		h.rebalances = append(h.rebalances, r)
	}
	return h
}

func millis(t *rapid.T, what string, least, most int) time.Duration {
	return time.Duration(rapid.IntRange(least, most).Draw(t, what)) * time.Millisecond
}

// at is the rebalance that a poll tells of, and the state: a classic group keeps quiet about its members until it is
// stable again, one with epochs shows the new one at once.
func (h history) at(at time.Duration) (r rebalance, state lag.State) {
	r, state = h.rebalances[0], lag.Stable
	for _, next := range h.rebalances[1:] {
		switch {
		case next.from > at:
			return r, state
		case next.until > at && h.kind == lag.Classic:
			return r, lag.PreparingRebalance
		case next.until > at:
			return next, lag.Reconciling
		}
		r = next
	}
	return r, state
}

func (h history) state(at time.Duration, s *scene) lag.GroupState {
	_, state := h.at(at)
	return lag.GroupState{At: s.time(at), Group: group, Type: h.kind, State: state}
}

func (h history) end() time.Duration { return h.rebalances[len(h.rebalances)-1].until }

func (h history) snapshot(at time.Duration, s *scene) *lag.Snapshot {
	r, state := h.at(at)
	g := lag.GroupLag{
		GroupState: h.state(at, s), Generation: lag.NoGeneration, Epoch: r.generation, AssignmentEpoch: r.generation,
		Described: state == lag.Stable || h.kind != lag.Classic, ReadAt: s.time(at), Assignor: "range",
	}
	epoch := r.generation
	if state == lag.Reconciling {
		epoch--
	}
	for i, m := range r.members {
		g.Generation = max(g.Generation, r.knows[m])
		g.Members = append(g.Members, lag.Member{
			ID: m, ClientID: m, Epoch: epoch, Assigned: []lag.TopicPartitions{{Topic: "t", Partitions: []int32{int32(i)}}},
		})
	}
	if g.Generation != lag.NoGeneration {
		g.Generation++
	}
	return &lag.Snapshot{Began: s.time(at), At: s.time(at), Groups: []lag.GroupLag{g}}
}

// However rebalances, samples and polls fall, and whichever of them are lost: none is made up, and none is missed
// in which a member stayed, since some later poll tells the generation. What the sampler saw has its duration
// within the time between two looks.
func TestCountsAreTheTruth(t *testing.T) {
	rapid.Check(t, countsAreTheTruth)
}

func FuzzCountsAreTheTruth(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(countsAreTheTruth))
}

func countsAreTheTruth(t *rapid.T) {
	h, s := drawHistory(t), newScene()
	m := rebalancemon.New(rebalancemon.Options{})
	m.Snapshot(h.snapshot(-10*time.Second, &s), nil)
	lossy := rapid.Bool().Draw(t, "lossy")
	offset := millis(t, "offset", 0, 999)
	poll := offset
	var events []rebalancemon.Event
	for at := offset; at < h.end()+40*time.Second; at += time.Second {
		late := at >= h.end()
		if late || !lossy || rapid.IntRange(0, 9).Draw(t, "sampled") > 0 {
			sample := lag.Sample{At: s.time(at), Groups: []lag.GroupState{h.state(at, &s)}}
			events = append(events, m.Sample(sample, nil)...)
		}
		if at < poll {
			continue
		}
		poll += 10 * time.Second
		if late || !lossy || rapid.Bool().Draw(t, "polled") {
			events = append(events, m.Snapshot(h.snapshot(at, &s), nil)...)
		}
	}
	hold(t, h, events, &s, h.calm && !lossy)
}

func hold(t *rapid.T, h history, events []rebalancemon.Event, s *scene, timed bool) {
	got := 0
	for _, ev := range events {
		got += ev.Count
		first, last := ev.Start.Sub(s.epoch)-ev.Resolution, ev.End.Sub(s.epoch)+ev.Resolution
		if !slices.ContainsFunc(h.rebalances, func(r rebalance) bool { return r.from <= last && r.until >= first }) {
			t.Errorf("no rebalance from %v to %v, but %+v", first, last, ev)
		}
		if !timed || ev.Outcome == rebalancemon.UnknownOutcome {
			continue
		}
		near := func(r rebalance) bool {
			off := ev.Duration(ev.End) - (r.until - r.from)
			return r.from <= last && r.until >= first && -ev.Resolution <= off && off <= ev.Resolution
		}
		if !slices.ContainsFunc(h.rebalances, near) {
			t.Errorf("no rebalance that lasted %v within %v: %+v", ev.Duration(ev.End), ev.Resolution, ev)
		}
	}
	if want := len(h.rebalances) - 1; got != want {
		t.Errorf("%d rebalances, want %d: %+v", got, want, events)
	}
}
