package engine

import (
	"context"
	"maps"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/parallel"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// taking is one poll that is taken in: snapshot, history, rebalances, and the report of the cluster. That takes most of the time that
// a poll costs beside reading, and concerns one cluster alone. So its poller does it, and Run only decides:
//
//	poller      Observe ── obs ──┐          ┌── run, 10 ms of CPU ──┐
//	Run                          └─> take ──┘   other clusters      └─> took, decide, publish
//
// From take until run has ended, the poller has the history and the monitor of the cluster; whatever of the same cluster comes meanwhile
// is queued. Everything else that run reads does not change.
type taking struct {
	cluster  *cluster
	of       Cluster
	before   *ClusterReport
	o        lag.Observation
	hints    []rebalancemon.Hint
	declared *lag.Declared
	panics   *panics
	ended    chan struct{} // closed by run

	report *ClusterReport
	events []rebalancemon.Event // the rebalances that it completed
}

// take prepares a poll of a cluster that nobody takes in at present.
func (e *Engine) take(name string, o lag.Observation) *taking {
	c := e.clusters[name]
	e.resume(time.Now())
	o = e.identified(name, o)
	e.scaling.teach(name, &c.history)
	declared := e.scaling.declared
	return &taking{
		cluster: c, of: c.Cluster, before: c.report, o: o, panics: e.panics, ended: make(chan struct{}),
		hints: declared.hints[name], declared: declared.of(name, maps.Clone(e.scaling.left[name])),
	}
}

// run takes the poll in. When that panics, the cluster counts as not read.
func (t *taking) run() {
	defer close(t.ended)
	err := t.panics.catch(PartCompute, t.of.Name, t.compute)
	if err == nil {
		return
	}
	t.o = failed(t.of.Name, t.o.Began, t.o.At, err)
	if t.panics.catch(PartCompute, t.of.Name, t.compute) != nil {
		t.forget()
		t.report, t.events = t.before, nil
	}
}

func (t *taking) compute() {
	c := t.cluster
	if was := t.before.Snapshot.ClusterID; was != "" && t.o.ClusterID != "" && was != t.o.ClusterID {
		t.forget() // another cluster took its place, with the operator's consent
	}
	prev, name := t.before.Snapshot, t.of.Name
	s := t.declared.Take(&t.o, prev)
	t.o.Groups = nil // nobody reads them again
	slo := func(group string) lag.SLO { return c.slo(name, group) }
	var rates []lag.Rates // the history and the monitor share nothing but the snapshot, which does not change
	parallel.Do(func() { rates = c.history.Add(s, slo) }, func() { t.events = c.monitor.Snapshot(s, t.hints) })
	next := &ClusterReport{
		Name: name, Snapshot: s, Groups: make([]GroupReport, len(s.Groups)),
		LeaderChanges: t.before.LeaderChanges + lag.LeaderChanges(prev, s),
	}
	for i := range s.Groups {
		g, slo := &s.Groups[i], slo(s.Groups[i].Group)
		next.Groups[i] = GroupReport{
			Lag: g, Summary: g.Summary(), Rates: rates[i], Rebalances: c.rebalances(g.Group), SLO: slo, Over: g.Over(slo.Lag),
			Labels: c.labels(name, g.Group),
		}
	}
	t.report = next
	if r, ok := t.of.Source.(HeaderReader); ok {
		r.Look(doubts(rates))
	}
}

// forget replaces everything that is known of the cluster by why it could not be read, because it is another cluster now, or because
// what was known makes the program fail. Counters of the groups begin anew.
func (t *taking) forget() {
	t.cluster.history = lag.History{}
	t.cluster.monitor = newMonitor(t.of.Name, t.cluster.slo)
	t.before = &ClusterReport{
		Name: t.of.Name, Snapshot: &lag.Snapshot{Cluster: t.of.Name, Began: t.o.Began, At: t.o.At, Errors: t.o.Errors},
		LeaderChanges: t.before.LeaderChanges,
	}
}

// took makes what was made of a poll the present state of its cluster.
func (e *Engine) took(t *taking) {
	t.cluster.countPoll(t.o)
	t.cluster.report = t.report
	e.logRebalances(t.events)
	e.scaling.left.read(t.report.Snapshot)
}

// begin gives a poll back to its poller, to be taken in. A poll of a cluster that is not read any more is dropped.
func (e *Engine) begin(ctx context.Context, r reading, now time.Time) {
	c, ok := e.clusters[r.cluster]
	if !ok || c.Source != r.source {
		close(r.back)
		return
	}
	if c.taking != nil {
		c.queue = append(c.queue, r)
		return
	}
	e.declare(now)
	e.scaling.load(ctx, now)
	c.taking = e.take(r.cluster, *r.obs)
	*r.obs = lag.Observation{} // the poller has it, too: see taking.compute
	r.back <- c.taking
}

// finish goes on with a poll that its poller has taken in, and with what came meanwhile.
func (e *Engine) finish(ctx context.Context, t *taking, now time.Time) {
	c := t.cluster
	queue := c.queue
	c.taking, c.queue = nil, nil
	if e.clusters[t.of.Name] == c {
		e.took(t)
		e.decided(ctx, c, now)
	}
	for i := range queue {
		if queue[i].obs != nil {
			e.begin(ctx, queue[i], now)
			continue
		}
		e.handle(ctx, queue[i], now)
	}
}

// takeRest takes in the polls that were with their pollers when Run ended. All pollers have ended; what was queued is dropped.
func (e *Engine) takeRest() {
	for _, c := range e.clusters {
		if c.taking != nil {
			e.took(c.taking)
			c.taking, c.queue = nil, nil
		}
	}
}

// decided decides what a poll of a cluster makes due, and publishes.
func (e *Engine) decided(ctx context.Context, c *cluster, now time.Time) {
	e.scaling.decide(ctx, now, e.share(&c.Cluster), func(polled string) bool { return polled == c.Name })
	e.publish(now)
}
