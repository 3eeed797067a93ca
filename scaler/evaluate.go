package scaler

import (
	"slices"
	"time"
)

// Evaluate decides how many replicas the target should have. It is called at every poll and decides at every third;
// in between it returns the standing decision, unless arrivals outgrow what runs: the fast lane. It is pure: the same
// Input gives the same Decision and Memory, and the Input's Memory is left as it was.
func Evaluate(in Input) (Decision, Memory) {
	e := begin(in)
	e.observe()
	first := e.work.standing.At.IsZero()
	switch {
	case first || e.clk.due(in.Now, e.work.standing.At, e.clk.Decide):
		e.stand(e.decide())
	case e.overrun():
		e.hurry = true
		if d, views := e.decide(); d.Desired > d.Current && (d.Verdict == ScaleUp || d.Verdict == Activate) {
			e.stand(d, views)
		}
	}
	e.record()
	e.memory.work = &e.work
	return e.work.standing, e.memory
}

// evaluation is one call of Evaluate.
type evaluation struct {
	in     *Input
	clk    Clock
	memory Memory
	work   work
	fresh  []fresh // by source
	hurry  bool    // between two decisions
}

// begin copies what will change.
func begin(in Input) *evaluation {
	e := &evaluation{in: &in, clk: in.Clock.filled(), memory: in.Memory, fresh: make([]fresh, len(in.Sources))}
	e.memory.Version = MemoryVersion
	if in.Memory.work != nil {
		e.work = *in.Memory.work
	}
	old := e.work.sources
	e.work.sources = make([]watch, len(in.Sources))
	for i := range in.Sources {
		s := &in.Sources[i]
		e.work.sources[i] = watch{cluster: s.Cluster, group: s.Group}
		for k := range old {
			if old[k].cluster == s.Cluster && old[k].group == s.Group {
				e.work.sources[i] = old[k]
			}
		}
	}
	return e
}

func (e *evaluation) observe() {
	e.work.target.observe(e.in, &e.memory, e.clk)
	for i := range e.in.Sources {
		e.fresh[i] = e.work.sources[i].observe(e.in, &e.in.Sources[i], e.clk)
	}
	e.rollSeasons()
}

// overrun reports whether more arrives than nine tenths of what the replicas can do, 20 s after the last write.
func (e *evaluation) overrun() bool {
	if !e.clk.due(e.in.Now, e.in.Workload.LastWrite.At, e.clk.of(hurryAfter)) {
		return false
	}
	for i := range e.work.sources {
		w := &e.work.sources[i]
		if w.window.len() == 0 || !w.window.tip().rated {
			continue
		}
		k, ok := e.memory.find(w.cluster, w.group)
		if !ok {
			continue
		}
		per, from := e.memory.Sources[k].capacity()
		able := 0.9 * float64(w.crew.consumers(e.in.Workload.Spec)) * per
		if tip := w.window.tip(); from.known() && max(tip.rate, tip.jump) > able {
			return true
		}
	}
	return false
}

// decide evaluates every source, takes the greatest need, and applies the limits.
func (e *evaluation) decide() (Decision, []view) {
	e.remember()
	views := make([]view, len(e.in.Sources))
	for i := range views {
		views[i] = e.view(i)
		views[i].judge()
	}
	return combine(e.in, views), views
}

// stand makes a decision the one that stands until the next.
func (e *evaluation) stand(d Decision, views []view) {
	e.work.hold(&d, views, e.clk)
	e.work.standing = d
}

// remember makes room for every source in a Memory of our own.
func (e *evaluation) remember() {
	list := slices.Clone(e.memory.Sources)
	for i := range e.in.Sources {
		s := &e.in.Sources[i]
		if k, ok := findSource(list, s.Cluster, s.Group); !ok {
			list = slices.Insert(list, k, SourceMemory{Cluster: s.Cluster, Group: s.Group})
		}
	}
	e.memory.Sources = list
}

func (m *Memory) find(cluster, group string) (int, bool) {
	return findSource(m.Sources, cluster, group)
}

func findSource(list []SourceMemory, cluster, group string) (int, bool) {
	return slices.BinarySearchFunc(list, SourceMemory{Cluster: cluster, Group: group}, compareSources)
}

// view measures a source, learns from it, and gathers what the rules look at.
func (e *evaluation) view(i int) view {
	src, w := &e.in.Sources[i], &e.work.sources[i]
	k, _ := e.memory.find(src.Cluster, src.Group)
	mem := &e.memory.Sources[k]
	mem.declare(src.SourceSpec)
	mem.pauses(w, src.Rebalance)
	if w.lag != nil {
		w.crew = crewOf(w.lag, e.in.Workload.Pods)
		e.work.target.joinedAll(e.in, &e.memory, e.clk, w.crew)
	}
	if w.took {
		w.settle(mem, e.clk)
	}
	g := &gauge{in: e.in, src: src, w: w, mem: mem, clk: e.clk}
	g.need.PerConsumer, _ = mem.capacity()
	if e.fresh[i] == complete && !e.hurry {
		if l, ok := g.study(); ok {
			mem.learn(&w.learned, l, e.in.Now, e.clk)
			g.probe(l)
		}
	}
	g.measure(e.memory.horizon(mem, e.clk))
	g.forecast()
	g.require()
	g.count()
	g.need.Downstream = mem.Downstream
	return e.look(g, e.fresh[i])
}

// look gathers the facts about a source and the target that the rules are about.
func (e *evaluation) look(g *gauge, f fresh) view {
	wl, w := &e.in.Workload, g.w
	v := view{
		now: e.in.Now, clk: e.clk, policy: &e.in.Policy, target: wl, src: g.src, need: g.need, fresh: f, hurry: e.hurry,
		n: wl.Spec, crew: w.crew, useful: w.crew.replicas(g.need.Useful),
		up: w.crew.replicas(g.need.Up), byRate: w.crew.replicas(g.need.ByRate), down: w.crew.replicas(g.need.Down),
		high: g.high(), frozen: g.frozen(), pause: g.mem.pause(e.clk),
		fights: e.work.target.fights(e.in, e.clk), downs: int32(len(e.memory.Downs)),
		outage: w.outage, from: w.from,
	}
	if len(e.memory.Downs) > 0 {
		v.oldestDown = e.memory.Downs[0]
	}
	if n := len(e.work.target.foreign); n > 0 {
		v.foreign = e.work.target.foreign[n-1]
	}
	if g.need.Useful == 0 || w.crew.foreign >= g.need.Useful {
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
