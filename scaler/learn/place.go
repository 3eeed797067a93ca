package learn

import (
	"math"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Place is what is known of the members of a group in another place: a Kubernetes cluster in which another scaler scales them.
type Place struct {
	Share   float64   `json:"share,omitempty"`          // of the members, those that ran here, over a day; 0: not known
	Learned float64   `json:"learnedSeconds,omitempty"` // how long the share was learned, a day at most
	At      time.Time `json:"at,omitzero"`              // the last time
	Gone    time.Time `json:"gone,omitzero"`            // the other place has had no member since then, while this one had some; zero: it has
	Back    time.Time `json:"back,omitzero"`            // it has had some since then, after it was gone
	Alone   bool      `json:"alone,omitempty"`          // it was gone for so long that this place takes all
}

const (
	shareOver  = 24 * time.Hour // a learned share is the mean of so long
	shareFirst = time.Hour      // until then it is at least one half, so that two places which learn take all together

	// TakeOverAfter is how long the other place must have had no member until this one takes all. A dead member still counts until its
	// session ends.
	TakeOverAfter = 3 * time.Minute

	// BackAfter is how long the other place must have had members again until the shares apply: less may be somebody who looks at records.
	BackAfter = time.Hour
)

// counts is how many members are here and elsewhere; known is false where nothing tells them apart.
func counts(m *seen.Mapping, declared int32) (here, elsewhere int32, known bool) {
	switch {
	case m.By == "":
		return 0, 0, false
	case m.By != seen.ByRatio:
		return m.InPods, m.Unknown, true
	case declared > 0:
		here = min(m.Living, declared*m.Ready)
		return here, m.Living - here, true
	}
	return 0, 0, false
}

// next takes in where the members are at a decision; rests says that all that are here are settled, and nothing rebalances.
//
//	here   elsewhere   for       this place
//	some   none        3 min     takes all
//	some   some        1 h       takes its share again
//	none   any         any       as before: nothing follows from a group that is asleep
func (p Place) next(now time.Time, clk seen.Clock, here, elsewhere int32, rests bool) Place {
	switch {
	case here == 0 && elsewhere == 0: // asleep, or both are gone
		p.Gone, p.Back = time.Time{}, time.Time{}
	case elsewhere > 0:
		p.Gone = time.Time{}
		if p.Alone && p.Back.IsZero() {
			p.Back = now
		}
		if p.Alone && now.Sub(p.Back) >= clk.Scale(BackAfter) {
			p.Alone, p.Back = false, time.Time{}
		}
	default:
		p.Back = time.Time{}
		if p.Gone.IsZero() || now.Before(p.Gone) {
			p.Gone = now
		}
		p.Alone = p.Alone || now.Sub(p.Gone) >= clk.Scale(TakeOverAfter)
	}
	if rests && !p.Alone && here > 0 && elsewhere > 0 {
		return p.learn(now, clk, float64(here)/float64(here+elsewhere))
	}
	p.At = time.Time{}
	return p
}

// learn takes in the share of the moment as one of a day: the mean of the first day, then smoothed over a day.
func (p Place) learn(now time.Time, clk seen.Clock, share float64) Place {
	most := clk.Scale(shareOver).Seconds()
	switch took := now.Sub(p.At).Seconds(); {
	case p.Share == 0:
		p.Share = share
	case !p.At.IsZero() && took > 0:
		p.Learned = min(most, p.Learned+took)
		p.Share += (share - p.Share) * min(1, took/p.Learned)
	}
	p.At = now
	return p
}

// percent is the share in force: the one that is declared, else the one that was learned, rounded up.
func (p Place) percent(declared int32, clk seen.Clock) int32 {
	if declared > 0 {
		return declared
	}
	share := p.Share
	if p.Learned < clk.Scale(shareFirst).Seconds() {
		share = max(share, 0.5)
	}
	return max(1, min(99, int32(math.Ceil(100*share-1e-9))))
}

// learnPlace learns where the members are.
func (l *learner) learnPlace(m *seen.Mapping) {
	g := l.seen.Read
	here, elsewhere, known := counts(m, l.seen.ConsumersPerReplica)
	if !l.now.TwoPlaces || !l.seen.New || !known || !g.MembersKnown() || g.State.Rebalancing() {
		return
	}
	wl := &l.now.Workload
	rests := wl.Spec == wl.Ready && wl.Status == wl.Ready && !wl.RolloutInProgress && m.Watched && m.Bare == 0
	l.source.Place = l.source.Place.next(l.now.Now, l.now.Clock, here, elsewhere, rests)
}

// InPlace are the counts of a target that shares its groups with another place; declared is the share that the policy says, in percent, 0:
// it is learned. Members elsewhere are expected, so those that hold partitions for longer than a session count for a step down, too.
func (s *Source) InPlace(counts seen.Members, m *seen.Mapping, declared int32, clk seen.Clock) seen.Members {
	counts.Place = seen.Place{Share: s.Place.percent(declared, clk), Alone: s.Place.Alone}
	if m.By == seen.ByRatio && counts.By == seen.ByRatio { // the ratio includes those that run elsewhere
		share := float64(counts.Place.Share) / 100
		if counts.Place.Alone {
			share = 1
		}
		counts.PerReplica = max(1, int32(math.Round(float64(counts.PerReplica)*share)))
		return counts
	}
	least := max(1, counts.Least.PerReplica)
	counts.Least = seen.Least{PerReplica: least, Elsewhere: m.Elsewhere}
	return counts
}
