package rebalancemon

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	// resizeWindow is how long after a resize a rebalance is attributed to it: pods start within 20 to 40 s,
	// and those that go take up to 30 s of grace and 45 s of session timeout.
	resizeWindow = 2 * time.Minute

	// rolloutWindow is how long after a rollout's end: the last old pod's session timeout, 45 s, and some.
	rolloutWindow = time.Minute

	// hintSlack allows for clocks that differ: a hint's time is the Kubernetes API server's.
	hintSlack = 2 * time.Second

	// rolloutForgotten is how long a rollout counts as running when its end was not seen.
	rolloutForgotten = time.Hour
)

// HintKind is what happened to a target.
type HintKind string

// The kinds of a Hint.
const (
	Resized   HintKind = "resized"
	RolledOut HintKind = "rolledout"
)

// Hint says that the target a group runs on was resized or rolled out at a time.
// Every replica of the program sees the same hints, by watching the targets, and so attributes alike.
type Hint struct {
	Group string
	At    time.Time
	Kind  HintKind
	From  int32 // replicas before and after, when resized
	To    int32
	Until time.Time // a rollout's end, zero while it goes on; of a resize: when its members had joined and left, where that is known
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
			if now.Sub(n.At) <= rolloutForgotten || now.Sub(n.Until) <= rolloutWindow {
				keep = append(keep, n)
			}
		}
		if h[group] = keep; keep == nil {
			delete(h, group)
		}
	}
}

// explain is the cause of an episode as far as it is known without its members: the planned change that led to it, the latest
// of those within their window. A resize must fit the members that joined and left.
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
	case e.stateBefore == lag.Empty:
		return reason{MemberJoined, "the group was empty"}
	default:
		return reason{UnknownCause, "no poll told what changed"}
	}
}

// covers reports whether a rebalance that began at the time may have been caused by the hint.
func (n Hint) covers(at time.Time) bool {
	if at.Before(n.At.Add(-hintSlack)) {
		return false
	}
	if n.Kind == Resized {
		return at.Sub(n.At) <= resizeWindow && (n.Until.IsZero() || !at.After(n.Until))
	}
	if n.Until.IsZero() {
		return at.Sub(n.At) <= rolloutForgotten
	}
	return at.Sub(n.Until) <= rolloutWindow
}

// fits reports whether a resize changed the replicas in the same direction as the number of members changed. When the
// number did not change it contradicts nothing.
//
//	resized   joined  left
//	2 -> 5    3       0      yes
//	2 -> 5    0       1      no: a member left by itself
//	5 -> 2    0       3      yes
//	5 -> 2    1       0      no
func (n Hint) fits(ch change) bool {
	if n.Kind != Resized || len(ch.joined) == len(ch.left) {
		return true
	}
	return (n.To > n.From) == (len(ch.joined) > len(ch.left))
}
