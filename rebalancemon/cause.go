package rebalancemon

import (
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	// followUp is how soon after a cooperative rebalance its second half comes: members that gave partitions up rejoin
	// at once, and wait for the slowest member's heartbeat (3 s) or poll.
	followUp = 15 * time.Second

	// quickRejoin is how long each rebalance lasts at most when every member is alive to rejoin at its next heartbeat, which
	// comes within 3 s. One that takes longer waits for a member that does not answer.
	quickRejoin = 4 * time.Second
)

// reason is a cause and the evidence for it.
type reason struct {
	cause    Cause
	evidence string
}

// assignCauses gives each episode its cause, and the members that joined and left with it.
func (h hints) assignCauses(g *group, confirmed []*episode, ch change) {
	if len(confirmed) == 0 {
		return
	}
	byMembers := g.reasons(confirmed, ch)
	assignMembers(confirmed, ch)
	for i, e := range confirmed {
		if e.reason.cause != "" && e.reason.cause != UnknownCause {
			continue // an earlier poll explained it, while it went on
		}
		e.reason = byMembers[i]
		if planned := h.explain(g.name, e, ch); planned.cause.Planned() {
			e.reason = planned
			e.reason.evidence += "; " + byMembers[i].evidence
		}
	}
}

// assignMembers counts members that left with the first episode, and members that joined with the last.
func assignMembers(confirmed []*episode, ch change) {
	confirmed[0].left += len(ch.left)
	confirmed[len(confirmed)-1].joined += len(ch.joined)
}

// reasons are the causes of the episodes as far as the change of members shows them.
func (g *group) reasons(confirmed []*episode, ch change) []reason {
	out := make([]reason, len(confirmed))
	for i, e := range confirmed {
		switch {
		case len(ch.joined) > 0 && len(ch.left) > 0:
			out[i] = g.joinedAndLeft(confirmed, i, ch)
		case len(ch.joined) > 0:
			out[i] = reason{MemberJoined, "joined: " + memberNames(ch.joined)}
		case len(ch.left) > 0 && (ch.subscribed || ch.resized != ""):
			out[i] = reason{UnknownCause, "gone: " + memberNames(ch.left) + "; and its topics or their partitions are others"}
		case len(ch.left) > 0:
			out[i] = g.departures(e, ch.left)
		default:
			out[i] = g.sameMembers(e, i, out, ch)
		}
	}
	return out
}

// joinedAndLeft explains rebalances between two polls in which some joined and some left.
func (g *group) joinedAndLeft(confirmed []*episode, i int, ch change) reason {
	e := confirmed[i]
	both := fmt.Sprintf("joined: %s; left: %s", memberNames(ch.joined), memberNames(ch.left))
	went := g.departures(confirmed[0], ch.left)
	switch {
	case e.stateBefore == lag.Empty:
		return reason{MemberJoined, "the group was empty; joined: " + memberNames(ch.joined)}
	case e.outcome == EmptyGroup:
		return g.departures(e, ch.left)
	case !allSameProcess(ch):
		return reason{UnknownCause, both + "; in which order is not known"}
	case len(confirmed) > 1 && i == 0:
		return went
	case len(confirmed) > 1 && len(ch.left) > 1:
		return reason{UnknownCause, both + "; by turns"}
	case len(confirmed) > 1:
		return reason{MemberJoined, "back: " + memberNames(ch.joined)}
	case e.end.Sub(e.start) > quickRejoin*time.Duration(max(1, e.count)):
		return reason{UnknownCause, both + "; it waited for a member that did not answer"}
	default:
		went.evidence += "; came back at once"
		return went
	}
}

// departures explains a rebalance by the members that left, if all of those whose way of leaving is known left in the same way.
func (g *group) departures(e *episode, left []memberState) reason {
	cause, at := UnknownCause, lag.Later(e.start.Add(-e.resolution), g.membership.until)
	for i := range left {
		switch c := g.membership.departureCause(&left[i], at); {
		case c == UnknownCause:
		case cause == UnknownCause:
			cause = c
		case c != cause:
			return reason{UnknownCause, "gone: " + memberNames(left) + "; some left and some timed out"}
		}
	}
	switch cause {
	case MemberLeft:
		committed := "; it committed until it left"
		if len(left) > 1 {
			committed = "; they committed until they left"
		}
		return reason{cause, "left: " + memberNames(left) + committed}
	case MemberTimeout:
		still := at.Sub(left[0].stillSince).Round(time.Second)
		return reason{cause, fmt.Sprintf("gone: %s; records waited and its partitions had stood still for %v", memberNames(left), still)}
	default:
		return reason{UnknownCause, "gone: " + memberNames(left) + "; whether it left or timed out cannot be told"}
	}
}

// sameMembers explains a rebalance of the same members.
func (g *group) sameMembers(e *episode, i int, earlier []reason, ch change) reason {
	switch last := g.stats.events.Last(); {
	case ch.subscribed && ch.resized != "":
		return reason{UnknownCause, "a member subscribes to other topics; " + ch.resized}
	case ch.subscribed:
		return reason{Subscription, "a member subscribes to other topics"}
	case ch.resized != "":
		return reason{Partitions, ch.resized}
	case i > 0:
		return earlier[i-1]
	case last != nil && g.assignmentIncomplete() && e.start.Sub(last.End) <= followUp:
		return reason{last.Cause, "second half of the cooperative rebalance before"}
	default:
		return reason{UnknownCause, "the same members with the same subscriptions: one of them asked for it"}
	}
}

// assignmentIncomplete reports whether members of a cooperative group own fewer partitions than there are: some gave partitions up that
// nobody owns yet.
func (g *group) assignmentIncomplete() bool {
	all := 0
	for _, e := range g.topicSizes {
		all += int(e.partitions)
	}
	return g.membership.protocol == Cooperative && g.membership.assigned < all
}

// allSameProcess reports whether those that joined are the processes that left.
func allSameProcess(ch change) bool {
	if len(ch.joined) != len(ch.left) {
		return false
	}
	for i := range ch.left {
		back := false
		for j := range ch.joined {
			back = back || ch.left[i].sameProcess(&ch.joined[j])
		}
		if !back {
			return false
		}
	}
	return true
}

// memberNames lists a few members by client id and host.
func memberNames(members []memberState) string {
	const few = 3
	var b strings.Builder
	for i := range members[:min(few, len(members))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(lag.MemberName(members[i].client, members[i].host))
	}
	if len(members) > few {
		fmt.Fprintf(&b, " and %d more", len(members)-few)
	}
	return b.String()
}
