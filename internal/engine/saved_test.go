package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// leaders is a store with what a leader saved.
type leaders struct {
	memories map[string]scaler.Memory
	fails    error
	loads    int
}

func (l *leaders) Load(context.Context) (map[string]scaler.Memory, error) {
	l.loads++
	return l.memories, l.fails
}

func (l *leaders) Save(context.Context, map[string]scaler.Memory) error {
	return errors.New("a follower saves nothing")
}

// A replica that follows shows the week of the leader, and says when it read it; no decision knows it. When it leads it shows its own.
func TestFollowersShowTheLeadersWeek(t *testing.T) {
	before := start.Add(-time.Hour)
	knows := func(t timeline.Timeline) bool {
		decisions, _ := t.Decisions(start)
		return slices.ContainsFunc(decisions, func(d timeline.Decision) bool { return d.At.Equal(before) })
	}
	var m scaler.Memory
	m.Timeline = m.Timeline.Next(timeline.Poll{Now: before, Decision: &timeline.Decision{At: before, From: 1, To: 2, Reason: "ScaleUp"}})
	name := idle(t).Scalers(start)[0].Name
	store := &leaders{memories: map[string]scaler.Memory{name: m}, fails: errors.New("down")}
	leads := false
	s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
	s.Mode = scaler.Advise
	e := New(s, Options{Targets: idle(t), Memories: store, Leading: func() bool { return leads }})
	for i, step := range []struct {
		after time.Duration
		fails error
		leads bool
		loads int // so far
		shown bool
		read  time.Duration
	}{
		{0, errors.New("down"), false, 1, false, 0},
		{30 * time.Second, nil, false, 1, false, 0}, // not before a minute has passed
		{time.Minute, nil, false, 2, true, time.Minute},
		{3 * time.Minute, nil, false, 2, true, time.Minute},
		{7 * time.Minute, errors.New("down"), false, 3, true, time.Minute}, // what was read before stays
		{9 * time.Minute, nil, false, 4, true, 9 * time.Minute},
		{10 * time.Minute, errors.New("down"), true, 5, false, 0}, // it leads, and cannot load: it shows its own
		{11 * time.Minute, nil, false, 6, true, 11 * time.Minute}, // it follows again: what it read before is old
	} {
		store.fails, leads = step.fails, step.leads
		e.Tick(t.Context(), start.Add(step.after))
		r := e.Latest().Scalers[0]
		if shown := knows(r.Timeline); store.loads != step.loads || shown != step.shown || shown != !r.HistoryAt.IsZero() {
			t.Errorf("step %d: %d loads, shown %v, read at %v", i, store.loads, shown, r.HistoryAt)
		}
		if want := start.Add(step.read); step.shown && !r.HistoryAt.Equal(want) {
			t.Errorf("step %d: read at %v, want %v", i, r.HistoryAt, want)
		}
		if knows(e.scaling.memory.learned[name].Timeline) {
			t.Errorf("step %d: a decision knows what was read for the pages", i)
		}
	}
}
