package asleep

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
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
	Before   int32 // at the look before, by this process while it acted; 0: it did not act, or there was none
	Acts     bool  // this process may write the replicas
	Owned    bool  // another autoscaler may have written them
	Enough   int64 // activationLag: more records than these wake
	Sources  []Source
}

// Next takes a look: what is known after it, and what waits for each source. At replicas above zero nothing waits.
//
//	before        now   Intent   acts, nobody owns it   the zero is
//	n > 0         0     none     yes                    by hand
//	n > 0         0     stands   any                    our own
//	n > 0         0     none     no                     unknown: free to wake
//	not seen      0     any      any                    as it was saved, else unknown
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
	if !s.Since.IsZero() { // this look is the first of the wake
		next.Woken = append(next.Woken, wokenFor(l.Sources, slices.Clone(s.Marks))...)
	}
	next.Woken = slices.DeleteFunc(next.Woken, func(m Mark) bool { return committed(l.Sources, m) })
	return next
}

// wokenFor are the topics of latest groups with arrivals in partitions without a commit. What their consumers skip leaves no
// commit; where the reset is not latest, the retained records themselves keep the target awake.
func wokenFor(sources []Source, marks []Mark) []Mark {
	var woken []Mark
	for i := range sources {
		s := &sources[i]
		if s.Reset != seen.Latest {
			continue
		}
		w, _ := look(s, marks)
		for k := range s.Topics {
			if t := &s.Topics[k]; slices.Contains(w.Topics, t.Name) {
				woken = append(woken, markOf(s, t))
			}
		}
	}
	return woken
}

// committed reports whether a topic has more commits than when its target was woken, or nothing in it is without one. What is
// not known now stays.
func committed(sources []Source, m Mark) bool {
	for i := range sources {
		s := &sources[i]
		if s.Cluster != m.Cluster || s.Group != m.Group {
			continue
		}
		for k := range s.Topics {
			t := &s.Topics[k]
			if t.Name != m.Topic {
				continue
			}
			n := t.sums()
			return s.knows(t) && (t.Absent || t.id() != m.ID || n.committed > m.Committed || n.end == n.start)
		}
	}
	return !slices.ContainsFunc(sources, func(s Source) bool { return s.Unread != "" && s.Cluster == m.Cluster && s.Group == m.Group })
}

// Keeps says why a source may not go to zero now.
type Keeps struct {
	Woken  []string `json:"woken,omitempty"` // topics for which it was woken, without a commit there since
	Waking Waiting  `json:"waking,omitzero"` // what would wake it at once
}

// Keeps is why a source has to stay awake; ok is false when nothing says so. It is the rule of waking, as if the target were
// at zero from now on.
func (s State) Keeps(src *Source, enough int64) (k Keeps, ok bool) {
	for _, m := range s.Woken {
		if m.Cluster == src.Cluster && m.Group == src.Group {
			k.Woken = append(k.Woken, m.Topic)
		}
	}
	if src.Unread == "" && len(src.Topics) == 0 {
		return k, len(k.Woken) > 0 // nothing is named: what the group reads is all there is
	}
	k.Waking, _ = look(src, Marks([]Source{*src}))
	return k, len(k.Woken) > 0 || k.Waking.Arrived > enough || len(k.Waking.Unread) > 0
}
