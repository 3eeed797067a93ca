package scaler

import (
	"slices"
	"time"
)

// Evaluate decides how many replicas the target should have. It is called at every poll and decides at every third;
// in between it returns the standing decision, unless arrivals outgrow what runs: the fast lane. It is pure: the same
// Input gives the same Decision and Memory, and the Input's Memory is left as it was.
func Evaluate(in Input) (Decision, Memory) {
	e := begin(&in)
	e.observe(&in)
	switch {
	case e.work.standing == nil || e.clk.due(in.Now, e.work.standing.At, e.clk.Decide):
		e.decide(&in, false)
	case e.overrun(&in):
		e.decide(&in, true)
	}
	e.record(&in)
	e.memory.work = e.work
	return *e.work.standing, e.memory
}

// evaluation is one call of Evaluate. Two of three calls only remember, and they are many in a simulation: so it lives
// on the stack, and Input is not kept by it.
type evaluation struct {
	clk    Clock
	memory Memory
	work   *work
}

// begin copies what will change.
func begin(in *Input) evaluation {
	e := evaluation{clk: in.Clock.filled(), memory: in.Memory, work: &work{}}
	e.memory.Version = MemoryVersion
	if in.Memory.work != nil {
		*e.work = *in.Memory.work
	}
	old := e.work.sources
	e.work.sources = make([]watch, len(in.Sources))
	for i := range in.Sources {
		s, w := &in.Sources[i], &e.work.sources[i]
		k := slices.IndexFunc(old, func(w watch) bool { return w.cluster == s.Cluster && w.group == s.Group })
		if k >= 0 {
			*w = old[k]
		} else {
			w.cluster, w.group = s.Cluster, s.Group
		}
	}
	return e
}

func (e *evaluation) observe(in *Input) {
	e.work.target.observe(in, &e.memory, e.clk)
	for i := range in.Sources {
		e.work.sources[i].observe(in, &in.Sources[i], e.clk)
	}
	e.rollSeasons(in)
}

// overrun reports whether more arrives than nine tenths of what the replicas can do, 20 s after the last write.
func (e *evaluation) overrun(in *Input) bool {
	if !e.clk.due(in.Now, in.Workload.LastWrite.At, e.clk.of(hurryAfter)) {
		return false
	}
	for i := range e.work.sources {
		w := &e.work.sources[i]
		if w.window.len() == 0 || !w.window.tip().rated {
			continue
		}
		k, ok := findSource(e.memory.Sources, w.cluster, w.group)
		if !ok {
			continue
		}
		per, from := e.memory.Sources[k].capacity()
		able := 0.9 * float64(w.crew.consumers(in.Workload.Spec)) * per
		if tip := w.window.tip(); from.known() && max(tip.rate, tip.jumped(e.memory.Sources[k].BrokenJumps)) > able {
			return true
		}
	}
	return false
}

// decide evaluates every source, takes the greatest need, and applies the limits. In a hurry, between two decisions,
// only an answer that goes up counts.
func (e *evaluation) decide(poll *Input, hurry bool) {
	in := *poll // what is decided from is kept until it is decided; polls that decide nothing are spared the copy
	e.remember(&in)
	views := make([]view, len(in.Sources))
	for i := range views {
		views[i] = e.view(&in, i, hurry)
		views[i].judge()
	}
	d := combine(&in, views)
	if hurry && (d.Desired <= d.Current || d.Verdict != ScaleUp && d.Verdict != Activate) {
		return
	}
	e.work.hold(&d, views, e.clk)
	e.work.standing = &d
}

// remember makes room for every source in a Memory of our own.
func (e *evaluation) remember(in *Input) {
	list := slices.Clone(e.memory.Sources)
	for i := range in.Sources {
		s := &in.Sources[i]
		if k, ok := findSource(list, s.Cluster, s.Group); !ok {
			list = slices.Insert(list, k, SourceMemory{Cluster: s.Cluster, Group: s.Group})
		}
	}
	e.memory.Sources = list
}

func findSource(list []SourceMemory, cluster, group string) (int, bool) {
	return slices.BinarySearchFunc(list, SourceMemory{Cluster: cluster, Group: group}, compareSources)
}

// view measures a source, learns from it, and gathers what the rules look at.
func (e *evaluation) view(in *Input, i int, hurry bool) view {
	src, w := &in.Sources[i], &e.work.sources[i]
	k, _ := findSource(e.memory.Sources, src.Cluster, src.Group)
	mem := &e.memory.Sources[k]
	mem.declare(src.SourceSpec)
	mem.pauses(w, src.Rebalance)
	if w.lag != nil {
		w.crew = crewOf(w.lag, in.Workload.Pods)
		e.work.target.joinedAll(in, &e.memory, e.clk, w.crew)
	}
	if w.took {
		w.settle(mem, e.clk)
	}
	g := &gauge{in: in, src: src, w: w, mem: mem, clk: e.clk}
	g.need.PerConsumer, _ = mem.capacity()
	if w.fresh == complete && !hurry {
		if l, ok := g.study(); ok {
			mem.learn(&w.learned, l, in.Now, e.clk)
			g.probe(l)
		}
	}
	g.measure(e.memory.horizon(mem, e.clk))
	g.forecast()
	g.require()
	g.count()
	g.need.Downstream = mem.Downstream
	v := e.look(g)
	v.hurry = hurry
	return v
}

// look gathers the facts about a source and the target that the rules are about.
func (e *evaluation) look(g *gauge) view {
	wl, w := &g.in.Workload, g.w
	v := view{
		now: g.in.Now, clk: e.clk, policy: &g.in.Policy, target: wl, src: g.src, need: &g.need, fresh: w.fresh,
		n: wl.Spec, crew: w.crew, useful: w.crew.replicas(g.need.Useful),
		up: w.crew.replicas(g.need.Up), byRate: w.crew.replicas(g.need.ByRate), down: w.crew.replicas(g.need.Down),
		high: g.high(), frozen: g.frozen(), pause: g.mem.pause(e.clk),
		fights: e.work.target.fights(e.clk), downs: int32(len(e.memory.Downs)),
		outage: w.outage, from: w.from,
	}
	if len(e.memory.Downs) > 0 {
		v.oldestDown = e.memory.Downs[0]
	}
	if n := len(e.work.target.foreign); n > 0 {
		v.foreign = e.work.target.foreign[n-1]
	}
	if w.crew.foreign >= g.need.Useful { // no limit known, or members elsewhere could have every partition
		v.useful = 0
	}
	if v.n > 0 { // the way to zero is a rule of its own
		v.up, v.byRate, v.down = max(1, v.up), max(1, v.byRate), max(1, v.down)
	}
	expected := wl.Ready * w.crew.perReplica
	v.settled = wl.Spec == wl.Ready && wl.Spec == wl.Status && w.crew.joined >= expected &&
		!g.src.Rebalance.Active && v.wrote(settleAfter)
	w.missing = held(w.missing, w.crew.joined < expected, v.now)
	w.fewer = held(w.fewer, g.need.RateKnown && v.down < v.n && v.up < v.n, v.now)
	w.idle = held(w.idle, g.idle(), v.now)
	v.missing, v.below, v.idle = w.missing, w.fewer, w.idle
	return v
}

// held is since when a condition has held; zero when it does not.
func held(since time.Time, holds bool, now time.Time) time.Time {
	switch {
	case !holds:
		return time.Time{}
	case since.IsZero():
		return now
	}
	return since
}
