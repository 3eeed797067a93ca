package scaler

import (
	"math"

	"github.com/lagscaler/lagscaler/scaler/plan"
)

// require turns what was measured into records/s and those into consumers.
//
//	base = forecast * share / u       need = base + backlog / drain
//
// The backlog is the one there will be when a replica that is asked for now works: more than there is after a jump, less
// when the members drain it by themselves.
func (g *gauge) require() {
	n := &g.need
	if !n.RateKnown {
		return
	}
	n.Peak = g.w.peaks.peak()
	n.RoomPeak, n.RoomShare = g.room()
	n.Room = n.RoomPeak * n.RoomShare
	commit := or(g.src.CommitInterval, commitDefault).Seconds()
	fine := 0.5*g.in.Policy.TargetLag.Seconds() + commit // this much lag, in seconds of arrivals, needs no drain
	able := g.able()
	for c := range g.loads {
		l := &g.loads[c]
		l.base = n.Forecast * l.share / n.Utilization
		l.jump = g.w.window.tip().jumped(g.mem.BrokenJumps) * l.share
		l.down = max(n.Peak/n.DownUtilization, n.Room) * l.share
		l.need = l.base
		if l.known && !l.stalled {
			l.need += max(0, g.backlog(l, able(l))-fine*max(l.arriving, l.jump)) / n.DrainSeconds
		}
	}
	if n.Capacity.known() {
		g.bind()
	}
	for c := range g.loads {
		l := &g.loads[c]
		n.Base += l.base
		n.DrainRate += l.need - l.base
		n.PeakRequired += l.down
	}
	n.Required = n.Base + n.DrainRate
	n.Backlog = n.DrainRate * n.DrainSeconds
}

// backlog is the lag of a partition a horizon from now, in records; negative: it will have had time to spare. After a
// jump the group stands still once more than the horizon knows: pods that join one after another make two rebalances or three.
func (g *gauge) backlog(l *load, able float64) float64 {
	if l.jump > l.arriving {
		return l.lag + (l.jump-able)*g.need.Horizon + l.jump*g.mem.pause(g.clk).Seconds()
	}
	return l.lag + (l.arriving-able)*g.need.Horizon
}

// able is what is processed of a partition: what was committed over the rate window, or, when the group stood still
// within it, its fair part of what its owner can do.
func (g *gauge) able() func(l *load) float64 {
	r := &g.src.Rebalance
	stood := r.Active || g.in.Now.Sub(r.LastEnd) < g.clk.of(quietBefore)
	if !stood || !g.need.Capacity.known() {
		return func(l *load) float64 { return l.committing }
	}
	held := make([]float64, g.need.Members)
	for c := range g.loads {
		if o := g.loads[c].owner; o >= 0 && int(o) < len(held) {
			held[o]++
		}
	}
	return func(l *load) float64 {
		if l.owner < 0 || int(l.owner) >= len(held) {
			return l.committing
		}
		return max(l.committing, g.need.PerConsumer/held[l.owner])
	}
}

// fullConsumer is the share of a consumer that one partition may fill before it counts as bound to it.
const fullConsumer = 0.9

// bind sets apart the partitions that one consumer cannot carry: a few count as one fair share each, since replicas
// cannot help them; more than a tenth of all mean that every partition needs a consumer, as it is. Where only the
// backlog is too much, the partition counts as a full consumer, so that it is alone while it drains.
func (g *gauge) bind() {
	full := fullConsumer * g.need.PerConsumer
	rest, restDown, bound := 0.0, 0.0, 0
	for c := range g.loads {
		if g.loads[c].base > full {
			bound++
		} else {
			rest, restDown = rest+g.loads[c].base, restDown+g.loads[c].down
		}
	}
	few := bound <= max(1, len(g.loads)/10)
	others := float64(max(1, len(g.loads)-bound))
	fair, fairDown := rest/others, restDown/others
	for c := range g.loads {
		l := &g.loads[c]
		switch {
		case l.base > full:
			g.need.Bound = append(g.need.Bound, g.partition(c))
			if few {
				g.need.Excluded, g.need.DownExcluded = g.need.Excluded+l.base-fair, g.need.DownExcluded+max(0, l.down-fairDown)
				l.base, l.need, l.down = fair, fair, min(l.down, fairDown)
			}
		case l.need > full:
			part := g.partition(c)
			if spare := g.need.PerConsumer - l.arriving; spare > 0 {
				part.ETASeconds = (l.need - l.base) * g.need.DrainSeconds / spare
			}
			g.need.Isolated = append(g.need.Isolated, part)
			l.need = full
		}
	}
	g.need.AllBound = bound > 0 && !few
}

// bound reports whether single partitions are too much for one consumer. Where many are, the group merely needs a
// consumer for each partition.
func (n *Need) bound() bool { return len(n.Bound) > 0 && !n.AllBound }

func (g *gauge) partition(c int) PartitionNeed {
	topic, p := g.w.window.shape.name(c)
	l := &g.loads[c]
	return PartitionNeed{Topic: topic, Partition: p, Rate: l.arriving, Lag: int64(l.lag)}
}

// count turns records/s into consumers.
func (g *gauge) count() {
	n := &g.need
	members := max(1, n.Members)
	if !n.RateKnown || !n.Capacity.known() {
		n.Plan, n.Fit, n.Up, n.RatePlan, n.ByRate, n.DownPlan, n.Down =
			members, members, members, members, members, members, members
		if n.RateKnown && n.DrainRate > 0 { // something is behind: one useful step
			n.Up = g.fit.next(members)
			n.Fit = n.Up
		}
		return
	}
	n.Plan, n.Fit = g.least(n.Required, func(c int) float64 { return g.loads[c].need })
	n.Up = max(1, n.Plan, n.Fit)
	fit := int32(0)
	n.RatePlan, fit = g.least(n.Base, func(c int) float64 { return g.loads[c].base })
	n.ByRate = max(1, n.RatePlan, fit)
	n.DownPlan, fit = g.least(n.PeakRequired, func(c int) float64 { return g.loads[c].down })
	n.Down = max(1, n.DownPlan, fit)
}

func (g *gauge) least(required float64, demand func(column int) float64) (planned, fit int32) {
	planned = plan.Consumers(required, g.need.PerConsumer)
	if g.need.AllBound {
		return planned, max(planned, g.fit.useful)
	}
	return planned, g.fit.least(planned, demand)
}

// high are the fixed thresholds above which lag is high: of all partitions, of the worst, and on average.
const (
	highTotal = 100_000
	highWorst = 50_000
	highMean  = 10_000
)

// high reports whether lag is above a fixed threshold. Stalled partitions are left out: nothing that is decided here
// moves them.
func (g *gauge) high() bool {
	total, worst := 0.0, 0.0
	for c := range g.loads {
		if l := &g.loads[c]; !l.stalled {
			total, worst = total+l.lag, max(worst, l.lag)
		}
	}
	return total > highTotal || worst > highWorst || total/math.Max(1, float64(len(g.loads))) > highMean
}
