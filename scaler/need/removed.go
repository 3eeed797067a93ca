package need

import "github.com/lagscaler/lagscaler/scaler/learn"

// Members whose replicas were removed may keep their partitions until their session ends (scaler/seen: removed.go). What waits
// there is a consequence of the step down. New replicas could not read it before the sessions end; after that the remaining
// consumers process it, because a step down leaves enough of them. If replicas were added for it, they would have to be removed
// again, and the same would happen again.
//
//	n of C consumers remain, the others leave their part of the peak unread for s:
//	to process it in 2 s they need        peak + peak * (C - n)/C / 2
//	and can process                       n * capacity, so n = 1.5 peak / (capacity + peak/2C)
//	12 consumers of 100/s, peak 250/s     3.4, so 4 remain; of these 2.9, so 3

// held marks the partitions whose members ran, or may have run, in replicas that were removed.
func (e *estimator) held() {
	for c := range e.loads {
		l := &e.loads[c]
		if l.removed, l.held = e.Removed.Holds[int(l.owner)]; l.held {
			e.need.Unread += int64(l.lag)
		}
	}
}

// recovering reports whether the backlog is what removed replicas left unread. The oldest record then has not waited for much
// longer than partitions were unread; if it has, the remaining consumers do not process it. After a restart both are estimates, and
// an age that is lag / rate is too high after the rate fell: then the records are as young as at the rate of the last hour's peak.
func (e *estimator) recovering() bool {
	n := &e.need
	oldest := n.MovingSeconds
	if peak := max(n.Peak, n.ReservePeak); n.LagSecondsFrom == LateEstimated && n.RateKnown && peak > n.Rate {
		oldest *= n.Rate / peak
	}
	return e.Removed.Recovering && oldest <= 1.5*e.Removed.Unread.Seconds()+learn.RecoverySlack.Seconds()
}

// unreadRate is what the consumers that remain after a step down must be able to process beyond the peak, for what is unread
// until sessions end. 0: nothing is, or it waits for no longer than is tolerated.
func (e *estimator) unreadRate(tolerated float64) (perSecond, seconds float64) {
	n, consumers := &e.need, float64(e.Consumers)
	if e.Removed.Unread.Seconds() <= tolerated || consumers < 1 || !n.Capacity.Known() {
		return 0, 0
	}
	part := e.Removed.Unread.Seconds() / learn.UnreadDrain(e.Removed.Unread).Seconds()
	remain := (1 + part) * n.Peak / (n.PerConsumer + part*n.Peak/consumers)
	return max(0, remain*n.PerConsumer-n.Peak), e.Removed.Unread.Seconds()
}

// drainsUnread reports whether it is this that keeps the fleet from being smaller.
func (n *Need) drainsUnread() bool {
	return n.Peak+n.UnreadRate > max(n.Peak/n.DownUtilization, n.Reserve)
}
