package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// stuck is how long a group may go round between Preparing and Completing before that counts as failed:
// max.poll.interval.ms is 5 min by default, and every member that polls at all has then rejoined.
const stuck = 5 * time.Minute

// group is everything remembered of one consumer group.
//
//	states, each second --observe--> open --> done --settle, at a poll--> events, counters
//	generations, epochs, members ----------------------^
type group struct {
	name    string
	first   time.Time      // first seen
	kept    time.Time      // last listed, whatever it told
	sampled time.Time      // last seen by the sampler
	seen    lag.GroupState // last told
	home    home
	open    *episode   // the rebalance that lasts
	done    []*episode // over, in order, but no poll has told yet what they were
	base    baseline
	view    view      // as the last poll that described it found it
	blind   time.Time // last seen again after a gap
	crew    crew
	tally   tally

	covered []extent // what its topics had at the last rebalance: new partitions wait for a member to hear of them
}

// episode is a stretch of time in which a group was seen to rebalance.
type episode struct {
	start, end  time.Time
	told        time.Time     // when its end became known
	last        time.Time     // last seen in motion
	resolution  time.Duration // the longest time without sight at either edge
	from        lag.State     // before it
	phase       lag.State     // where in it the group was last seen
	coordinator int32
	paused      bool
	sure        bool // states alone prove it; otherwise a generation or epoch must
	count       int  // rebalances it is known to stand for
	outcome     Outcome
	spent       time.Duration // not yet added to the group's counter
	reason      reason
	joined      int
	left        int
	generation  int32
}

// epochs reports whether the group's changes are counted by an epoch: every type but the classic one.
func epochs(t lag.GroupType) bool { return t != lag.Classic && t != "" }

// condition is what a state means for rebalances.
type condition int

const (
	calm condition = iota // has members and an assignment
	moving
	empty
	gone
)

func conditionOf(s lag.State) condition {
	switch {
	case s.Rebalancing():
		return moving
	case s == lag.Empty:
		return empty
	case s == lag.Dead:
		return gone
	default:
		return calm
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

// observe takes in the group's state at one time. Observations that are older than what is known are passed over:
// a poll takes longer than a sample, and its answer may come after it.
//
//	from \ to   moving        stable           empty          dead
//	stable      begins        -                over (empty)   -
//	empty       begins        over (success)   -              -
//	moving      goes on       over (success)   over (empty)   over (failed)
//	dead        begins        -                -              -
//
// An edge across a gap ends as unknown, unless the group is empty, which is what it is whatever happened meanwhile.
func (g *group) observe(s lag.GroupState, limit time.Duration) {
	before := g.seen
	if s.State == lag.StateUnknown || !s.At.After(before.At) {
		return
	}
	g.seen = s
	g.home.see(s.Coordinator)
	to := conditionOf(s.State)
	if before.At.IsZero() || epochs(before.Type) != epochs(s.Type) {
		g.restart(s, to)
		return
	}
	gap := s.At.Sub(before.At)
	blind := gap > limit
	if blind {
		g.blind = s.At
	}
	if g.open != nil {
		g.proceed(s, to, gap, blind)
		return
	}
	from := conditionOf(before.State)
	switch {
	case to == moving:
		g.begin(s, before.State, gap)
	case from == calm && to == empty, from == empty && to == calm:
		g.begin(s, before.State, gap)
		g.open.coordinator = before.Coordinator
		g.finish(s, to, gap, blind)
	}
}

// restart begins anew: at first sight, and when a group changes from one protocol to the other, which starts
// another count of epochs.
func (g *group) restart(s lag.GroupState, to condition) {
	g.open, g.done, g.base, g.view = nil, nil, baseline{}, view{}
	if to == moving {
		g.begin(s, lag.StateUnknown, 0)
	}
}

func (g *group) begin(s lag.GroupState, from lag.State, gap time.Duration) {
	g.open = &episode{
		start: s.At, last: s.At, resolution: gap, from: from, phase: s.State, coordinator: s.Coordinator,
		paused: !epochs(s.Type), generation: lag.NoGeneration,
	}
}

func (g *group) proceed(s lag.GroupState, to condition, gap time.Duration, blind bool) {
	e := g.open
	if to != moving {
		g.finish(s, to, gap, blind)
		return
	}
	if e.phase == lag.CompletingRebalance && s.State == lag.PreparingRebalance {
		e.count++ // a generation was made, and overtaken by the next before its members had an assignment
		if s.At.Sub(e.start) > stuck {
			g.fail(s, gap)
			return
		}
	}
	if blind {
		e.resolution = max(e.resolution, gap)
	} else {
		g.spend(e, gap)
	}
	e.last, e.phase, e.coordinator = s.At, s.State, s.Coordinator
}

// fail ends an episode that has gone round for too long, and begins the next round.
func (g *group) fail(s lag.GroupState, gap time.Duration) {
	e := g.open
	g.spend(e, gap)
	e.end, e.told, e.outcome, e.sure = s.At, s.At, Failed, true
	g.done = append(g.done, e)
	g.begin(s, e.phase, gap)
}

// finish ends the open episode. A classic group's states prove it, unless its coordinator moved meanwhile: the new one
// starts from the last generation that was written down, Stable, as if nothing had begun.
func (g *group) finish(s lag.GroupState, to condition, gap time.Duration, blind bool) {
	e := g.open
	e.end, e.told, e.resolution = s.At, s.At, max(e.resolution, gap)
	switch {
	case to == empty:
		e.outcome = EmptyGroup
	case to == gone:
		e.outcome = Failed
	case blind:
		e.outcome = UnknownOutcome
	default:
		e.outcome = Success
	}
	if blind {
		e.end = e.last
	} else if e.start.Before(s.At) {
		g.spend(e, gap)
	}
	if !epochs(s.Type) && e.coordinator == s.Coordinator {
		e.sure = true
		e.count++
	}
	g.open = nil
	g.done = append(g.done, e)
}

// lose ends the open episode of a group that has not been seen since.
func (g *group) lose(now time.Time) {
	e := g.open
	e.end, e.told, e.outcome = e.last, now, UnknownOutcome
	if !epochs(g.seen.Type) {
		e.sure = true
		e.count++
	}
	g.open = nil
	g.done = append(g.done, e)
}

// spend adds to the time the group spent rebalancing, once it is known that it does.
func (g *group) spend(e *episode, d time.Duration) {
	e.spent += d
	if e.count > 0 || e.paused {
		g.tally.spend(e.last, e.spent)
		e.spent = 0
	}
}

// home is the broker that coordinates a group. A move counts when two observations in a row saw it: during one,
// two brokers may list the group by turns.
type home struct {
	known      bool
	at, rumour int32
	moves      uint64
}

func (h *home) see(broker int32) {
	switch {
	case broker < 0:
	case !h.known:
		h.known, h.at, h.rumour = true, broker, broker
	case broker == h.at:
		h.rumour = broker
	case broker == h.rumour:
		h.at = broker
		h.moves++
	default:
		h.rumour = broker
	}
}
