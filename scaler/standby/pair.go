package standby

import "time"

// Most is how long nothing is scaled down because both clusters of a pair have members.
const Most = time.Hour

// Side is one cluster of a pair.
type Side uint8

// The sides, as they are declared.
const (
	Primary Side = iota // the one that the other stands by for
	Standby
)

func (s Side) other() Side { return 1 - s }

// Look is what a poll says of the members that the target has in a cluster.
type Look struct {
	Read  bool // its group was read, and so were its members
	Has   bool // the target has members there
	Whole bool // every ready pod of the target has a member there
}

// Pair is what is known of two clusters of which one stands by for the other. It is saved, and it is a value.
type Pair struct {
	Cluster string    `json:"cluster"` // that was declared to stand by
	Group   string    `json:"group"`
	For     string    `json:"for"`              // the other cluster
	Active  Side      `json:"active,omitempty"` // that the members used last
	Had     [2]bool   `json:"had"`              // by side: it had members when it was read last
	Both    time.Time `json:"both,omitzero"`    // both have had members since then; zero: they do not
	Mirror  Mirror    `json:"mirror,omitzero"`  // from the active cluster to the other one
}

// Next is the pair after one more look, by side; most is [Most] in the time of the target's clock.
func (p Pair) Next(now time.Time, looks [2]Look, most time.Duration) Pair {
	was := p.Active
	if p = p.next(now, looks, most); p.Active != was {
		p.Mirror = Mirror{}
	}
	return p
}

func (p Pair) next(now time.Time, looks [2]Look, most time.Duration) Pair {
	for side, l := range looks {
		switch o := looks[1-side]; {
		case l.Read:
			p.Had[side] = l.Has
		case o.Read && o.Has && o.Whole: // nobody is left who could be a member here
			p.Had[side] = false
		}
	}
	other := p.Active.other()
	if !p.Had[Primary] || !p.Had[Standby] {
		p.Both = time.Time{}
		if p.Had[other] {
			p.Active = other
		}
		return p
	}
	if p.Both.IsZero() || now.Before(p.Both) {
		p.Both = now
	}
	if !looks[p.Active].Read && looks[other].Read { // the one that can be read is decided by
		p.Active = other
	}
	if old := p.Active.other(); !p.MovesOver(now, most) && !looks[old].Read {
		p.Had[old], p.Both = false, time.Time{} // it was not read for all that time, and the other one was
	}
	return p
}

// MovesOver reports whether both clusters have members, and have had them for less than most: nothing is scaled down then.
func (p Pair) MovesOver(now time.Time, most time.Duration) bool {
	return !p.Both.IsZero() && now.Sub(p.Both) < most
}

// Counts reports whether the needs of a side count. Of two that have members both do, as far as they can be read.
func (p Pair) Counts(s Side, read bool) bool {
	return s == p.Active || !p.Both.IsZero() && read
}
