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
	owner   map[string]string // labels that say whose it is
	counted bool              // if it was dropped, that was counted for an earlier Report of the same poll
}

func (g *groupView) isStale() bool { return g.stale }

// stuckShown is how many stalled partitions of a group are named. One alert names them, and nobody reads more.
const stuckShown = 3

// eachStuck calls yield for the stalled partitions that are named.
func (g *groupView) eachStuck(yield func(s *lag.Stuck, topic, partition string)) {
	stuck := g.rates.Stuck(g.lag)
	for i := range stuck[:min(len(stuck), stuckShown)] {
		yield(&stuck[i], stuck[i].Topic, strconv.Itoa(int(stuck[i].Partition)))
	}
}

// late reports whether the group has a partition above its threshold, or needs attention.
func (g *groupView) late() bool {
	switch g.rates.Status {
	case lag.StatusWarning, lag.StatusStalled, lag.StatusStopped:
		return true
	default:
		return g.over > 0
	}
}

// worstPartition is the partition with the greatest lag that is known, the first one of equals. A lag of 0 is no worst one.
func (g *groupView) worstPartition() (topic, partition string, n int64, ok bool) {
	for _, t := range g.lag.Topics {
		if t.Orphaned {
			continue
		}
		for _, p := range t.Partitions {
			if l, known := p.Lag(); known && l > n {
				topic, partition, n, ok = strings.ToValidUTF8(t.Topic, "\uFFFD"), strconv.Itoa(int(p.Partition)), l, true
			}
		}
	}
	return topic, partition, n, ok
}

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
			cluster: c.Name, lag: g.Lag, sum: &g.Summary, rates: &g.Rates, stats: &g.Rebalances, slo: g.SLO, over: g.Over, owner: g.Labels,
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
