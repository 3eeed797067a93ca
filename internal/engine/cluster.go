package engine

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Source reads one Kafka cluster. Both methods may be called at the same time; neither fails as a whole:
// what could not be read is among the errors of what they return. The context carries the deadline.
type Source interface {
	Sample(ctx context.Context) lag.Sample
	Observe(ctx context.Context) lag.Observation
}

// TopicReader is a Source that can read topics that no group commits to. It may be called while Observe runs.
type TopicReader interface {
	ReadTopics(names lag.TopicNames)
}

// GroupReader is a Source that can look for groups that no broker lists. It may be called while Observe runs.
type GroupReader interface {
	ReadGroups(names lag.GroupNames)
}

// HeaderReader is a Source that can look at the headers of record batches, for partitions of which offsets do not tell whether
// records wait. It may be called while Observe runs.
type HeaderReader interface {
	Look(doubts iter.Seq[lag.Doubt])
}

// Cluster is a cluster to watch, and how often.
type Cluster struct {
	Name   string
	Source Source

	Interval       time.Duration // between two polls; 0: Options.Interval
	SampleInterval time.Duration // between two samples; 0: Options.SampleInterval, but not longer than between two polls. Negative: none
}

// cluster is everything that Run keeps of one cluster between polls.
type cluster struct {
	Cluster
	history lag.History
	monitor *rebalancemon.Monitor
	stats   PollStats
	errors  map[lag.Stage]uint64
	calls   map[string]int64
	slo     func(cluster, group string) lag.SLO
	labels  func(cluster, group string) map[string]string
	report  *ClusterReport // as published; replaced, never changed

	taking *taking   // a poll is taken in by its poller, which then has history and monitor; nil: Run has them
	queue  []reading // that came meanwhile
}

// own waits until Run has the history and the monitor: for some milliseconds, while a poll is taken in.
func (c *cluster) own() {
	if c.taking != nil {
		<-c.taking.ended
	}
}

func newCluster(c Cluster, slo func(cluster, group string) lag.SLO, labels func(cluster, group string) map[string]string) *cluster {
	return &cluster{
		Cluster: c,
		monitor: newMonitor(c.Name, slo),
		stats:   PollStats{Cluster: c.Name},
		errors:  map[lag.Stage]uint64{},
		calls:   map[string]int64{},
		slo:     slo,
		labels:  labels,
		report:  &ClusterReport{Name: c.Name, Snapshot: &lag.Snapshot{Cluster: c.Name}},
	}
}

func newMonitor(cluster string, slo func(cluster, group string) lag.SLO) *rebalancemon.Monitor {
	return rebalancemon.New(rebalancemon.Options{
		Cluster: cluster,
		Slow:    func(group string) time.Duration { return slo(cluster, group).RebalanceTime },
	})
}

// polls is the interval between two polls of a cluster.
func (e *Engine) polls(c *Cluster) time.Duration { return cmp.Or(c.Interval, e.opts.Interval) }

// samples is the interval between two samples of a cluster; ok is false if it is not sampled.
func (e *Engine) samples(c *Cluster) (interval time.Duration, ok bool) {
	if c.SampleInterval == 0 {
		return min(e.opts.SampleInterval, e.polls(c)), e.opts.SampleInterval > 0
	}
	return c.SampleInterval, c.SampleInterval > 0
}

// interval is the interval of a cluster that has one of its own; 0: it has that of the clock, or is not configured.
func (e *Engine) interval(cluster string) (own time.Duration, known bool) {
	c, known := e.clusters[cluster]
	if !known {
		return 0, false
	}
	return c.Interval, true
}

// sampled takes in a sample of the group states and returns the rebalances that it completed.
func (c *cluster) sampled(s lag.Sample, hints []rebalancemon.Hint, took time.Duration) []rebalancemon.Event {
	c.stats.Samples++
	c.stats.SampleTook = took
	c.stats.States = !slices.ContainsFunc(s.Errors, func(e lag.ReadError) bool { return e.Code == lag.UnsupportedVersion })
	c.countErrors(s.Errors)
	events := c.monitor.Sample(s, hints)
	if len(events) > 0 {
		next := *c.report
		next.Groups = slices.Clone(next.Groups)
		for i := range next.Groups {
			next.Groups[i].Rebalances = c.rebalances(next.Groups[i].Lag.Group)
		}
		c.report = &next
	}
	return events
}

// doubts are those about all groups, found only when a source asks for them.
func doubts(rates []lag.Rates) iter.Seq[lag.Doubt] {
	return func(yield func(lag.Doubt) bool) {
		for i := range rates {
			for d := range rates[i].Doubts() {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// rebalances is what is known of a group's rebalances as of the latest observation.
func (c *cluster) rebalances(group string) rebalancemon.Stats {
	if stats, ok := c.monitor.Stats(group); ok {
		return stats
	}
	return rebalancemon.Stats{Group: group}
}

func (c *cluster) countPoll(o lag.Observation) {
	c.stats.Polls++
	c.stats.use(&o)
	c.stats.LastBegan, c.stats.LastTook = o.Began, o.At.Sub(o.Began)
	c.stats.Duplicates += uint64(o.Duplicates)
	c.stats.Foreign = len(o.Foreign)
	if answered(o) {
		c.stats.LastSuccess = o.At
	}
	c.countErrors(o.Errors)
	for _, r := range o.Requests {
		c.calls[r.API] += r.Count
	}
}

// answered reports whether at least one broker listed its groups. A source remembers brokers, so their presence alone is no answer.
func answered(o lag.Observation) bool {
	return slices.ContainsFunc(o.Brokers, func(b lag.Broker) bool {
		return !slices.ContainsFunc(o.Errors, func(e lag.ReadError) bool { return e.Stage == lag.StageList && e.Broker == b.ID })
	})
}

func (c *cluster) countErrors(errs []lag.ReadError) {
	for _, e := range errs {
		c.errors[e.Stage]++
	}
}

// polled is the cluster's counters, in slices that are not changed afterwards.
func (c *cluster) polled() PollStats {
	p := c.stats
	for stage, n := range c.errors {
		p.Errors = append(p.Errors, StageErrors{Stage: stage, Count: n})
	}
	slices.SortFunc(p.Errors, func(a, b StageErrors) int { return strings.Compare(string(a.Stage), string(b.Stage)) })
	for api, n := range c.calls {
		p.Requests = append(p.Requests, lag.RequestCount{API: api, Count: n})
	}
	slices.SortFunc(p.Requests, func(a, b lag.RequestCount) int { return strings.Compare(a.API, b.API) })
	return p
}

// source joins what a scaler says of a group with what the last poll says of it. remembered are the topics whose ends count
// while the target is, or may go to, zero; nil where it may not.
func (e *Engine) source(spec seen.SourceSpec, remembered func(topic string) bool) seen.Source {
	src := seen.Source{SourceSpec: spec}
	c, ok := e.clusters[spec.Cluster]
	if !ok {
		return src
	}
	c.own()
	src.ClusterID, src.Interval = c.report.Snapshot.ClusterID, c.Interval
	if remembered != nil {
		src.Ends, src.Absent = c.ends(spec, remembered)
	}
	if g, ok := c.report.Snapshot.Group(spec.Group); ok {
		src.Lag = g
	}
	src.Bound(e.measured(spec).TimeLag)
	if g, ok := c.report.Group(spec.Group); ok {
		src.Judged, src.Late, src.JudgedWithin = g.Rates.JudgedTotal, g.Rates.LateTotal, e.slo(spec.Cluster, spec.Group).JudgedWithin()
	}
	src.Times = c.times(src.Lag, spec.Wants())
	if stats, ok := c.monitor.Stats(spec.Group); ok {
		src.Rebalance = seen.RebalanceOf(stats)
	}
	for _, name := range spec.Topics {
		if _, missing := slices.BinarySearch(c.report.Snapshot.Absent, name); missing {
			src.Missing = append(src.Missing, name)
		}
	}
	slices.Sort(src.Missing)
	for _, err := range c.report.Snapshot.Errors {
		if err.Broker >= 0 && !slices.Contains(src.Silent, err.Broker) {
			src.Silent = append(src.Silent, err.Broker)
		}
	}
	slices.Sort(src.Silent)
	return src
}

// times are what is known of the times in the records of a group's topics, sorted.
func (c *cluster) times(g *lag.GroupLag, wants func(topic string) bool) []lag.RecordTimes {
	if g == nil {
		return nil
	}
	var all []lag.RecordTimes
	for i := range g.Topics {
		topic := g.Topics[i].Topic
		if r, ok := c.history.RecordTimes(topic); ok && (wants == nil || wants(topic)) {
			all = append(all, r)
		}
	}
	return all
}

// measured is a source as readers see it.
func (e *Engine) measured(spec seen.SourceSpec) lag.Measurement {
	if c, ok := e.clusters[spec.Cluster]; ok {
		if g, ok := c.report.Group(spec.Group); ok {
			return g.Measure(spec.Wants())
		}
	}
	return lag.Measurement{}
}

// ends are the topics that a source names or that are remembered, as the last poll read them, and those that are not there.
func (c *cluster) ends(spec seen.SourceSpec, remembered func(topic string) bool) (ends []lag.TopicRead, absent []string) {
	wants := spec.Wants()
	group, _ := c.report.Snapshot.Group(spec.Group)
	for _, t := range c.report.Snapshot.Topics {
		if wants != nil && wants(t.Name) || wants == nil && (remembered(t.Name) || consumes(group, t.Name)) {
			ends = append(ends, t)
		}
	}
	for _, name := range c.report.Snapshot.Absent {
		if slices.Contains(spec.Topics, name) || remembered(name) {
			absent = append(absent, name)
		}
	}
	return ends, absent
}

func consumes(g *lag.GroupLag, topic string) bool {
	return g != nil && slices.ContainsFunc(g.Topics, func(t lag.TopicLag) bool { return t.Topic == topic })
}
