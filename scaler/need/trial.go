package need

import (
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	triedAtLeast = 2. / 3  // more than this part of the consumers that run, where a useful count allows it
	provenFactor = 2.1     // a capacity that is declared, or was learned, is not exceeded by more in one trial
	stillArrives = 0.8     // of the window's peak
	sparingly    = 1. / 50 // more capacity than the fewer consumers need, so that the plan is not one above them
)

// trial is the next smaller number of consumers, and the capacity that they would need; nil: none is worth trying. See learn.Trial.
func (e *estimator) trial() *learn.Trial {
	n := &e.need
	if e.Removed.Unread.Seconds() > e.tolerated() { // a step down costs more than it could teach
		return nil
	}
	if !n.RateKnown || n.Rate == 0 || n.Downstream != nil || len(n.Stalled) > 0 || n.Hot() || !e.Learned.MayTry(e.Now, e.Clock) {
		return nil
	}
	if n.Capacity.Known() && !e.arrives() {
		return nil
	}
	to := e.packing.smaller(e.Consumers)
	if to <= 0 {
		return nil
	}
	p, down := e.packing, func(c int) float64 { return e.loads[c].down }
	p.perConsumer = (1 + sparingly) * max(n.PeakRequired, n.Required) / float64(to)
	for p.assignment != seen.Shared && !p.fits(to, down) {
		p.perConsumer *= 1 + sparingly
	}
	if n.Capacity.Known() && (p.perConsumer <= n.PerConsumer || p.perConsumer > provenFactor*n.PerConsumer) {
		return nil
	}
	return &learn.Trial{Capacity: p.perConsumer, From: e.Consumers, To: to, Late: e.tolerated(), Rate: n.Peak, Began: e.Now}
}

// arrives reports whether what arrives decides how many consumers run. Where it is a peak that is over, a reserve, a room or a forecast,
// fewer consumers have so little to do that a trial of them shows nothing of their capacity.
//
//	consumers of 100/s, 24 of them for a peak of 2 900/s that may return, 750/s arrive: a trial of 16 would assume 119/s, and show 47/s
func (e *estimator) arrives() bool {
	n := &e.need
	return n.Rate >= stillArrives*n.Peak && n.Forecast <= n.Peak && max(n.Reserve, n.room()) <= max(n.Peak/n.DownUtilization, n.Peak+n.UnreadRate)
}

// smaller is a useful count below n: the smallest that is more than two thirds of it, else the next one; 0: there is none.
func (p *packing) smaller(n int32) int32 {
	if p.assignment == seen.Shared || p.useful == 0 {
		return min(n-1, int32(triedAtLeast*float64(n)+1))
	}
	n = min(n, p.useful+1)
	for k := int32(triedAtLeast*float64(n)) + 1; k < n; k++ {
		if p.reduces(k) {
			return k
		}
	}
	for k := n - 1; k > 0; k-- {
		if p.reduces(k) {
			return k
		}
	}
	return 0
}
