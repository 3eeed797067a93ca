package need

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/promise"
)

// A peak of the last hour may come back, and nothing foretells when. Until replicas that are requested then process records,
// a horizon later, the running ones must hold it: not to the last record, but so that none waits for longer than the target
// lag. The fleet keeps this reserve, and needs no more than it.
//
//	a rate b comes back at once, capacity C, horizon H, of which the pause p:  the oldest record waits (1 - C/b) (H - p) + p
//	so C/b >= 1 - (target - p) / (H - p)     eager, target 30 s, H 68 s, a rebalance of 8 s:        0.63
//	                                         cooperative, H 72 s, a rebalance of 12 s, p 6 s:       0.64
//
// So a fleet holds its full peak, with headroom, only for the stabilization window, and about two thirds of it for an hour.
// docs/scaling-benchmark.md has its price, and the price of doing without it.

// ReserveWindow is how long a peak is reserved for, and the present five minutes.
const ReserveWindow = 55 * time.Minute

// reserve is the greatest effective rate of the hour, in records/s, and the share of it that must run already. 0: none is
// known, the policy wants none, there is time enough to answer, or the group has been idle for so long that it may go to
// zero.
func (e *estimator) reserve() (peak, share float64) {
	if !e.Targets.KeepsReserve {
		return 0, 0
	}
	if e.rests() || e.Learned.Rhythm.Reliant { // or every peak of the last hours was foretold
		return 0, 0
	}
	return e.HourPeak, promise.ReserveShare(e.Targets.TargetLag.Seconds(), e.need.Horizon, e.pause())
}

// rests reports whether the group has been idle for so long that it may go to zero.
func (e *estimator) rests() bool {
	return !e.IdleSince.IsZero() && e.Now.Sub(e.IdleSince) >= e.Clock.Scale(e.Targets.IdleTime)
}

// pause is for how many seconds of a rebalance partitions are not read. A group that is not eager reads on in the first of its two rounds.
func (e *estimator) pause() float64 {
	took := e.Learned.RebalanceTime(e.Clock).Seconds()
	if e.Seen.Rebalance.ReadsOn() {
		return took / 2
	}
	return took
}

// reserved reports whether it is the reserve that keeps the fleet from being smaller.
func (n *Need) reserved() bool {
	return n.Reserve > max(n.Peak/n.DownUtilization, n.Peak+n.UnreadRate, n.room())
}
