package sim

import (
	"testing"
	"time"
)

// What an eager rebalance costs, in seconds of the work of the whole group for each second that it takes: members work until they notice
// it and have processed what they had fetched, and the next owners process again what was not committed. The fleets that are played
// along count seven tenths (package promise: stopped).
func TestWhatAnEagerRebalanceCosts(t *testing.T) {
	for _, rate := range []float64{600, 1500, 2200} {
		for seed := uint64(1); seed <= 3; seed++ {
			w := World{Seed: seed, Initial: 24, PeakLoad: rate / 4800}.filled()
			tr := Trace{Name: "steady", Step: time.Minute}
			for range 24 * 60 {
				tr.Counts = append(tr.Counts, 60)
			}
			r := newRun(tr, w)
			unread, repeated, took := 0.0, 0.0, 0.0
			for second := range int32(len(r.rates)) {
				if second%600 == 599 {
					r.fleet.resize([]int32{30, 24}[second/600%2], second, r)
				}
				r.arrivals(second)
				r.fleet.advance(second, r)
				before := r.again()
				r.group.advance(second, r)
				repeated += float64(r.again() - before)
				if r.group.ends != 0 {
					took++
				}
				for p := range r.queues {
					if r.group.ends != 0 && !r.workable(p, second) {
						unread += 1 / float64(w.Partitions)
					}
				}
				r.work(second)
				r.commit(second)
			}
			share := (unread + repeated/rate) / took
			t.Logf("%v/s, seed %d: %.0f s of rebalances, %.2f of it not read, %.2f with what was processed again", rate, seed, took, unread/took, share)
			if took < 100 || share < 0.6 || share > 0.8 {
				t.Errorf("%v/s, seed %d: %.2f", rate, seed, share)
			}
		}
	}
}

// again is how many records are to be processed a second time.
func (r *run) again() (n int64) {
	for p := range r.queues {
		n += r.queues[p].again
	}
	return n
}
