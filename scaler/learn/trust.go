package learn

import (
	"math"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A jump or a trend announces that more will arrive. Some traffic steps up and stays. Other traffic comes in bursts that
// are over before a new replica works: replicas that were requested for them cost a rebalance, come too late, and stay for
// a whole stabilization window. So the share of the last jumps and trends that did not last is learned, and the next one is
// discounted by it. A scaler that has learned nothing trusts.
//
//	rate 300, a jump to 700; 50 s later 420:     three tenths lasted, so the broken share goes from 0 to 0.3 * 0.7 = 0.21
//	the next jump, from 300 to 700:              counts as one to 300 + 0.79 * 400 = 616
//
// docs/scaling-benchmark.md has its price, and the price of doing without it.
const (
	trustWeight = 0.3              // of the last jump or trend
	trustAfter  = 50 * time.Second // about the horizon: the time at which the requested replicas would work
)

// verifyTrust compares the forecasts that are old enough with the present arrivals.
func (l *learner) verifyTrust() {
	r, clk := &l.seen.Readings, l.seen.Paced(l.now.Clock)
	now := r.Last()
	old := now.At - int64(clk.Scale(trustAfter)-clk.Slack())
	for i := r.Before(2*clk.Scale(trustAfter), 0); i < r.Len() && r.At(i).At <= old; i++ {
		if then := r.At(i); then.At > l.progress.verified {
			updateBroken(&l.source.BrokenJumps, then.Rate, then.Jump, now.Rate)
			updateBroken(&l.source.BrokenTrends, then.Rate, l.progress.grownAt(then.At), now.Rate)
			l.progress.verified = then.At
		}
	}
}

// updateBroken smooths in the share that did not last: from was the rate, to was foretold, and now is the rate. The share
// is kept in hundredths: so a replay that begins in the middle comes to the same share, whatever it began with.
func updateBroken(broken *float64, from, to, now float64) {
	if to > from {
		lasted := min(1, max(0, (now-from)/(to-from)))
		*broken = math.Round(100*(*broken+trustWeight*(1-lasted-*broken))) / 100
	}
}

// TrustedRate is the arrival rate, as far as jumps lasted lately: the rest of a burst is absorbed by the target lag.
func (s *Source) TrustedRate(r *seen.Newest) float64 {
	if v := r.Rate - s.BrokenJumps*(r.Rate-r.EffectiveRate); v < seen.Burst*r.Rate {
		return v
	}
	return r.Rate
}

// TrustedJump is the rate after a jump as the last poll saw it, as far as jumps lasted lately; 0: there is none.
func (s *Source) TrustedJump(r *seen.Newest) float64 { return s.trusted(r.Jump, r) }

// ExpectedJump is the rate that the jump is expected to come to, as far as jumps lasted lately; 0: there is none.
func (s *Source) ExpectedJump(r *seen.Newest) float64 { return s.trusted(r.JumpTo, r) }

func (s *Source) trusted(jump float64, r *seen.Newest) float64 {
	if jump == 0 {
		return 0
	}
	return jump - s.BrokenJumps*(jump-r.EffectiveRate)
}

// TrustedTrend is the rate with its growth, as far as trends lasted lately.
func (s *Source) TrustedTrend(r *seen.Newest, growth float64) float64 {
	return r.Rate + growth - s.BrokenTrends*(r.Rate+growth-r.EffectiveRate)
}
