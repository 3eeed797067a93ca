package scaler

import (
	"math"
	"time"
)

// A jump and a trend promise that more is to come. Some traffic keeps that: it steps up and stays. Other traffic comes in
// bursts that are over before a new replica works: what is asked for then costs a rebalance, comes too late, and stays for
// a whole stabilization window. So what became of the last promises is remembered, and the next is discounted by the share
// that was not kept.
//
//	rate 300, a jump to 700; a minute later 420:     three tenths were kept, so broken 0 -> 0.3 * 0.7 = 0.21
//	the next jump, from 300 to 700, is taken for one to 300 + 0.79 * 400 = 616
//
// Measured at 48 partitions, eager, cost / late %, when all is believed and with this: an hour of one-second bursts 4.57 / 0
// and 3.60 / 0, a calmer one 1.83 / 0 and 1.39 / 0, a stream of tweets 1.92 / 0.31 and 1.90 / 0.34, an elastic load balancer
// 2.64 / 0.47 either way. Weights of 0.1 and 0.5 make little difference. A scaler that begins trusts.
const (
	promiseWeight = 0.3              // of the last one
	promiseAfter  = 50 * time.Second // about the horizon: what came is seen when the replicas that were asked for work
)

// judgePromises holds the forecasts that are old enough against what arrives now.
func (g *gauge) judgePromises() {
	w := &g.w.window
	tip := w.tip()
	old := tip.at - int64(g.clk.of(promiseAfter)-g.clk.Poll/2)
	for i := w.before(2*g.clk.of(promiseAfter), 0); i < w.len() && w.row(i).at <= old; i++ {
		if made := w.row(i); made.at > g.w.judged {
			promised(&g.mem.BrokenJumps, made.rate, made.jump, tip.rate)
			promised(&g.mem.BrokenTrends, made.rate, made.grown, tip.rate)
			g.w.judged = made.at
		}
	}
}

// promised smooths the share of promises that was broken: from arrived, to was foretold, and now is what came. The share is
// kept in hundredths: so a replay that begins in the middle comes to the same one, however it began.
func promised(broken *float64, from, to, now float64) {
	if to > from {
		kept := min(1, max(0, (now-from)/(to-from)))
		*broken = math.Round(100*(*broken+promiseWeight*(1-kept-*broken))) / 100
	}
}

// lasting is what arrives, as far as what came suddenly lasted lately: the rest of a burst is left to the target's buffer.
func (r *row) lasting(broken float64) float64 {
	if v := r.rate - broken*(r.rate-r.sustained); v < burstShare*r.rate {
		return v
	}
	return r.rate
}

// jumped is what arrives after a jump, as far as jumps lasted lately; 0: there is none.
func (r *row) jumped(broken float64) float64 {
	if r.jump == 0 {
		return 0
	}
	return r.jump - broken*(r.jump-r.sustained)
}
