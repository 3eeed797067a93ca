package scaler

import "time"

// The target lag is a buffer. A burst that is over before a new replica works needs none if what runs keeps its records
// from waiting for long; asking for replicas then costs a rebalance, comes too late, and stays for a whole window. So
// where such bursts did not last lately (see promise.go), what arrives counts as the least capacity that would have kept
// every record of the last minutes from waiting for more than half the target: network calculus' effective bandwidth.
//
//	the greatest of arrivals(D) / (D + target/2), over every D that ends now, and of the mean of all that is remembered
//
//	1 000/s for long                     1 000/s
//	3 000/s for 30 s after 1 000/s       2 000/s, not 3 000
//	3 000/s for 5 min                    3 000/s: the rest is noise
//
// Cost / late % at 48 partitions over five traces without it, eager and cooperative, are 2.34 / 0.16 and 2.25 / 0.03 instead
// of 2.22 / 0.18 and 2.15 / 0.03: it is an hour of one-second bursts that pays, 3.98 and 3.63, with none late either way.
// Counting every burst so, also where they usually last, costs the same, and half as much again of a load balancer's
// records is late (cooperative, 0.10 % for 0.07 %). The same allowance for the peak of the stabilization window, too, made
// 1.8 % of that hour late: what goes down must come up.
//
// Source: Chang, Stability, queue length, and delay of deterministic and stochastic queueing networks, 1994.

// burstShare is how much of the rate must be sustained for it to be no burst: less than a twentieth is noise.
const burstShare = 0.95

// sustained is that rate at the newest row, in records/s; never more than the rate. Rows before a partial poll are left
// out: what arrived at partitions that did not answer is not counted in them.
func (w *window) sustained(allowed time.Duration) float64 {
	tip, count, least, mean := w.tip(), 0.0, 0.0, 0.0
	for i := w.len() - 1; i > 0 && w.row(i).complete && w.row(i-1).complete; i-- {
		r, before := w.row(i), w.row(i-1)
		count += r.last * float64(r.at-before.at) / 1e9
		since := float64(tip.at-before.at) / 1e9
		least, mean = max(least, count/(since+allowed.Seconds())), count/since
	}
	if least = max(least, mean); !tip.complete || least > burstShare*tip.rate {
		return tip.rate
	}
	return least
}
