package sim

import "slices"

// Assignor assigns a topic's partitions to members, by the real algorithms, for one topic.
type Assignor string

// The assignors, as Kafka names them.
const (
	Range             Assignor = "range"
	RoundRobin        Assignor = "roundrobin"
	CooperativeSticky Assignor = "cooperative-sticky"
)

// nobody owns a partition that no member has.
const nobody = -1

// assign returns the owner of each partition. Members are named by their pod's number; before is the previous owner.
//
//	8 partitions, 3 members:  range 0 0 0 1 1 1 2 2   roundrobin 0 1 2 0 1 2 0 1
//	                          sticky: as before, as long as no member has two more than another
func (a Assignor) assign(partitions int, members []int, before []int) []int {
	owners := make([]int, partitions)
	if len(members) == 0 {
		for p := range owners {
			owners[p] = nobody
		}
		return owners
	}
	switch a {
	case RoundRobin:
		for p := range owners {
			owners[p] = members[p%len(members)]
		}
	case CooperativeSticky:
		copy(owners, sticky(partitions, members, before))
	default:
		each, more := partitions/len(members), partitions%len(members)
		for p, m, left := 0, 0, 0; p < partitions; p++ {
			if left == 0 {
				left = each
				if m < more {
					left++
				}
				m++
			}
			owners[p] = members[m-1]
			left--
		}
	}
	return owners
}

// sticky keeps what can be kept: every member keeps its partitions up to its fair share, and the rest goes to those
// with the fewest.
func sticky(partitions int, members, before []int) []int {
	owners := slices.Clone(before)
	have := map[int]int{}
	each, more := partitions/len(members), partitions%len(members)
	for p, m := range owners {
		limit := each
		if more > 0 {
			limit++
		}
		if m == nobody || !slices.Contains(members, m) || have[m] >= limit {
			owners[p] = nobody
			continue
		}
		have[m]++
		if have[m] == each+1 {
			more--
		}
	}
	for p := range owners {
		if owners[p] != nobody {
			continue
		}
		least := members[0]
		for _, m := range members {
			if have[m] < have[least] {
				least = m
			}
		}
		owners[p] = least
		have[least]++
	}
	return owners
}
