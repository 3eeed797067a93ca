package rebalancemon

import (
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	// resizeReach is how long after a resize a rebalance is laid to it: pods start within 20 to 40 s,
	// and those that go take up to 30 s of grace and 45 s of session timeout.
	resizeReach = 2 * time.Minute

	// rolloutReach is how long after a rollout's end: the last old pod's session timeout, 45 s, and some.
	rolloutReach = time.Minute

	// hintSlack allows for clocks that differ: a hint's time is the Kubernetes API server's.
	hintSlack = 2 * time.Second

	// followUp is how soon after a cooperative rebalance its second half comes: members that gave partitions up rejoin
	// at once, and are held up by the slowest member's heartbeat (3 s) or poll.
	followUp = 15 * time.Second

	// prompt is how long each rebalance lasts at most when every member is alive to rejoin at its next heartbeat, which
	// comes within 3 s. One that takes longer waits for a member that does not answer.
	prompt = 4 * time.Second

	// rolloutForgotten ends a rollout that nobody said was over.
	rolloutForgotten = time.Hour
)

// reason is a cause and what it rests on.
type reason struct {
	cause    Cause
	evidence string
}

// hints are what is known of the targets, by group.
type hints map[string][]Hint

func (h hints) add(hs []Hint) {
next:
	for _, n := range hs {
		known := h[n.Group]
		for i := range known {
			if known[i].Kind == n.Kind && known[i].At.Equal(n.At) {
				known[i] = n
				continue next
			}
		}
		h[n.Group] = append(known, n)
	}
}

func (h hints) forget(now time.Time) {
	for group, known := range h {
		var keep []Hint
		for _, n := range known {
			if now.Sub(n.At) <= rolloutForgotten || now.Sub(n.Until) <= rolloutReach {
				keep = append(keep, n)
			}
		}
		if h[group] = keep; keep == nil {
			delete(h, group)
		}
	}
}

// explain is why an episode happened as far as it can be told without its members: by the planned change that brought it
// about, the latest of those in reach. A resize must fit who came and went.
func (h hints) explain(group string, e *episode, ch change) reason {
	var latest Hint
	for _, n := range h[group] {
		if n.covers(e.start) && n.fits(ch) && !n.At.Before(latest.At) {
			latest = n
		}
	}
	after := e.start.Sub(latest.At).Round(time.Second)
	switch {
	case latest.Kind == Resized:
		return reason{Scaling, fmt.Sprintf("target resized %d -> %d, %v before", latest.From, latest.To, after)}
	case latest.Kind == RolledOut && latest.Until.IsZero():
		return reason{Deploy, fmt.Sprintf("target rolling out since %v", after)}
	case latest.Kind == RolledOut:
		return reason{Deploy, fmt.Sprintf("target rolled out, begun %v before", after)}
	case e.from == lag.Empty:
		return reason{MemberJoined, "the group was empty"}
	default:
		return reason{UnknownCause, "no poll told what changed"}
	}
}

// covers reports whether a rebalance that began at the time may be the hint's doing.
func (n Hint) covers(at time.Time) bool {
	if at.Before(n.At.Add(-hintSlack)) {
		return false
	}
	if n.Kind == Resized {
		return at.Sub(n.At) <= resizeReach && (n.Until.IsZero() || !at.After(n.Until))
	}
	if n.Until.IsZero() {
		return at.Sub(n.At) <= rolloutForgotten
	}
	return at.Sub(n.Until) <= rolloutReach
}

// fits reports whether a resize went the way the members did. What nobody saw contradicts nothing.
//
//	resized   joined  left
//	2 -> 5    3       0      yes
//	2 -> 5    0       1      no: somebody left by himself
//	5 -> 2    0       3      yes
//	5 -> 2    1       0      no
func (n Hint) fits(ch change) bool {
	if n.Kind != Resized || len(ch.joined) == len(ch.left) {
		return true
	}
	return (n.To > n.From) == (len(ch.joined) > len(ch.left))
}

// attribute gives each episode its cause, and the members that came and went with it.
func (h hints) attribute(g *group, told []*episode, ch change) {
	if len(told) == 0 {
		return
	}
	byMembers := g.reasons(told, ch)
	allot(told, ch)
	for i, e := range told {
		if e.reason.cause != "" && e.reason.cause != UnknownCause {
			continue // an earlier poll told, while it went on
		}
		e.reason = byMembers[i]
		if planned := h.explain(g.name, e, ch); planned.cause.Planned() {
			e.reason = planned
			e.reason.evidence += "; " + byMembers[i].evidence
		}
	}
}

// allot says with which episode members came and went: those that left with the first, those that joined with the last.
func allot(told []*episode, ch change) {
	told[0].left += len(ch.left)
	told[len(told)-1].joined += len(ch.joined)
}

// reasons are what the change of members tells of each episode.
func (g *group) reasons(told []*episode, ch change) []reason {
	out := make([]reason, len(told))
	for i, e := range told {
		switch {
		case len(ch.joined) > 0 && len(ch.left) > 0:
			out[i] = g.exchange(told, i, ch)
		case len(ch.joined) > 0:
			out[i] = reason{MemberJoined, "joined: " + names(ch.joined)}
		case len(ch.left) > 0 && (ch.subscribed || ch.grown != ""):
			out[i] = reason{UnknownCause, "gone: " + names(ch.left) + "; and its topics or their partitions are others"}
		case len(ch.left) > 0:
			out[i] = g.departure(e, ch.left)
		default:
			out[i] = g.amongThemselves(e, i, out, ch)
		}
	}
	return out
}

// exchange explains rebalances between two polls in which some joined and some left.
func (g *group) exchange(told []*episode, i int, ch change) reason {
	e := told[i]
	both := fmt.Sprintf("joined: %s; left: %s", names(ch.joined), names(ch.left))
	went := g.departure(told[0], ch.left)
	switch {
	case e.from == lag.Empty:
		return reason{MemberJoined, "the group was empty; joined: " + names(ch.joined)}
	case e.outcome == EmptyGroup:
		return g.departure(e, ch.left)
	case !allBack(ch):
		return reason{UnknownCause, both + "; in which order is not known"}
	case len(told) > 1 && i == 0:
		return went
	case len(told) > 1 && len(ch.left) > 1:
		return reason{UnknownCause, both + "; by turns"}
	case len(told) > 1:
		return reason{MemberJoined, "back: " + names(ch.joined)}
	case e.end.Sub(e.start) > prompt*time.Duration(max(1, e.count)):
		return reason{UnknownCause, both + "; it waited for a member that did not answer"}
	default:
		went.evidence += "; came back at once"
		return went
	}
}

// departure explains a rebalance by those that left, if all of whom it can be told went in the same way.
func (g *group) departure(e *episode, left []seat) reason {
	cause, at := UnknownCause, later(e.start.Add(-e.resolution), g.view.until)
	for i := range left {
		switch c := g.view.farewell(&left[i], at); {
		case c == UnknownCause:
		case cause == UnknownCause:
			cause = c
		case c != cause:
			return reason{UnknownCause, "gone: " + names(left) + "; some left and some timed out"}
		}
	}
	switch cause {
	case MemberLeft:
		return reason{cause, "left: " + names(left) + "; its partitions moved until then"}
	case MemberTimeout:
		still := at.Sub(left[0].due).Round(time.Second)
		return reason{cause, fmt.Sprintf("gone: %s; records waited and its partitions had stood still for %v", names(left), still)}
	default:
		return reason{UnknownCause, "gone: " + names(left) + "; whether it left or timed out cannot be told"}
	}
}

// amongThemselves explains a rebalance of the same members.
func (g *group) amongThemselves(e *episode, i int, earlier []reason, ch change) reason {
	switch last, ok := g.tally.lastEvent(); {
	case ch.subscribed && ch.grown != "":
		return reason{UnknownCause, "a member subscribes to other topics; " + ch.grown}
	case ch.subscribed:
		return reason{Subscription, "a member subscribes to other topics"}
	case ch.grown != "":
		return reason{Partitions, ch.grown}
	case i > 0:
		return earlier[i-1]
	case ok && g.halfway() && e.start.Sub(last.End) <= followUp:
		return reason{last.Cause, "second half of the cooperative rebalance before"}
	default:
		return reason{UnknownCause, "the same members with the same subscriptions: one of them asked for it"}
	}
}

// halfway reports whether a cooperative group holds less than there is: some members gave partitions up that nobody has yet.
func (g *group) halfway() bool {
	all := 0
	for _, e := range g.covered {
		all += int(e.partitions)
	}
	return g.view.protocol == Cooperative && g.view.held < all
}

// allBack reports whether those that joined are the processes that left.
func allBack(ch change) bool {
	if len(ch.joined) != len(ch.left) {
		return false
	}
	for i := range ch.left {
		back := false
		for j := range ch.joined {
			back = back || ch.left[i].isBackAs(&ch.joined[j])
		}
		if !back {
			return false
		}
	}
	return true
}

// names lists a few members by client id and host.
func names(seats []seat) string {
	const few = 3
	var b strings.Builder
	for i := range seats[:min(few, len(seats))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(seats[i].client + "@" + strings.TrimPrefix(seats[i].host, "/"))
	}
	if len(seats) > few {
		fmt.Fprintf(&b, " and %d more", len(seats)-few)
	}
	return b.String()
}
