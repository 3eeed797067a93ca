package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// episode is a stretch of time in which a group was seen to rebalance.
type episode struct {
	start, end  time.Time
	endKnown    time.Time     // when its end became known
	last        time.Time     // last seen in motion
	resolution  time.Duration // the longest time without sight at either edge
	stateBefore lag.State     // before it
	lastState   lag.State     // where in it the group was last seen
	coordinator int32
	paused      bool
	proven      bool // states alone prove it; otherwise a generation or epoch must
	count       int  // rebalances that it is known to consist of
	outcome     Outcome
	spent       time.Duration // not yet added to the group's counter
	reason      reason
	joined      int
	left        int
	generation  int32
}

// stuck is how long a group may go round between Preparing and Completing before that counts as failed:
// max.poll.interval.ms is 5 min by default, and every member that polls at all has then rejoined.
const stuck = 5 * time.Minute

// condition is what a state means for rebalances.
type condition int

const (
	stable condition = iota // has members and an assignment
	rebalancing
	empty
	dead
)

func conditionOf(s lag.State) condition {
	switch {
	case s.Rebalancing():
		return rebalancing
	case s == lag.Empty:
		return empty
	case s == lag.Dead:
		return dead
	default:
		return stable
	}
}

// stateOf is the state that a poll saw. The members of a KIP-848 group say more exactly than its coordinator whether
// it is on its way: one that is away for a restart (static, epoch -2) makes it Reconciling, and yet nothing moves.
func stateOf(l *lag.GroupLag) lag.GroupState {
	s := l.GroupState
	if l.Type != lag.Consumer || !l.Described || s.State != lag.Stable && s.State != lag.Reconciling {
		return s
	}
	away, underway := false, false
	for i := range l.Members {
		m := &l.Members[i]
		away = away || m.Epoch < lag.NoGeneration
		underway = underway || m.Epoch >= 0 && (m.Epoch < l.AssignmentEpoch || len(m.Target) > 0)
	}
	switch {
	case underway:
		s.State = lag.Reconciling
	case away:
		s.State = lag.Stable
	}
	return s
}

// observeState takes in the group's state at one time. Observations that are older than what is known are passed over:
// a poll takes longer than a sample, and its answer may come after it.
//
//	from \ to   rebalancing        stable           empty          dead
//	stable      begins        -                over (empty)   -
//	empty       begins        over (success)   -              -
//	rebalancing      goes on       over (success)   over (empty)   over (failed)
//	dead        begins        -                -              -
//
// An edge across a gap ends as unknown, unless the group is empty, which is certain whatever happened meanwhile.
func (g *group) observeState(s lag.GroupState, limit time.Duration) {
	before := g.state
	if s.State == lag.StateUnknown || !s.At.After(before.At) {
		return
	}
	g.state = s
	to := conditionOf(s.State)
	if before.At.IsZero() || epochs(before.Type) != epochs(s.Type) {
		g.reset(s, to)
		return
	}
	gap := s.At.Sub(before.At)
	gapExceeded := gap > limit
	if gapExceeded {
		g.seenAgainAt = s.At
	}
	if g.open != nil {
		g.continueEpisode(s, to, gap, gapExceeded)
		return
	}
	from := conditionOf(before.State)
	switch {
	case to == rebalancing:
		g.beginEpisode(s, before.State, gap)
	case from == stable && to == empty, from == empty && to == stable:
		g.beginEpisode(s, before.State, gap)
		g.open.coordinator = before.Coordinator
		g.endEpisode(s, to, gap, gapExceeded)
	}
}

// reset begins anew: at first sight, and when a group changes from one protocol to the other, which starts
// another count of epochs.
func (g *group) reset(s lag.GroupState, to condition) {
	g.open, g.ended, g.baseline, g.membership = nil, nil, baseline{}, membership{}
	if to == rebalancing {
		g.beginEpisode(s, lag.StateUnknown, 0)
	}
}

func (g *group) beginEpisode(s lag.GroupState, from lag.State, gap time.Duration) {
	g.open = &episode{
		start: s.At, last: s.At, resolution: gap, stateBefore: from, lastState: s.State, coordinator: s.Coordinator,
		paused: !epochs(s.Type), generation: lag.NoGeneration,
	}
}

func (g *group) continueEpisode(s lag.GroupState, to condition, gap time.Duration, gapExceeded bool) {
	e := g.open
	if to != rebalancing {
		g.endEpisode(s, to, gap, gapExceeded)
		return
	}
	if e.lastState == lag.CompletingRebalance && s.State == lag.PreparingRebalance {
		e.count++ // a generation was made, and overtaken by the next before its members had an assignment
		if s.At.Sub(e.start) > stuck {
			g.failEpisode(s, gap)
			return
		}
	}
	if gapExceeded {
		e.resolution = max(e.resolution, gap)
	} else {
		g.addTime(e, gap)
	}
	e.last, e.lastState, e.coordinator = s.At, s.State, s.Coordinator
}

// failEpisode ends an episode that has gone round for too long, and begins the next round.
func (g *group) failEpisode(s lag.GroupState, gap time.Duration) {
	e := g.open
	g.addTime(e, gap)
	e.end, e.endKnown, e.outcome, e.proven = s.At, s.At, Failed, true
	g.ended = append(g.ended, e)
	g.beginEpisode(s, e.lastState, gap)
}

// endEpisode ends the open episode. A classic group's states prove it, unless its coordinator moved meanwhile: the new one
// starts from the last generation that was written down, Stable, as if nothing had begun.
func (g *group) endEpisode(s lag.GroupState, to condition, gap time.Duration, gapExceeded bool) {
	e := g.open
	e.end, e.endKnown, e.resolution = s.At, s.At, max(e.resolution, gap)
	switch {
	case to == empty:
		e.outcome = EmptyGroup
	case to == dead:
		e.outcome = Failed
	case gapExceeded:
		e.outcome = UnknownOutcome
	default:
		e.outcome = Success
	}
	if gapExceeded {
		e.end = e.last
	} else if e.start.Before(s.At) {
		g.addTime(e, gap)
	}
	if !epochs(s.Type) && e.coordinator == s.Coordinator {
		e.proven = true
		e.count++
	}
	g.open = nil
	g.ended = append(g.ended, e)
}

// endUnseen ends the open episode of a group that has not been seen since.
func (g *group) endUnseen(now time.Time) {
	e := g.open
	e.end, e.endKnown, e.outcome = e.last, now, UnknownOutcome
	if !epochs(g.state.Type) {
		e.proven = true
		e.count++
	}
	g.open = nil
	g.ended = append(g.ended, e)
}

// addTime adds to the time the group spent rebalancing, once it is known that it does.
func (g *group) addTime(e *episode, d time.Duration) {
	e.spent += d
	if e.count > 0 || e.paused {
		g.stats.addTime(e.last, e.spent)
		e.spent = 0
	}
}
