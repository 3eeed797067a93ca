package sim

import "cmp"

// Static is a fleet sized once, for the peak: the partition count.
type Static struct{ Replicas int32 }

// Name is "static peak".
func (Static) Name() string { return "static peak" }

// Every is the seconds between two decisions.
func (Static) Every() int32 { return pollSeconds }

// Decide is the same for ever.
func (s Static) Decide(v *View) (int32, string) {
	return cmp.Or(s.Replicas, int32(v.World.Partitions)), ""
}
