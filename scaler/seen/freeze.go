package seen

import "time"

// Stops is what a freeze stops.
type Stops string

// What a freeze may stop.
const (
	StopsDown Stops = "down" // no scale down
	StopsAll  Stops = "all"  // no write of the replicas at all
)

// Freeze stops changes of a target for a time: a window of the configuration, its switch, or an annotation.
type Freeze struct {
	Stops Stops     `json:"stops"`
	By    string    `json:"by"`            // who set it, as people read it: window peak, namespace shop (kubectl-annotate)
	Why   string    `json:"why,omitempty"` // as its author says; empty: nothing is said
	Until time.Time `json:"until,omitzero"`
}

// InForce is the freeze that stops the most; of those that stop the same, the one that ends last, then the first by its author.
// It is nil when there is none.
func InForce(all []Freeze) *Freeze {
	var strongest *Freeze
	for i := range all {
		if strongest == nil || all[i].before(strongest) {
			strongest = &all[i]
		}
	}
	if strongest == nil {
		return nil
	}
	kept := *strongest
	return &kept
}

func (f *Freeze) before(o *Freeze) bool {
	switch {
	case f.Stops != o.Stops:
		return f.Stops == StopsAll
	case !f.Until.Equal(o.Until):
		return f.Until.After(o.Until)
	}
	return f.By < o.By
}

// Limit is what a freeze leaves of a step from one number of replicas to another. A nil freeze leaves all of it.
//
//	stops   step      left
//	down    8 -> 4    8 -> 8
//	down    4 -> 8    4 -> 8
//	all     8 -> 4    8 -> 8
//	all     4 -> 8    4 -> 4
func (f *Freeze) Limit(from, to int32) int32 {
	switch {
	case f == nil:
		return to
	case f.Stops == StopsDown:
		return max(from, to)
	}
	return from
}
