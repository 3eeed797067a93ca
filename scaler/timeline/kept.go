package timeline

import (
	"encoding/binary"
	"iter"
	"slices"
	"time"
)

// kept are decisions or rebalances with the precision with which they are saved, the newest first: one list of bytes, of 6 or 7 for each
// instead of 60. Each is as many numbers as one has when it is saved, see MarshalJSON; the first is how many seconds it was before the one
// that came later, and of the newest its Unix time below 0. It is replaced, never changed.
type kept []byte

// all are the numbers of all, the newest first. They are good until the next ones.
func (k kept) all(numbers int) iter.Seq[[]int64] {
	return func(yield func([]int64) bool) {
		var list [ofDecision]int64
		at := int64(0)
		for len(k) > 0 {
			for i := range numbers {
				v, n := binary.Varint(k)
				list[i], k = v, k[n:]
			}
			at -= list[0]
			if list[0] = at; !yield(list[:numbers]) {
				return
			}
		}
	}
}

// keep replaces all decisions and rebalances.
func (t *Timeline) keep(decisions []Decision, rebalances []Rebalance) {
	t.names = names(decisions, rebalances)
	place := func(name string) int64 {
		i, _ := slices.BinarySearch(t.names, name)
		return int64(i)
	}
	var raw []byte
	add := func(later, at int64, numbers ...int64) int64 {
		raw = binary.AppendVarint(raw, later-at)
		for _, v := range numbers {
			raw = binary.AppendVarint(raw, v)
		}
		return at
	}
	later := int64(0)
	for _, d := range slices.Backward(decisions) {
		advised := int64(0)
		if d.Advised {
			advised = 1
		}
		later = add(later, unix(d.At), int64(d.From), int64(d.To), place(d.Reason), advised)
	}
	t.decisions, raw, later = slices.Clone(raw), raw[:0], 0
	for _, r := range slices.Backward(rebalances) {
		later = add(later, unix(r.End), r.Took.Milliseconds(), place(r.Cause), place(r.Group))
	}
	t.rebalances = slices.Clone(raw)
}

// decision is one of decisions.
func (t *Timeline) decision(v []int64) Decision {
	return Decision{time.Unix(v[0], 0).UTC(), int32(v[1]), int32(v[2]), t.names[v[3]], v[4] != 0}
}

// rebalance is one of rebalances.
func (t *Timeline) rebalance(v []int64) Rebalance {
	return Rebalance{t.names[v[3]], time.Unix(v[0], 0).UTC(), time.Duration(v[1]) * time.Millisecond, t.names[v[2]]}
}

// allDecisions are those that are kept, the oldest first.
func (t *Timeline) allDecisions() []Decision { return oldestFirst(t.decisions, ofDecision, t.decision) }

// allRebalances are those that are kept, the oldest first.
func (t *Timeline) allRebalances() []Rebalance {
	return oldestFirst(t.rebalances, ofRebalance, t.rebalance)
}

// oldestFirst are all that are kept, of so many numbers each.
func oldestFirst[T any](k kept, numbers int, one func([]int64) T) []T {
	all := make([]T, 0, most+1)
	for v := range k.all(numbers) {
		all = append(all, one(v))
	}
	slices.Reverse(all)
	return all
}
