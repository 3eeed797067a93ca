package scaler

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/standby"
)

// Clusters of which one stands by. Package standby has the rules.

// twoSides are the sources of a pair, by side: their places among all sources.
type twoSides [2]int

// sidesOf finds the two sources of every pair.
func sidesOf(now *seen.State) []twoSides {
	var list []twoSides
	for i := range now.Sources {
		h := &now.Sources[i]
		active := slices.IndexFunc(now.Sources, func(o seen.History) bool { return o.Cluster == h.StandbyFor.Cluster && o.Group == h.Group })
		if h.StandbyFor.Cluster != "" && active >= 0 {
			list = append(list, twoSides{active, i})
		}
	}
	return list
}

// pairOf is what is known of two sources.
func pairOf(pairs []standby.Pair, now *seen.State, s twoSides) standby.Pair {
	h := &now.Sources[s[standby.Standby]]
	i := slices.IndexFunc(pairs, func(p standby.Pair) bool {
		return p.Cluster == h.Cluster && p.Group == h.Group && p.For == h.StandbyFor.Cluster
	})
	if i < 0 {
		return standby.Pair{Cluster: h.Cluster, Group: h.Group, For: h.StandbyFor.Cluster}
	}
	return pairs[i]
}

// markStandbys says at a poll which sources stand by.
func markStandbys(now *seen.State, pairs []standby.Pair) {
	for i := range now.Sources {
		now.Sources[i].StandsBy = false
	}
	for _, s := range sidesOf(now) {
		pair := pairOf(pairs, now, s)
		for side, i := range s {
			h := &now.Sources[i]
			h.StandsBy = !pair.Counts(standby.Side(side), h.Quality != seen.Stale)
		}
	}
}

// pair looks at the members that the target has in the clusters of a pair, at a decision.
func (r *recent) pair(now *seen.State, learned learn.State) learn.State {
	var pairs []standby.Pair
	for _, s := range sidesOf(now) {
		before := pairOf(learned.Memory.Pairs, now, s)
		next := before.Next(now.Now, r.lookAt(now, s), now.Clock.Scale(standby.Most))
		pairs = append(pairs, next)
		for side, i := range s {
			h := &now.Sources[i]
			stoodBy := h.StandsBy
			if h.StandsBy = !next.Counts(standby.Side(side), h.Quality != seen.Stale); stoodBy && !h.StandsBy {
				learned = learned.WithConsumersOf(&now.Sources[s[1-side]], h)
			}
			if h.StandsBy {
				r.sources[i].fewer, r.sources[i].missing, r.sources[i].idle = time.Time{}, time.Time{}, time.Time{}
			}
		}
	}
	learned.Memory.Pairs = pairs
	return learned
}

// lookAt is where the members of the target are, by side. Where nothing tells in which pods members run, all of a group are the target's,
// unless each of its pods has one in the other cluster.
func (r *recent) lookAt(now *seen.State, s twoSides) (looks [2]standby.Look) {
	for side, i := range s {
		h, m := &now.Sources[i], &r.sources[i].mapping
		l := &looks[side]
		l.Read = h.Quality != seen.Stale && (h.NoGroup() || h.Read != nil && h.Read.MembersKnown())
		l.Has = !h.NoGroup() && m.InPods > 0
		l.Whole = l.Has && m.By != seen.ByRatio && m.Ready > 0 && m.Bare == 0
	}
	for side, i := range s {
		if m := &r.sources[i].mapping; m.By == seen.ByRatio && m.Ready > 0 && m.Living > 0 && !now.Sources[i].NoGroup() {
			looks[side].Has = !looks[1-side].Whole
		}
	}
	return looks
}

// Failover is what a decision knows of two clusters while consumers move from one to the other.
type Failover struct {
	From  string    `json:"from"` // a cluster
	To    string    `json:"to"`
	Left  int32     `json:"left"`  // members of the target in From
	Moved int32     `json:"moved"` // and in To
	Until time.Time `json:"until"` // nothing is scaled down before this
}

// failover is one of two sources.
type failover struct {
	Failover
	sides twoSides
	holds bool // nothing is scaled down
}

// failovers are the pairs of which both clusters have members.
func failovers(now *seen.State, learned *learn.State, sources []sourceState) []failover {
	var list []failover
	most := now.Clock.Scale(standby.Most)
	for _, s := range sidesOf(now) {
		pair := pairOf(learned.Memory.Pairs, now, s)
		if pair.Both.IsZero() {
			continue
		}
		from, to := s[pair.Active], s[1-pair.Active]
		list = append(list, failover{Failover{
			From: now.Sources[from].Cluster, To: now.Sources[to].Cluster, Left: sources[from].mapping.Ours(), Moved: sources[to].mapping.Ours(),
			Until: pair.Both.Add(most),
		}, s, pair.MovesOver(now.Now, most)})
	}
	return list
}

// countBoth lets each cluster of a failover know the members that the target has in the other one.
func countBoth(sources []sourceState, list []failover) []sourceState {
	for _, f := range list {
		a, b := f.sides[0], f.sides[1]
		sources[a].members.Beside, sources[b].members.Beside = sources[b].mapping.Ours(), sources[a].mapping.Ours()
	}
	return sources
}

// mirrors follows the mirrors of all pairs, where the target is, or may go to, zero; ends are those of the sources.
func mirrors(now *seen.State, pairs []standby.Pair, look []asleep.Source) []standby.Pair {
	var next []standby.Pair
	for _, s := range sidesOf(now) {
		pair := pairOf(pairs, now, s)
		active, copied := s[pair.Active], s[1-pair.Active]
		pair.Mirror = pair.Mirror.Next(now.Now, endsOf(&look[active]), endsOf(&look[copied]), mirrorDelay(now, s))
		next = append(next, pair)
	}
	return next
}

func mirrorDelay(now *seen.State, s twoSides) time.Duration {
	return now.Clock.Scale(now.Sources[s[standby.Standby]].StandbyFor.Delay())
}

// endsOf is the sum of the log ends of a source.
func endsOf(s *asleep.Source) standby.Ends {
	sum, read := s.Ends()
	return standby.Ends{Sum: sum, Read: read}
}

// ownRecords are what producers have written to the copies that stand by, by source.
func ownRecords(now *seen.State, pairs []standby.Pair) []int64 {
	own := make([]int64, len(now.Sources))
	for _, s := range sidesOf(now) {
		pair := pairOf(pairs, now, s)
		if copied := s[1-pair.Active]; now.Sources[copied].StandsBy {
			own[copied] = pair.Mirror.Own(now.Now, mirrorDelay(now, s))
		}
	}
	return own
}
