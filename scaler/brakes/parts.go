package brakes

import "math"

// Part is what one of several shards has of a number of a limit. The parts of all shards add up to the limit at most, or to what is used
// if that is more.
type Part struct {
	Has  int32 // it may use so much; more than Uses is used only after the other parts were read
	Uses int32
	Asks int32 // so much more do its scalers ask for
}

// Parts are what one shard has of a limit.
type Parts struct {
	Added    Part // replicas within AddedIn
	Replicas Part // in all
	Down     Part // scalers that step down
	Acting   int32
}

// Fair is what each shard should have of a number: what it uses, and of the rest as much as it asks for; what nobody asks for is shared
// out evenly. If all ask for more than there is, each gets the same share of what it asks for. The result depends on nothing else, so
// that all shards find the same.
//
//	12, three shards     uses 4, asks 0    uses 0, asks 6    uses 2, asks 0
//	has                  4                 6                 2
//	12                   uses 0, asks 0    uses 0, asks 0    uses 0, asks 0
//	has                  4                 4                 4
//	12                   uses 4, asks 9    uses 0, asks 3    uses 2, asks 0
//	has                  9                 1                 2
func Fair(limit int32, parts []Part) []int32 {
	uses, asks, rest := make([]int64, len(parts)), make([]int64, len(parts)), make([]int64, len(parts))
	for i, p := range parts {
		uses[i], asks[i], rest[i] = int64(max(0, p.Uses)), int64(max(0, p.Asks)), math.MaxInt32
	}
	has, left := make([]int32, len(parts)), int64(max(0, limit))
	for _, wanted := range [][]int64{uses, asks, rest} {
		for i, n := range split(left, wanted) {
			has[i] += bounded(n)
			left -= n
		}
	}
	return has
}

// split gives each what it wants, or the same share of that; what is left of the division goes to the first ones that want more.
func split(n int64, wanted []int64) []int64 {
	all := int64(0)
	for _, w := range wanted {
		all += w
	}
	given := make([]int64, len(wanted))
	left := min(n, all)
	for i, w := range wanted {
		if given[i] = w; all > n {
			given[i] = w * n / all
		}
		left -= given[i]
	}
	for i := range given {
		if left > 0 && given[i] < wanted[i] {
			given[i]++
			left--
		}
	}
	return given
}

// Next is what a shard writes that it has: what is fair, as far as the others have left it by what they have written. own is its own part
// among parts. It is less than before at once, but never less than what is used: that runs on, and nobody else may have it.
func Next(limit int32, own int, parts []Part) int32 {
	return max(parts[own].Uses, min(Fair(limit, parts)[own], Usable(limit, own, parts, math.MaxInt32)))
}

// Usable is what a shard may use of what it has written that it has: the parts of the others were read after that was written.
func Usable(limit int32, own int, parts []Part, written int32) int32 {
	free := int64(limit)
	for i, p := range parts {
		if i != own {
			free -= int64(p.Has)
		}
	}
	return bounded(max(0, min(free, int64(written))))
}

// Steppers is how many of so many acting scalers may step down at once.
func (l *Limit) Steppers(acting int32) int32 { return bounded(int64(l.stepping(int(acting)))) }

// Needs says what the scalers of a round use and ask for of each limit, by its name. It is asked after [Ledger.Share], so that what was
// cut is asked for as long as it is remembered.
func (l *Ledger) Needs(r Round) map[string]Parts {
	s := l.begin(&r)
	sizes := map[string]int32{}
	for i := range r.Members {
		sizes[r.Members[i].Name] = l.size(&r.Members[i], r.Now)
	}
	needs := map[string]Parts{}
	for _, m := range s.rooms {
		needs[m.Limit.Name] = Parts{
			Added: Part{Uses: m.AddedPerMinute}, Replicas: Part{Uses: m.Replicas}, Down: Part{Uses: bounded(int64(m.SteppingDown))}, Acting: m.acting,
		}
	}
	for _, a := range s.asks {
		for _, m := range s.of[a.Name] {
			n := needs[m.Limit.Name]
			if a.To > a.From {
				n.Added.Asks += max(0, a.To-a.From-l.repeated(a.Name, a.From, a.To, r.Now))
				n.Replicas.Asks += max(0, a.To-max(a.From, sizes[a.Name]))
			} else if !m.stepping[a.Name] {
				n.Down.Asks++
			}
			needs[m.Limit.Name] = n
		}
	}
	return needs
}

// bounded is a number as the parts have it, which are far below its bounds.
func bounded(n int64) int32 { return int32(min(max(n, math.MinInt32), math.MaxInt32)) }
