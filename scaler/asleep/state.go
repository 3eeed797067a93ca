package asleep

import (
	"slices"
	"time"
)

// State is what is known of a target at zero, and of its last wake. It is saved, and it is a value: Next returns another.
type State struct {
	Since        time.Time `json:"since,omitzero"`        // the target has been at zero, as far as it was seen
	Intent       time.Time `json:"intent,omitzero"`       // lagscaler was about to write 0: the zero that follows is its own
	ByHand       time.Time `json:"byHand,omitzero"`       // somebody else wrote 0 then
	WaitingSince time.Time `json:"waitingSince,omitzero"` // records have waited at this zero
	Marks        []Mark    `json:"topics,omitempty"`      // sorted as they were met
	Woken        []Mark    `json:"woken,omitempty"`       // topics for whose partitions without a commit it was woken, and that have none yet
}

// Zero reports whether nothing is known.
func (s State) Zero() bool {
	return s.Since.IsZero() && s.Intent.IsZero() && s.ByHand.IsZero() && len(s.Marks)+len(s.Woken) == 0
}

// Look is one look at the target and its sources.
type Look struct {
	Now      time.Time
	Replicas int32
	Before   int32         // at the look before, by this process while it acted; 0: it did not act, or there was none
	Acts     bool          // this process may write the replicas
	Owned    bool          // another autoscaler may have written them
	Enough   int64         // activationLag: more records than these wake
	Stands   time.Duration // an intent whose zero was not seen stands for so long: its write may be on its way
	Sources  []Source
	Slept    []Source // as they were when the target went to zero, or at the first look of this process
}

// Next takes a look: what is known after it, and what waits for each source. At replicas above zero nothing waits.
//
//	before        now   Intent   acts, nobody owns it   the zero is
//	n > 0         0     none     yes                    by hand
//	n > 0         0     stands   any                    our own
//	n > 0         0     none     no                     unknown: free to wake
//	not seen      0     any      any                    as it was saved, else unknown
//
// An intent ends with the first size above 0 after its zero. Where the zero was not seen yet, it ends after Look.Stands: a write
// whose answer is missing may succeed, and what is read of the target may be older. When the write failed, and another client sets
// 0 in that time, the zero counts as our own: in doubt the target is free to wake.
func (s State) Next(l Look) (State, []Waiting) {
	waiting := make([]Waiting, len(l.Sources))
	if l.Replicas > 0 {
		return s.awake(l), waiting
	}
	s.Marks = slices.Clone(s.Marks)
	if s.Since.IsZero() {
		s.Since = l.Now
		if len(s.Marks) == 0 || s.Intent.IsZero() {
			s.Marks = Marks(l.Sources)
		}
	}
	if l.Before > 0 && l.Acts && !l.Owned && s.Intent.IsZero() && s.ByHand.IsZero() {
		s.ByHand = l.Now
	}
	records := false
	for i := range l.Sources {
		waiting[i], s.Marks = look(&l.Sources[i], s.Marks)
		records = records || waiting[i].Records() > l.Enough
	}
	switch {
	case !records:
		s.WaitingSince = time.Time{}
	case s.WaitingSince.IsZero():
		s.WaitingSince = l.Now
	}
	return s, waiting
}

// Intend is the state to save before a write of 0.
func (s State) Intend(l Look) State {
	s.Intent, s.Since, s.ByHand, s.WaitingSince = l.Now, time.Time{}, time.Time{}, time.Time{}
	s.Marks = Marks(l.Sources)
	return s
}

// awake forgets the zero: an intent ends with the first size above 0 after it.
func (s State) awake(l Look) State {
	next := State{Woken: slices.Clone(s.Woken)}
	switch {
	case !s.Since.IsZero(): // this look is the first of the wake
		next.Woken = append(next.Woken, wokenFor(l.Sources, l.Slept, slices.Clone(s.Marks))...)
	case !s.Intent.IsZero() && !l.Now.Before(s.Intent) && l.Now.Sub(s.Intent) < l.Stands:
		next.Intent, next.Marks = s.Intent, s.Marks
	}
	next.Woken = slices.DeleteFunc(next.Woken, func(m Mark) bool { return committed(l.Sources, m) })
	return next
}

// Keeps says why a source may not go to zero now.
type Keeps struct {
	Woken      []string `json:"woken,omitempty"`      // topics for which it was woken, without a commit there since
	Partitions []string `json:"partitions,omitempty"` // of each of these topics; empty: not known
	Waking     Waiting  `json:"waking,omitzero"`      // what would wake it at once
	Standby    string   `json:"standby,omitempty"`    // the cluster that stands by, of Waking.Own
}

// Keeps is why a source has to stay awake; ok is false when nothing says so. It is the rule of waking, as if the target were
// at zero from now on.
func (s State) Keeps(src *Source, enough int64) (k Keeps, ok bool) {
	for _, m := range s.Woken {
		if m.Cluster == src.Cluster && m.Group == src.Group {
			k.Woken, k.Partitions = append(k.Woken, m.Topic), append(k.Partitions, m.Partitions)
		}
	}
	if src.Unread == "" && len(src.Topics) == 0 {
		return k, len(k.Woken) > 0 // nothing is named: what the group reads is all there is
	}
	k.Waking, _ = look(src, Marks([]Source{*src}))
	return k, len(k.Woken) > 0 || k.Waking.Arrived > enough || len(k.Waking.Unread) > 0
}
