package seen

import "time"

// The target lag is a buffer. A burst that is over before a new replica works needs no replica when the running ones can
// process its records in time: a replica would cost a rebalance, come too late, and stay for a whole stabilization window.
// So where bursts did not last lately (scaler/learn, trust.go), the effective rate counts: the least capacity that would
// have kept every record of the last minutes from waiting for longer than half the target lag. Network calculus calls it
// the effective bandwidth.
//
//	max over D of arrivals(D) / (D + target/2), D: every time span that ends now; and at least the mean of all readings
//
//	1 000/s for long                     1 000/s
//	3 000/s for 30 s after 1 000/s       2 000/s, not 3 000
//	3 000/s for 5 min                    3 000/s: the difference is noise
//
// docs/scaling-benchmark.md has its price, and the price of doing without it.
//
// Source: Chang, Stability, queue length, and delay of deterministic and stochastic queueing networks, 1994.

// Burst is the share of the arrival rate below which an effective rate tells of a burst: a twentieth less is noise.
const Burst = 0.95

// effectiveRate is that rate at the newest reading, in records/s; never more than the arrival rate. It ends at a partial
// reading: arrivals at partitions that did not answer are not counted there.
func (r *Readings) effectiveRate(maxWait time.Duration) float64 {
	last, count, least, mean := r.Last(), 0.0, 0.0, 0.0
	for i := r.Len() - 1; i > 0 && r.At(i).Complete && r.At(i-1).Complete; i-- {
		now, before := r.At(i), r.At(i-1)
		count += now.LastRate * float64(now.At-before.At) / 1e9
		span := float64(last.At-before.At) / 1e9
		least, mean = max(least, count/(span+maxWait.Seconds())), count/span
	}
	if least = max(least, mean); !last.Complete || least > Burst*last.Rate {
		return last.Rate
	}
	return least
}
