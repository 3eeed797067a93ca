package messages

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// toldRebalance is a rebalance that was told.
type toldRebalance struct {
	Group
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

const (
	// reachesBack is how far a new leader looks back beyond the last Report that was told: another replica may have learned of a rebalance
	// later than its end, as after an outage of a broker. What was told of that time is kept, so that it is not told again.
	reachesBack = 10 * time.Minute
	// sameWithin is how far two replicas may differ on when a rebalance began and ended: a few samples.
	sameWithin = 5 * time.Second
	// mostRebalances are kept: 100 kB.
	mostRebalances = 1000
)

// note keeps what the next leader is not to tell again: what was told, and what was there before anything was.
func (t *Teller) note(events []rebalancemon.Event) {
	for i := range events {
		e := &events[i]
		t.told.Rebalances = append(t.told.Rebalances, toldRebalance{Group{e.Cluster, e.Group}, e.Start, e.End})
	}
}

// mark tells one rebalance of a group from another, also when the wall clock is set.
type mark struct {
	start      int64 // Unix nanoseconds
	generation int32
}

// rebalances tells those that ended, of groups in the order of their names.
//
//	this process has told one of the group          those after it
//	it has told none, another leader told some      those that ended since shortly before the last Report that was told, and are not among them
//	nothing was ever told                           none: it is not known what is new
func (t *Teller) rebalances(r *engine.Report) {
	first := t.told.At.IsZero()
	var scalers map[Group]*engine.ScalerReport // made when it is needed: usually no group had a rebalance
	for _, c := range r.Clusters {
		if slices.Contains(t.looked, c) {
			continue // this cluster was not read since: with many of them, a Report is mostly what the last one was
		}
		for i := range c.Groups {
			g := &c.Groups[i]
			fresh := t.fresh(Group{c.Name, g.Lag.Group}, g.Rebalances.Events)
			if first {
				t.note(fresh)
				continue
			}
			if len(fresh) == 0 {
				continue
			}
			t.note(fresh)
			if scalers == nil {
				scalers = byGroup(r)
			}
			for j := range fresh {
				t.rebalance(&fresh[j], g, scalers[Group{c.Name, g.Lag.Group}])
			}
		}
	}
	t.forgetClusters(r)
	old := r.At.Add(-reachesBack)
	t.told.Rebalances = slices.DeleteFunc(t.told.Rebalances, func(e toldRebalance) bool { return e.End.Before(old) })
	if over := len(t.told.Rebalances) - mostRebalances; over > 0 {
		t.told.Rebalances = t.told.Rebalances[over:]
	}
}

// forgetClusters drops what was seen of clusters that are not read any more. What was told of them is kept as long as usual.
func (t *Teller) forgetClusters(r *engine.Report) {
	if len(t.looked) != len(r.Clusters) || !slices.EqualFunc(t.looked, r.Clusters, func(a, b *engine.ClusterReport) bool { return a.Name == b.Name }) {
		maps.DeleteFunc(t.newest, func(g Group, _ mark) bool { _, reads := r.Cluster(g.Cluster); return !reads })
	}
	t.looked = r.Clusters
}

// fresh are the events of a group that were not told; events are sorted, the newest last.
func (t *Teller) fresh(g Group, kept rebalancemon.Events) []rebalancemon.Event {
	e := kept.Last()
	if e == nil {
		return nil
	}
	last, known := t.newest[g]
	newest := markOf(e)
	if known && newest == last {
		return nil
	}
	t.newest[g] = newest
	events := kept.All()
	if known {
		for i := len(events) - 1; i >= 0; i-- {
			if markOf(&events[i]) == last {
				return events[i+1:]
			}
		}
		return events // so many that the last one is not kept any more
	}
	var out []rebalancemon.Event
	told := t.toldOf(g)
	for i := range events {
		if e := &events[i]; e.End.After(t.told.At.Add(-reachesBack)) && !told.take(e) {
			out = append(out, *e)
		}
	}
	return out
}

func markOf(e *rebalancemon.Event) mark { return mark{e.Start.UnixNano(), e.Generation} }

// toldGroup are the rebalances of a group that a leader has told.
type toldGroup []toldRebalance

func (t *Teller) toldOf(g Group) (out toldGroup) {
	for _, r := range t.told.Rebalances {
		if r.Group == g {
			out = append(out, r)
		}
	}
	return out
}

// take reports whether a rebalance was told, and takes it out: the nearest of those that overlap with it, because two replicas see the same
// one begin and end a little earlier or later. One that was told stands for one, so that two that follow each other closely are both told.
func (l *toldGroup) take(e *rebalancemon.Event) bool {
	nearest, least := -1, time.Duration(0)
	for i, o := range *l {
		if e.Start.After(o.End.Add(sameWithin)) || o.Start.After(e.End.Add(sameWithin)) {
			continue
		}
		if apart := e.Start.Sub(o.Start).Abs() + e.End.Sub(o.End).Abs(); nearest < 0 || apart < least {
			nearest, least = i, apart
		}
	}
	if nearest < 0 {
		return false
	}
	*l = slices.Delete(*l, nearest, nearest+1)
	return true
}

func (t *Teller) rebalance(e *rebalancemon.Event, g *engine.GroupReport, s *engine.ScalerReport) {
	d := Data{Kind: Rebalance}
	if s != nil {
		d = data(Rebalance, s)
	}
	d.Groups, d.Owners = []Group{{e.Cluster, e.Group}}, g.Labels
	took, start := e.Duration(e.End), e.Start.UTC()
	seconds := took.Seconds()
	d.Reason, d.Outcome, d.Evidence, d.Start, d.Seconds = string(e.Cause), string(e.Outcome), e.Evidence, &start, &seconds
	d.Count, d.Joined, d.Left = e.Count, e.Joined, e.Left
	d.Line = fmt.Sprintf("group %s of %s: a rebalance of %s ended (%s)", e.Group, e.Cluster, number.Duration(took), e.Cause)
	if e.Count > 1 {
		d.Line = fmt.Sprintf("group %s of %s: %d rebalances within %s ended (%s)", e.Group, e.Cluster, e.Count, number.Duration(took), e.Cause)
	}
	if e.Evidence != "" {
		d.Line += ": " + e.Evidence
	}
	if e.Outcome != rebalancemon.Success {
		d.Line += "; outcome " + string(e.Outcome)
	}
	t.tell(e.End, d, start.Format(time.RFC3339Nano))
}

// byGroup are the scalers that name a group: the first by name, as for thresholds.
func byGroup(r *engine.Report) map[Group]*engine.ScalerReport {
	out := map[Group]*engine.ScalerReport{}
	for i := range r.Scalers {
		s := &r.Scalers[i]
		for _, src := range s.Sources {
			g := Group{src.Cluster, src.Group}
			if _, taken := out[g]; !taken && s.Applies() {
				out[g] = s
			}
		}
	}
	return out
}
