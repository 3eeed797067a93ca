package rebalancemon

// baseline is the last generation or epoch that a poll told, and how many rebalances were counted since beyond it.
//
//	poll   told                    counted by states   owed   ahead
//	1      7                       -                   -      0
//	2      - (every member new)    2                   0      2
//	3      10                      1                   0      0       10 - 7 = 2 + 1
//	4      12                      1                   1      0       one was too short for the sampler
type baseline struct {
	known bool
	count int32 // generation or epoch
	ahead int   // rebalances counted that no generation has told yet
	early int   // rebalances published since the last poll, for want of one
}

// owed is how many rebalances a poll shows beyond the seen ones, given whether its members or assignments differ from
// those of the poll before. It moves the baseline to this poll.
func (b *baseline) owed(v *view, seen int, differs bool) int {
	seen += b.early
	owed := 0
	if b.known && v.counted && v.count >= b.count {
		owed = max(0, int(v.count-b.count)-b.ahead-seen)
	}
	// A derived generation may lie behind (a static member that is away keeps its old subscription), but within
	// one generation neither members nor assignments change. An epoch never lies behind.
	exact := v.epochs && v.counted
	if differs && seen == 0 && owed == 0 && !exact {
		owed = 1
	}
	total := b.ahead + seen + owed
	b.early = 0
	switch {
	case !v.counted:
		b.ahead = total
	case !b.known || v.count < b.count: // first told, or the group was deleted and made anew
		b.known, b.count, b.ahead = true, v.count, 0
	default:
		b.ahead = max(0, total-int(v.count-b.count))
		b.count = v.count
	}
	return owed
}
