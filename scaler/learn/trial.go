package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Trial is a step down beyond what the known capacity allows. Capacity is learned from consumers that are busy, and in a fleet that is
// too large none ever is: because no processing time is declared, or because it is declared too long. So a step to the next useful
// count is tried now and then, while nothing waits.
//
//	48 consumers, 400/s, no processing time: 24 are tried, which would need 19/s each. Nothing waits for 5 min: 16 are tried next
//	6 consumers are tried, and the lag grows: 8 again at once, and what the busy ones did, 64/s, is the capacity from now on
//
// What was learned from busy consumers is not tried again for a week.
type Trial struct {
	Capacity float64   `json:"capacity"` // records/s of one consumer that are assumed
	From     int32     `json:"from"`     // consumers before
	To       int32     `json:"to"`
	Late     float64   `json:"lateSeconds"`    // so many seconds of arrivals may wait
	Rate     float64   `json:"rate,omitempty"` // records/s that must arrive to show that capacity; 0: of an earlier version, which did not say
	Began    time.Time `json:"began"`
	Stepped  time.Time `json:"stepped,omitzero"` // since when no more than To are left
}

const (
	trialLasts  = 5 * time.Minute    // with fewer consumers: then they are enough
	trialWaits  = 30 * time.Minute   // for the step down, which other rules may prevent
	trialPause  = 10 * time.Minute   // after one that went well
	trialFailed = 2 * time.Hour      // after one that did not, or was prevented
	trialProven = 7 * 24 * time.Hour // after consumers were busy
	trialUnsaid = time.Hour          // from the first decision until the first trial, where no processing time is declared
	trialSaid   = 6 * time.Hour      // the same where it is: traffic may show by itself whether it is right
	goesBackFor = 3 * time.Minute    // the consumers of before are asked for
)

// MayTry reports whether a trial may begin.
func (s *Source) MayTry(now time.Time, clk seen.Clock) bool {
	proven := !s.BusyAt.IsZero() && now.Sub(s.BusyAt) < clk.Scale(trialProven)
	return s.Trial == nil && s.Downstream == nil && !proven && !now.Before(s.NoTrial)
}

// GoesBack is the number of consumers before a trial that has just failed; 0: none has.
func (s *Source) GoesBack(now time.Time, clk seen.Clock) int32 {
	if s.BackAt.IsZero() || now.Sub(s.BackAt) >= clk.Scale(goesBackFor) {
		return 0
	}
	return s.Back
}

// WithTrial begins a trial of source i.
func (s State) WithTrial(i int, now *seen.State, t Trial) State {
	s.Memory.Sources = slices.Clone(s.Memory.Sources)
	if known := s.Source(&now.Sources[i]); known != nil {
		known.Trial = &t
	}
	return s
}

// Waits reports whether the step down of a trial has not been made yet; of none, it is false.
func (t *Trial) Waits() bool { return t != nil && t.Stepped.IsZero() }

// WithoutTrial ends the trial of source i, because its step down is prevented.
func (s State) WithoutTrial(i int, now *seen.State) State {
	s.Memory.Sources = slices.Clone(s.Memory.Sources)
	if known := s.Source(&now.Sources[i]); known != nil {
		known.Trial, known.NoTrial = nil, now.Now.Add(now.Clock.Scale(trialFailed))
	}
	return s
}

// judgeTrials ends trials, at every poll: a lag that grows does not wait for a decision.
func (s *State) judgeTrials(now *seen.State) {
	s.revise(now, func(h *seen.History, known *Source) func(*Source) {
		if known.Trial == nil || !h.Rated() {
			return nil
		}
		next, changed := known.tried(now, h)
		if !changed {
			return nil
		}
		return func(one *Source) { *one = next }
	})
}

// shown is the share of the assumed capacity that a trial which went well has shown: less arrived meanwhile than when it began.
func (t *Trial) shown(r *seen.Readings, clk seen.Clock) float64 {
	if t.Rate == 0 {
		return 1
	}
	span, arrived := r.From(r.Before(clk.Scale(trialLasts), clk.Slack())), 0.0
	for c := range r.Columns.Count {
		arriving, _, _ := span.Rates(c)
		arrived += arriving
	}
	return min(1, arrived/t.Rate)
}

// tried is what is known after one more poll of a trial. What a poll could not read proves nothing: it neither shows that fewer
// consumers are enough, nor that they are there.
func (s Source) tried(now *seen.State, h *seen.History) (next Source, changed bool) {
	t, last, clk := *s.Trial, h.Readings.Last(), now.Clock
	waiting, _ := h.Backlog()
	late := waiting / max(1, last.Rate)
	fewer, stepped := last.Members <= t.To, !t.Stepped.IsZero()
	pause := trialFailed
	switch {
	case late > t.Late && (late > 2*t.Late || !h.CatchingUp(now.Now, clk)):
		if stepped {
			s.Back, s.BackAt = t.From, now.Now
		}
	case h.Quality != seen.Complete || !h.Read.MembersKnown():
		return s, false
	case stepped && !fewer: // more was needed meanwhile
		pause = trialPause
	case stepped && now.Now.Sub(lag.Later(t.Stepped, h.Since)) >= clk.Scale(trialLasts):
		if pause = trialPause; s.PerConsumer > 0 {
			s.PerConsumer = max(s.PerConsumer, t.Capacity*t.shown(&h.Readings, clk))
		}
	case stepped:
		return s, false
	case fewer:
		t.Stepped = now.Now
		s.Trial = &t
		return s, true
	case now.Now.Sub(t.Began) < clk.Scale(trialWaits):
		return s, false
	}
	s.Trial, s.NoTrial = nil, now.Now.Add(clk.Scale(pause))
	return s, true
}
