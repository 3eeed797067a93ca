package sim

import (
	"fmt"
	"math"
)

// DS2 is the rule of Kalavri et al., "Three steps is all you need" (OSDI 2018), for one operator whose true processing
// rate is given: as many instances as the arrivals need at once, here at a share of their speed and every minute. The paper has no
// backlog, because its operators hold back their sources; here the records that wait beyond ten seconds' arrivals are to be
// processed within a minute.
type DS2 struct {
	Target float64 // records/s that an instance is planned for
	last   rateEstimator
	looks  int
}

// Name says the target.
func (d *DS2) Name() string { return fmt.Sprintf("DS2 at %.0f/s", d.Target) }

// Every is the seconds between two looks; it decides at every fourth.
func (*DS2) Every() int32 { return 15 }

// Decide is the rule.
func (d *DS2) Decide(v *View) (int32, string) {
	rate := d.last.rate(v)
	d.looks++
	if d.looks%4 != 1 || d.looks == 1 || v.Rebalance.Active {
		return v.Workload.Spec, ""
	}
	total, _ := v.Lag.Total()
	backlog := max(0, float64(total)-10*rate) / drainWithin
	want := int32(math.Ceil((rate + backlog) / d.Target))
	return min(max(1, want), int32(v.World.Partitions)), ""
}
