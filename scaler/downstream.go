package scaler

import (
	"math"
	"time"
)

// The downstream experiment.
const (
	probeEvery = 30 * time.Minute // a cap is in force so long, and again while consumers stay saturated
	probePause = time.Hour        // no experiment after one that failed
)

// probe begins, judges and ends the experiment with fewer consumers. When more consumers together do not do more,
// what is behind them is the limit, and fewer do as well. If they do not, consumers really are slower.
func (g *gauge) probe(l lesson) {
	d := g.mem.Downstream
	saturated := float64(l.saturated) >= 0.6*float64(l.members)
	switch {
	case d == nil:
		if saturated && !g.in.Now.Before(g.mem.NoProbe) && l.median < 0.7*g.mem.Best &&
			float64(l.members) >= 1.2*float64(g.mem.BestAtN) && g.mem.BestAtN > 0 {
			g.begin(l)
		}
	case l.members <= d.CapN:
		g.judge(*d, l, saturated)
	}
}

func (g *gauge) begin(l lesson) {
	capN := int32(math.Ceil(l.sum / (0.9 * g.mem.Best) * (1 - tiny)))
	if capN >= l.members {
		return
	}
	g.mem.Downstream = &Downstream{
		Cap: l.sum, AtN: l.members, CapN: capN, Best: g.mem.Best, NextProbe: g.in.Now.Add(g.clk.of(probeEvery)),
	}
}

func (g *gauge) judge(d Downstream, l lesson, saturated bool) {
	d.Did = l.sum
	g.mem.Downstream = &d
	switch over := !g.in.Now.Before(d.NextProbe); {
	case saturated && l.sum < 0.85*d.Cap:
		g.mem.Downstream, g.mem.NoProbe = nil, g.in.Now.Add(g.clk.of(probePause))
		if l.median > 0 {
			g.mem.PerConsumer, g.mem.Best, g.mem.BestAtN = l.median, l.median, l.members
		}
	case over && saturated && l.sum <= 1.05*d.Cap:
		d.NextProbe = g.in.Now.Add(g.clk.of(probeEvery))
	case over:
		g.mem.Downstream = nil
	}
}
