package shard

import (
	"cmp"
	"slices"
)

// Lease is what is known of the Lease of a shard.
type Lease struct {
	Index int
	Live  bool // somebody holds it, or may hold it
	Of    int  // its holder claims its groups of so many shards; 0: it does not say
	Wants int  // how many there are by the flag of its holder; 0: it does not say
	Waits bool // it says that its holder waits for the present claim of the seat that looks, and so owns none of its groups
}

func (l Lease) claim() Shard { return Shard{Index: l.Index, Of: l.Of} }

// View is which groups a process owns and reads. It is immutable; nil owns everything.
type View struct {
	Shard         // whose groups these are, by the division in force
	Wants int     // the number of shards by the flag of the process
	waits []Shard // claims by other divisions that were there first
	shed  int     // the division into so many is to come: what is not the shard's by that one is not owned any more; 0: none
}

// NewView is the view of a process that no other one has to be asked about: it does not lead, or there are no Leases.
func NewView(s Shard, wants int) *View { return &View{Shard: s, Wants: wants} }

// Owns reports whether the process exports a group, and decides for the scalers whose first source it is.
func (v *View) Owns(cluster, group string) bool {
	if v == nil {
		return true
	}
	if !v.Shard.Owns(cluster, group) || v.shed > 0 && Owner(cluster, group, v.shed) != v.Index {
		return false
	}
	return !slices.ContainsFunc(v.waits, func(s Shard) bool { return s.Owns(cluster, group) })
}

// Reads reports whether the process reads a group: it owns it, or is about to.
func (v *View) Reads(cluster, group string) bool {
	return v == nil || v.Shard.Owns(cluster, group) || Owner(cluster, group, v.Wants) == v.Index
}

// All reports whether the process owns everything, and is not about to own less.
func (v *View) All() bool {
	return v == nil || v.Alone() && v.Wants <= 1 && len(v.waits) == 0 && v.shed == 0
}

// Equal reports whether two views are the same.
func (v *View) Equal(o *View) bool {
	return v.Shard == o.Shard && v.Wants == o.Wants && v.shed == o.shed && slices.Equal(v.waits, o.waits)
}

// Waits reports whether it waits for others to give up groups that are its own.
func (v *View) Waits() bool { return v != nil && len(v.waits) > 0 }

// Seat is the leader's place of one shard: what it claims, and what it waits for.
type Seat struct {
	Index int
	Of    int // it claims
	Wants int // by its flag

	waits   []Shard
	looked  bool // at the other Leases, since it leads
	leaving int  // the division that it goes over to when nothing is done any more for groups that it then does not own; 0: none
	left    int  // the division that it has left, until it has looked at the others after it claimed another one; 0: none
}

// NewSeat is the place of a leader that has just begun to lead. of is what its Lease claims, 0 if nothing: it goes on with that.
func NewSeat(s Shard, of int) *Seat {
	if of <= s.Index || of > Most {
		of = s.Of // its predecessor was of a division without this shard, and owned nothing
	}
	return &Seat{Index: s.Index, Of: max(1, of), Wants: max(1, s.Of)}
}

// View is what the leader owns now. Until it has looked at the other Leases it owns nothing.
func (s *Seat) View() *View {
	v := &View{Shard: Shard{s.Index, s.Of}, Wants: s.Wants, waits: s.waits, shed: cmp.Or(s.leaving, s.left)}
	if !s.looked {
		v.waits = []Shard{v.Shard}
	}
	return v
}

// Settled reports whether nothing is about to change.
func (s *Seat) Settled() bool {
	return s.looked && len(s.waits) == 0 && s.Of == s.Wants && s.leaving == 0 && s.left == 0
}

// Look takes in the Leases of the other shards. All of them were read after the claim was written.
//
//	first look after a claim         wait for every live Lease that claims groups by another division
//	later looks                      wait for those of them that are left: a claim that came after this one waits for this one
//	all of the wanted ones want it   go over to the wanted division: View sheds what is not owned any more
//	two that claim at once           each has seen the other and waits; the one with the lower index goes on when the other's Lease says so
func (s *Seat) Look(leases []Lease) {
	var claims []Shard
	for _, l := range leases {
		yields := l.Waits && s.Index < l.Index
		if l.Live && l.Index != s.Index && l.Of > 0 && l.Of != s.Of && !yields {
			claims = append(claims, l.claim())
		}
	}
	if s.looked && s.left == 0 {
		claims = slices.DeleteFunc(claims, func(c Shard) bool {
			return !slices.ContainsFunc(s.waits, func(w Shard) bool { return w.Index == c.Index })
		})
	}
	s.waits, s.looked, s.left = claims, true, 0
	if s.Of != s.Wants && s.leaving == 0 && s.agreed(leases) {
		s.leaving = s.Wants
	}
}

// Waiting are the shards whose claims the seat waits for.
func (s *Seat) Waiting() (indexes []int) {
	for _, w := range s.waits {
		indexes = append(indexes, w.Index)
	}
	return indexes
}

// agreed reports whether a live Lease of each other shard of the wanted division wants that division.
func (s *Seat) agreed(leases []Lease) bool {
	for i := range s.Wants {
		if i != s.Index && !slices.ContainsFunc(leases, func(l Lease) bool { return l.Index == i && l.Live && l.Wants == s.Wants }) {
			return false
		}
	}
	return true
}

// Leaves reports whether the seat waits for [Seat.Left].
func (s *Seat) Leaves() bool { return s.leaving > 0 }

// Left says that nothing is done any more for what View does not own: from now on the seat claims the wanted division. It owns
// nothing more than before until that claim is written and [Seat.Look] has been called after it.
func (s *Seat) Left() {
	if s.leaving > 0 {
		s.left, s.Of, s.leaving = s.Of, s.leaving, 0
	}
}

// Gone reports whether a shard that ends may end now: the division that all others have claimed does without it, or it is not known
// that there is to be another one.
func Gone(index int, leases []Lease) bool {
	most := 0
	for _, l := range leases {
		if l.Live && l.Index != index {
			most = max(most, cmp.Or(l.Of, l.Wants))
		}
	}
	return most > 0 && most <= index
}
