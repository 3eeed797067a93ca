package metrics

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// labels are what series of one thing have in common.
type labels []*dto.LabelPair

func (l labels) pairs() []*dto.LabelPair { return l }
func (l labels) isStale() bool           { return false }

// newLabels builds labels from names and values in turn. Kafka does not promise UTF-8, Prometheus demands it.
func newLabels(namesAndValues ...string) labels {
	l := make(labels, 0, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		l = append(l, pair(namesAndValues[i], strings.ToValidUTF8(namesAndValues[i+1], "\uFFFD")))
	}
	return l
}

// with are the labels and one more.
func (l labels) with(label, value string) labels {
	return append(slices.Clip(l), newLabels(label, value)...)
}

// groupView is one group of a Report.
type groupView struct {
	labels
	cluster string
	lag     *lag.GroupLag
	sum     *lag.Summary
	rates   *lag.Rates
	stats   *rebalancemon.Stats
	slo     lag.SLO
	over    int // partitions whose lag exceeds slo.Lag
	at      time.Time
	stale   bool
	counted bool // if it was dropped, that was counted for an earlier Report of the same poll
}

func (g *groupView) isStale() bool { return g.stale }

// membersKnown reports whether the members are known. They are not if the group was rebalancing, or could not be described,
// at every poll since it was first seen.
func (g *groupView) membersKnown() bool { return g.lag.Described || len(g.lag.Members) > 0 }

// key identifies a group among the groups of all clusters.
func (g *groupView) key() key { return key{g.cluster, g.lag.Group} }

type key struct{ cluster, group string }

// groupViews are the groups of a cluster, in their order.
func groupViews(r *engine.Report, c *engine.ClusterReport) []*groupView {
	views := make([]*groupView, len(c.Groups))
	for i := range c.Groups {
		g := &c.Groups[i]
		views[i] = &groupView{
			labels:  newLabels("kafka_cluster", c.Name, "group", g.Lag.Group),
			cluster: c.Name, lag: g.Lag, sum: &g.Summary, rates: &g.Rates, stats: &g.Rebalances, slo: g.SLO.Or(lag.DefaultSLO), over: g.Over,
			at: r.At, stale: g.Lag.ReadAt.IsZero() || g.Lag.Stale(),
		}
	}
	return views
}

// topicView is a group's part of one topic.
type topicView struct {
	labels
	stale bool
	total int64
	known int
}

func (t *topicView) isStale() bool { return t.stale }

// partitionView is a group's part of one partition.
type partitionView struct {
	labels
	stale bool
	p     lag.PartitionLag
}

func (p *partitionView) isStale() bool { return p.stale }

// topicViews are the topics in the group's lag.
func (g *groupView) topicViews() []*topicView {
	var views []*topicView
	for _, t := range g.lag.Topics {
		if t.Orphaned {
			continue
		}
		v := &topicView{labels: g.with("topic", t.Topic), stale: g.stale}
		for _, p := range t.Partitions {
			if n, ok := p.Lag(); ok {
				v.total += n
				v.known++
			}
		}
		views = append(views, v)
	}
	return views
}

// partitionViews are the partitions that the filter selects, in their order.
func (g *groupView) partitionViews(f *Filter) []*partitionView {
	least := leastLag(g, f)
	var views []*partitionView
	for _, t := range g.lag.Topics {
		if t.Orphaned {
			continue
		}
		topic := g.with("topic", t.Topic)
		for _, p := range t.Partitions {
			n, ok := p.Lag()
			if (ok && n >= least) || least < 0 {
				views = append(views, &partitionView{labels: topic.with("partition", strconv.Itoa(int(p.Partition))), stale: g.stale, p: p})
			}
		}
	}
	if f.Top > 0 && len(views) > f.Top {
		views = topLag(views, f.Top)
	}
	return views
}

// leastLag is the lag that a partition needs to be exposed. At -1 all are, also those with unknown lag.
func leastLag(g *groupView, f *Filter) int64 {
	if f.OverThreshold {
		return g.slo.Lag + 1
	}
	return -1
}

// topLag keeps the n partitions with the greatest lag, in their order. Of equals it keeps the first.
func topLag(views []*partitionView, n int) []*partitionView {
	ranked := make([]int, len(views))
	for i := range ranked {
		ranked[i] = i
	}
	lagOf := func(i int) int64 {
		n, ok := views[i].p.Lag()
		if !ok {
			return -1
		}
		return n
	}
	slices.SortStableFunc(ranked, func(a, b int) int { return cmp.Compare(lagOf(b), lagOf(a)) })
	ranked = ranked[:n]
	slices.Sort(ranked)
	top := make([]*partitionView, n)
	for i, r := range ranked {
		top[i] = views[r]
	}
	return top
}
