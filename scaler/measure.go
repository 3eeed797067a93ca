package scaler

import "time"

// load is one partition's part of a source's demand. Rates are records/s.
type load struct {
	arriving, committing float64
	share                float64 // of all arrivals, over the share window
	jump                 float64 // arriving after a jump, if there is one; 0: there is none
	lag                  float64 // records beyond the residual lag
	base                 float64 // to keep up, with headroom
	need                 float64 // base and its part of the drain
	down                 float64 // to keep up with the greatest rate of the window
	owner                int32
	known                bool // answered this poll
	stalled              bool
}

// gauge measures one source at a decision.
type gauge struct {
	in    *Input
	src   *Source
	w     *watch
	mem   *SourceMemory
	clk   Clock
	loads []load
	fit   fitting
	need  Need
	moved bool // some position moved within the stall window
}

// measure fills in everything about the source that is seen rather than computed.
func (g *gauge) measure(horizon time.Duration) {
	n := &g.need
	*n = Need{
		Cluster: g.src.Cluster, Group: g.src.Group, Silent: g.src.Silent, Capacity: NotKnown, ForecastBy: FromRate,
		Horizon: horizon.Seconds(), Utilization: g.in.Policy.Utilization, DownUtilization: g.in.Policy.DownUtilization,
		DrainSeconds: g.in.Policy.DrainTime.Seconds(), WindowSeconds: g.clk.of(g.in.Policy.StabilizationWindow).Seconds(),
		Useful: g.w.useful,
	}
	n.PerConsumer, n.Capacity = g.mem.capacity()
	if g.w.window.len() == 0 {
		return
	}
	tip := g.w.window.tip()
	n.Rate, n.Consumed, n.RateKnown = tip.rate, tip.consumed, tip.rated
	n.Members, n.Assignor = tip.members, g.w.lag.Assignor
	n.AgeSeconds = max(0, g.in.Now.Sub(time.Unix(0, tip.at)).Seconds())
	n.Partitions = int32(g.w.window.shape.columns)
	g.fit = fitting{deal: dealingOf(g.w.lag), shape: g.w.window.shape, useful: g.w.useful, per: n.PerConsumer}
	if g.fit.useful == 0 && g.fit.deal != shared { // no complete poll yet: the partitions that are listed
		g.fit.useful = usefulPartitions(g.w.lag, g.w.window.shape)
	}
	g.loads = make([]load, n.Partitions)
	g.weigh()
	g.lags()
	g.stalls()
	g.ages()
}

// weigh measures what arrives at each partition, now and as a share.
func (g *gauge) weigh() {
	w := &g.w.window
	now, long := w.before(g.clk.of(rateWindow), g.clk.Poll/2), w.before(g.clk.of(shareWindow), g.clk.Poll/2)
	total := 0.0
	for c := range g.loads {
		l := &g.loads[c]
		l.arriving, l.committing, l.known = w.rates(now, c)
		if share, _, ok := w.rates(long, c); ok {
			l.share = share
			total += share
		}
	}
	for c := range g.loads {
		if total > 0 {
			g.loads[c].share /= total
		} else {
			g.loads[c].share = 1 / float64(len(g.loads))
		}
	}
}

func (g *gauge) lags() {
	cells := g.w.window.cells(g.w.window.len() - 1)
	for c := range cells {
		l := &g.loads[c]
		l.owner = cells[c].owner
		if cells[c].known&knowsEnd == 0 {
			g.need.Unanswered++
		}
		if cells[c].known != knowsBoth {
			continue
		}
		l.lag = max(0, float64(cells[c].end-cells[c].pos-int64(g.w.floor(g.mem, c))))
		g.need.LagKnown = true
		g.need.Lag += int64(l.lag)
		g.need.MaxLag = max(g.need.MaxLag, int64(l.lag))
	}
}

// stalls marks partitions with lag whose position stood still for the stall window though a member holds them and had
// time to commit since the last rebalance. Longer commit intervals and processing times make the window longer.
func (g *gauge) stalls() {
	w := &g.w.window
	slow := max(3*g.src.CommitInterval, 10*g.src.ProcessingTime)
	after, quiet := max(g.clk.of(stallWindow), slow), max(g.clk.of(quietBefore), slow)
	if r := &g.src.Rebalance; r.Active || g.in.Now.Sub(r.LastEnd) < quiet {
		return
	}
	i := w.before(after, g.clk.Poll/2)
	if w.tip().at-w.row(i).at < int64(after-g.clk.Poll/2) {
		return
	}
	was := w.cells(i)
	now := w.cells(w.len() - 1)
	for c := range g.loads {
		l := &g.loads[c]
		g.moved = g.moved || now[c].pos != was[c].pos
		if now[c].known&was[c].known != knowsBoth || l.lag == 0 || l.owner < 0 {
			continue
		}
		l.stalled = was[c].end-was[c].pos > int64(g.w.floor(g.mem, c)) && was[c].pos == now[c].pos
		if l.stalled {
			g.need.Stalled = append(g.need.Stalled, g.partition(c))
		}
	}
}

// frozen reports whether nothing at all moved within the stall window though there is lag.
func (g *gauge) frozen() bool { return len(g.need.Stalled) > 0 && !g.moved }

// idle reports whether nothing waits and nothing arrives, as far as every partition tells.
func (g *gauge) idle() bool {
	if !g.need.RateKnown || g.need.Unanswered > 0 || g.need.Rate > 0 || g.need.Lag > 0 {
		return false
	}
	for _, c := range g.w.window.cells(g.w.window.len() - 1) {
		if c.known != knowsBoth {
			return false
		}
	}
	return true
}

// ages finds the age of the oldest record that is still to be read, and of the oldest in a partition that moves.
func (g *gauge) ages() {
	now := g.w.window.cells(g.w.window.len() - 1)
	for c := range g.loads {
		l := &g.loads[c]
		if l.lag == 0 || now[c].known != knowsBoth {
			continue
		}
		age := g.w.window.age(c, l)
		g.need.LagSeconds = max(g.need.LagSeconds, age)
		if !l.stalled {
			g.need.MovingSeconds = max(g.need.MovingSeconds, age)
		}
	}
}

// age is now - the time at which the log end was where the position is now, interpolated between two polls; beyond
// what is remembered, lag / rate, and at least the time that is.
func (w *window) age(column int, l *load) float64 {
	last := w.len() - 1
	pos, at := w.cells(last)[column].pos, w.tip().at
	after, later := w.cells(last)[column].end, at
	for i := last - 1; i >= 0; i-- {
		c := w.cells(i)[column]
		if c.known&knowsEnd == 0 {
			continue
		}
		if c.end <= pos {
			part := 0.0
			if after > c.end {
				part = float64(pos-c.end) / float64(after-c.end)
			}
			begin := float64(w.row(i).at)
			return (float64(at) - begin - part*(float64(later)-begin)) / 1e9
		}
		after, later = c.end, w.row(i).at
	}
	oldest := float64(at-later) / 1e9
	if l.arriving > 0 {
		return max(oldest, l.lag/l.arriving)
	}
	return oldest
}
