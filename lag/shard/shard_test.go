package shard_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag/shard"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]shard.Shard{"0/1": {Of: 1}, "0/3": {Of: 3}, "2/3": {Index: 2, Of: 3}, "99/100": {Index: 99, Of: 100}} {
		if got, err := shard.Parse(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "INDEX/SHARDS", "1": "INDEX/SHARDS", "a/3": "INDEX/SHARDS", "1/b": "INDEX/SHARDS", "1/2/3": "INDEX/SHARDS",
		"3/3": "is 0 to 2", "-1/3": "is 0 to 2", "0/0": "1 to 100", "0/101": "1 to 100",
	} {
		if got, err := shard.Parse(text); err == nil {
			t.Errorf("%q is %v; want an error with %q", text, got, want)
		}
	}
}

// An owner is the same in every version: a rollout must not move groups.
func TestOwnersStay(t *testing.T) {
	for _, c := range []struct {
		cluster, group string
		of, want       int
	}{
		{"main", "orders", 1, 0},
		{"main", "orders", 2, 0},
		{"main", "orders", 3, 2},
		{"main", "orders", 10, 6},
		{"main", "payments", 3, 2},
		{"main", "mail", 3, 1},
		{"other", "orders", 3, 0},
	} {
		if got := shard.Owner(c.cluster, c.group, c.of); got != c.want {
			t.Errorf("%s %s of %d is of shard %d; want %d", c.cluster, c.group, c.of, got, c.want)
		}
	}
}

// From n to n+1 shards, about 1 of n+1 groups moves, all of them to the new shard; and no shard has much more than another.
func TestFewGroupsMove(t *testing.T) {
	const groups = 20_000
	for n := 1; n < 12; n++ {
		moved, sizes := 0, make([]int, n+1)
		for i := range groups {
			group := fmt.Sprintf("team-%d.orders-%d", i%7, i)
			before, after := shard.Owner("main", group, n), shard.Owner("main", group, n+1)
			sizes[after]++
			if before == after {
				continue
			}
			if moved++; after != n {
				t.Fatalf("from %d to %d shards %s moves from %d to %d", n, n+1, group, before, after)
			}
		}
		if share := float64(moved) * float64(n+1) / groups; share < 0.9 || share > 1.1 {
			t.Errorf("from %d to %d shards %d of %d groups move", n, n+1, moved, groups)
		}
		for i, size := range sizes {
			if share := float64(size) * float64(n+1) / groups; share < 0.9 || share > 1.1 {
				t.Errorf("of %d shards, %d has %d of %d groups", n+1, i, size, groups)
			}
		}
	}
}

// Cluster and group are two names: "a" with "bc" is not "ab" with "c".
func TestNamesAreApart(t *testing.T) {
	same := 0
	for i := range 100 {
		if shard.Owner("a", fmt.Sprint("b", i), 100) == shard.Owner("ab", fmt.Sprint(i), 100) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 100 pairs have one owner", same)
	}
}

// leader is a process that leads one shard, as scaler/kube drives its seat.
type leader struct {
	seat    *shard.Seat
	term    int
	written int            // what its Lease claims
	waits   map[int]string // the claims that it waits for, as it last looked
	reading []lease        // Leases that were read one after another, for the next look
}

// claim names what it claims, unlike every other claim.
func (l *leader) claim() string { return fmt.Sprint(l.seat.Of, " of ", l.term) }

// lease is a Lease as the API server has it.
type lease struct {
	shard.Lease
	claim string
	waits map[int]string
}

// fleet are the Leases and their holders.
type fleet struct {
	leases  []lease
	leaders []*leader // nil: nobody leads
	terms   int
}

func newFleet(shards int) *fleet {
	f := &fleet{leases: make([]lease, shards), leaders: make([]*leader, shards)}
	for i := range f.leases {
		f.leases[i].Index = i
	}
	return f
}

// renew writes the Lease of a leader.
func (f *fleet) renew(i int) {
	l := f.leaders[i]
	f.leases[i] = lease{shard.Lease{Index: i, Live: true, Of: l.seat.Of, Wants: l.seat.Wants}, l.claim(), l.waits}
	if l.written != l.seat.Of {
		l.written, l.reading = l.seat.Of, nil
	}
}

// look takes in what was read.
func (f *fleet) look(i int) {
	l := f.leaders[i]
	leases, claims := make([]shard.Lease, len(l.reading)), map[int]string{}
	for k, read := range l.reading {
		read.Waits = read.waits[i] == l.claim()
		leases[k], claims[k] = read.Lease, read.claim
	}
	l.seat.Look(leases)
	l.reading, l.waits = nil, map[int]string{}
	for _, k := range l.seat.Waiting() {
		l.waits[k] = claims[k]
	}
}

// step lets one leader do one thing, which other things may come between.
func (f *fleet) step(i int) {
	l := f.leaders[i]
	if l == nil {
		return
	}
	switch s := l.seat; {
	case l.written != s.Of || f.leases[i].Of != s.Of || f.leases[i].Wants != s.Wants:
		f.renew(i)
	case len(l.reading) < len(f.leases):
		l.reading = append(l.reading, f.leases[len(l.reading)])
	default:
		f.look(i)
	}
	if l.seat.Leaves() {
		l.seat.Left() // nothing is under way: what is owned is what is shown
		l.reading = nil
	}
}

func (f *fleet) begin(flag shard.Shard) {
	i := flag.Index
	was := f.leases[i]
	f.terms++
	f.leaders[i] = &leader{seat: shard.NewSeat(flag, was.Of), term: f.terms}
	f.renew(i)
}

func (f *fleet) plain() (leases []shard.Lease) {
	for _, l := range f.leases {
		leases = append(leases, l.Lease)
	}
	return leases
}

func (f *fleet) owners(group string) (out []int) {
	for i, l := range f.leaders {
		if l != nil && l.seat.View().Owns("main", group) {
			out = append(out, i)
		}
	}
	return out
}

// settle lets all leaders do what is left to do.
func (f *fleet) settle() {
	for range 40 * len(f.leaders) {
		for i, l := range f.leaders {
			if f.step(i); l != nil {
				f.renew(i)
			}
		}
	}
}

// claimed reports whether a leader claims the group.
func (f *fleet) claimed(group string) bool {
	return slices.ContainsFunc(f.leaders, func(l *leader) bool {
		return l != nil && shard.Shard{Index: l.seat.Index, Of: l.seat.Of}.Owns("main", group)
	})
}

// divisions are how many the leaders claim.
func (f *fleet) divisions() int {
	all := map[int]bool{}
	for _, l := range f.leaders {
		if l != nil {
			all[l.seat.Of] = true
		}
	}
	return len(all)
}

// However leaders come, go and change their number, a group never has two owners. When nobody comes or goes any more, each group that a
// leader claims has one, also if they do not agree on one of two divisions; of three divisions, leaders may wait in a circle. When all agree,
// each group has one.
func TestAGroupHasOneOwner(t *testing.T) {
	const most = 4
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(most)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			i := rapid.IntRange(0, most-1).Draw(t, "shard")
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what == 0 && f.leaders[i] != nil: // its Lease is given back, or expires later
				f.leaders[i] = nil
				f.leases[i].Live = rapid.Bool().Draw(t, "killed")
			case what == 1 && f.leaders[i] == nil:
				f.leases[i].Live = false
			case what == 2 && f.leaders[i] == nil:
				f.begin(shard.Shard{Index: i, Of: rapid.IntRange(i+1, most).Draw(t, "of")})
			case what <= 4 && f.leaders[i] != nil:
				f.renew(i)
			default:
				f.step(i)
			}
			for g := range 40 {
				if got := f.owners(fmt.Sprint("group-", g)); len(got) > 1 {
					t.Fatalf("group-%d is of the shards %v: %+v", g, got, f.leases)
				}
			}
		}
		for i := range most { // nobody comes or goes any more
			f.leases[i].Live = f.leases[i].Live && f.leaders[i] != nil
		}
		f.settle()
		for g := range 40 {
			group := fmt.Sprint("group-", g)
			if claimed := f.claimed(group); f.divisions() <= 2 && claimed != (len(f.owners(group)) == 1) {
				t.Fatalf("group-%d is claimed: %v, and of the shards %v: %+v", g, claimed, f.owners(group), f.leases)
			}
		}
		of := rapid.IntRange(1, most).Draw(t, "of in the end")
		for i := range most {
			f.leaders[i], f.leases[i].Live = nil, false
			if i < of {
				f.begin(shard.Shard{Index: i, Of: of})
			}
		}
		f.settle()
		for g := range 40 {
			if got := f.owners(fmt.Sprint("group-", g)); len(got) != 1 || got[0] != shard.Owner("main", fmt.Sprint("group-", g), of) {
				t.Fatalf("group-%d is of the shards %v of %d: %+v", g, got, of, f.leases)
			}
		}
	})
}

// The example of the package's documentation: from one shard to three, and back to two.
func TestFromOneToThreeToTwo(t *testing.T) {
	moved := ""
	for g := 0; shard.Owner("main", moved, 3) != 1; g++ {
		moved = fmt.Sprint("group-", g)
	}
	f := newFleet(3)
	steps := func() {
		for range 40 {
			for i := range f.leaders {
				f.step(i)
			}
		}
	}
	f.begin(shard.Shard{Index: 0, Of: 1})
	steps()
	f.begin(shard.Shard{Index: 1, Of: 3})
	f.begin(shard.Shard{Index: 2, Of: 3})
	steps()
	if got := f.owners(moved); len(got) != 1 || got[0] != 0 {
		t.Errorf("while shard 0 is the only one by its flag, the group is of %v", got)
	}
	f.leases[0].Live = false
	f.begin(shard.Shard{Index: 0, Of: 3}) // its successor goes on as the only one
	if f.leases[0].Of != 1 {
		t.Errorf("the successor claims %d", f.leases[0].Of)
	}
	steps()
	if got := f.owners(moved); len(got) != 1 || got[0] != 1 {
		t.Errorf("of three shards, the group is of %v", got)
	}
	if shard.Gone(2, f.plain()) {
		t.Error("of three shards, the last one may end")
	}
	f.begin(shard.Shard{Index: 0, Of: 2})
	f.begin(shard.Shard{Index: 1, Of: 2})
	steps()
	if !shard.Gone(2, f.plain()) {
		t.Errorf("two shards have the new division, and the third does not end: %+v", f.leases)
	}
	f.leaders[2], f.leases[2].Live = nil, false
	steps()
	for g := range 40 {
		if got := f.owners(fmt.Sprint("group-", g)); len(got) != 1 {
			t.Errorf("of two shards, group-%d is of %v", g, got)
		}
	}
}
