package coordlog

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Cause is what set a rebalance off.
type Cause string

// The causes that the log tells apart.
const (
	MemberJoined Cause = "member_joined"
	MemberLeft   Cause = "member_left"
	PollTimeout  Cause = "poll_timeout"    // it left because max.poll.interval passed; classic only, KIP-848 logs a leave
	SessionEnded Cause = "session_timeout" // its heartbeats stopped
	Subscription Cause = "subscription"    // a member wants other topics
	Partitions   Cause = "partitions"      // a topic changed
	Revocation   Cause = "revocation"      // the second round of a cooperative rebalance
	CauseUnclear Cause = "unclear"
)

// Outcome is how a rebalance ended.
type Outcome string

// The outcomes.
const (
	Running    Outcome = "running"
	Completed  Outcome = "completed"
	Empty      Outcome = "empty"
	Superseded Outcome = "superseded" // the next one began before the leader had assigned
)

// Rebalance is one generation of a classic group, or one epoch of another.
type Rebalance struct {
	Group string
	Epoch int32 // that it led to
	Start time.Time
	// End is when the group was Stable or Empty again; for a KIP-848 group, when
	// every member had arrived at the epoch with nothing left to give or take.
	// Zero while Running.
	End     time.Time
	Outcome Outcome
	Cause   Cause
	Reason  string // what the log says of the cause; empty for KIP-848 groups
}

// Rebalances folds records in the order of the log into rebalances, sorted by
// group and start. Records of several coordinators must have been merged by time.
func Rebalances(records []Record) []Rebalance {
	groups := map[string]*group{}
	for _, r := range records {
		g, ok := groups[r.Group]
		if !ok {
			g = &group{members: map[string]Record{}}
			groups[r.Group] = g
		}
		g.add(r)
	}
	var all []Rebalance
	for _, g := range groups {
		all = append(all, g.rebalances...)
	}
	slices.SortFunc(all, func(a, b Rebalance) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), a.Start.Compare(b.Start), cmp.Compare(a.Epoch, b.Epoch))
	})
	return all
}

// group is a group while its records are folded.
type group struct {
	rebalances []Rebalance
	members    map[string]Record // KIP-848: each member's last Reconciled, or its Joined
	trigger    Record            // what may have set off the next rebalance
}

func (g *group) add(r Record) {
	switch r.Kind {
	case Preparing:
		g.end(r.At, Superseded)
		g.begin(r, r.Epoch+1, g.prepareCause(r))
	case Assigned:
		g.end(r.At, Completed)
	case Emptied:
		g.end(r.At, Empty)
	case Joined, Subscribed:
		if r.Kind == Joined {
			g.members[r.Member] = r
		}
		g.noteTrigger(r)
	case Left, Expired:
		delete(g.members, r.Member)
		g.noteTrigger(r)
	case Replaced:
		delete(g.members, r.Old)
		g.members[r.Member] = r
	case Bumped:
		g.begin(r, r.Epoch, g.bumpCause(r))
		g.settle(r.At)
	case Reconciled:
		g.members[r.Member] = r
		g.settle(r.At)
	}
}

func (g *group) begin(r Record, epoch int32, cause Cause) {
	g.rebalances = append(g.rebalances, Rebalance{
		Group: r.Group, Epoch: epoch, Start: r.At, Outcome: Running, Cause: cause, Reason: r.Reason,
	})
}

// end closes the classic rebalance that runs, if one does.
func (g *group) end(at time.Time, outcome Outcome) {
	if n := len(g.rebalances); n > 0 && g.rebalances[n-1].Outcome == Running {
		g.rebalances[n-1].End, g.rebalances[n-1].Outcome = at, outcome
	}
}

// settle closes every KIP-848 rebalance whose epoch all members have reached.
func (g *group) settle(at time.Time) {
	for i := range g.rebalances {
		r := &g.rebalances[i]
		if r.Outcome != Running {
			continue
		}
		switch {
		case len(g.members) == 0:
			r.End, r.Outcome = at, Empty
		case g.reached(r.Epoch):
			r.End, r.Outcome = at, Completed
		}
	}
}

// reached says whether every member is at the epoch or later, and stable.
func (g *group) reached(epoch int32) bool {
	for _, m := range g.members {
		if m.Kind != Reconciled || m.Epoch < epoch || !strings.EqualFold(m.State, "stable") {
			return false
		}
	}
	return true
}

// Both the cause and the bump are logged by one request, usually within 20 ms.
const (
	triggerWindow = 100 * time.Millisecond // between two lines about the cause
	bumpWindow    = time.Second            // until the bump: the first request that a coordinator handles is slow on a busy machine
)

// noteTrigger keeps the first of the lines that one request logs: a member that
// joins tells its topics, too.
func (g *group) noteTrigger(r Record) {
	if r.At.Sub(g.trigger.At) > triggerWindow || g.trigger.Kind == "" {
		g.trigger = r
	}
}

// takeTrigger returns what was logged just before r, and forgets it.
func (g *group) takeTrigger(r Record) (Record, bool) {
	trigger := g.trigger
	g.trigger = Record{}
	return trigger, trigger.Kind != "" && r.At.Sub(trigger.At) <= bumpWindow
}

// prepareCause tells why a classic group rebalances. What a leaving member said
// is in the reason itself in 3.9, in the line before in 4.3.
func (g *group) prepareCause(r Record) Cause {
	cause := classicCause(r.Reason)
	if trigger, ok := g.takeTrigger(r); ok && cause == MemberLeft && classicCause(trigger.Reason) == PollTimeout {
		return PollTimeout
	}
	return cause
}

// bumpCause tells why the epoch rose.
func (g *group) bumpCause(r Record) Cause {
	trigger, ok := g.takeTrigger(r)
	if !ok {
		return Partitions // nobody moved: the topics did
	}
	switch trigger.Kind {
	case Joined:
		return MemberJoined
	case Left:
		return MemberLeft
	case Expired:
		return SessionEnded
	case Subscribed:
		return Subscription
	default:
		return CauseUnclear
	}
}

// classicCauses are what the reasons say, the more telling first: the client's
// words follow the coordinator's.
var classicCauses = []struct {
	says  string
	cause Cause
}{
	{"poll timeout has expired", PollTimeout},
	{"heartbeat expiration", SessionEnded},
	{"pending sync request expiration", SessionEnded},
	{"LeaveGroup", MemberLeft},
	{"Adding new member", MemberJoined},
	{"subscription has changed", Subscription},
	{"cached metadata has changed", Partitions},
	{"need to revoke partitions", Revocation},
}

func classicCause(reason string) Cause {
	for _, c := range classicCauses {
		if strings.Contains(reason, c.says) {
			return c.cause
		}
	}
	return CauseUnclear
}
