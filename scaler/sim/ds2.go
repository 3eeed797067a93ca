package sim

import "math"

// DS2 is the rule of Kalavri et al., "Three steps is all you need" (OSDI 2018), for one operator whose true processing
// rate is given: as many instances as the arrivals need at once, here at 0.85 of their speed and every minute.
type DS2 struct {
	PerConsumer float64
	last        rateEstimator
}

// Name is "DS2".
func (*DS2) Name() string { return "DS2, true speed given" }

// Every is the seconds between two looks; it decides at every fourth.
func (*DS2) Every() int32 { return 15 }

// Decide is the rule.
func (d *DS2) Decide(v *View) (int32, string) {
	rate := d.last.rate(v)
	if v.Second%60 != 0 || v.Second == 0 || v.Rebalance.Active {
		return v.Workload.Spec, ""
	}
	want := int32(math.Ceil(rate / (0.85 * d.PerConsumer)))
	return min(max(1, want), int32(v.World.Partitions)), ""
}
