package rebalancemon

import "time"

// baseline is the last generation or epoch that a poll returned, and how many rebalances were counted since beyond it.
//
//	poll   returned                counted by states   unseen   ahead
//	1      7                       -                   -      0
//	2      - (every member new)    2                   0      2
//	3      10                      1                   0      0       10 - 7 = 2 + 1
//	4      12                      1                   1      0       one was too short for the sampler
type baseline struct {
	known          bool
	generation     int32 // or epoch
	ahead          int   // rebalances counted that no generation has shown yet
	publishedEarly int   // rebalances published since the last poll, because none came in time
}

// unseen is how many rebalances a poll shows beyond the seen ones, given whether its members or assignments differ from
// those of the poll before. It moves the baseline to this poll.
func (b *baseline) unseen(v *membership, seen int, differs bool) int {
	seen += b.publishedEarly
	unseen := 0
	if b.known && v.generationKnown && v.generation >= b.generation {
		unseen = max(0, int(v.generation-b.generation)-b.ahead-seen)
	}
	// A derived generation may lie behind (a static member that is away keeps its old subscription), but within
	// one generation neither members nor assignments change. An epoch never lies behind.
	exact := v.epochs && v.generationKnown
	if differs && seen == 0 && unseen == 0 && !exact {
		unseen = 1
	}
	total := b.ahead + seen + unseen
	b.publishedEarly = 0
	switch {
	case !v.generationKnown:
		b.ahead = total
	case !b.known || v.generation < b.generation: // the first, or the group was deleted and created again
		b.known, b.generation, b.ahead = true, v.generation, 0
	default:
		b.ahead = max(0, total-int(v.generation-b.generation))
		b.generation = v.generation
	}
	return unseen
}

// assignCounts adds unseen rebalances to episodes: one to each that has none yet, the others to remainder.
// It returns the episodes that this poll confirms.
func assignCounts(targets []*episode, unseen int, remainder *episode) []*episode {
	counts := make([]int, len(targets))
	for i, e := range targets {
		if e.count == 0 && unseen > 0 {
			counts[i] = 1
			unseen--
		}
	}
	var confirmed []*episode
	for i, e := range targets {
		if e == remainder {
			counts[i] += unseen
		}
		e.count += counts[i]
		if e.proven || counts[i] > 0 || e.count > 0 && e.reason.cause == "" {
			confirmed = append(confirmed, e)
		}
	}
	return confirmed
}

// episodeForRemainder is the episode that gets the rebalances which no sample saw one by one: the longest, and among those that
// took about as long the last; under a cooperative assignor the first, since a join takes two rebalances there and a leave
// one.
func episodeForRemainder(targets []*episode, p Protocol) *episode {
	const alike = 500 * time.Millisecond
	var best *episode
	for _, e := range targets {
		if best == nil {
			best = e
			continue
		}
		longer := e.last.Sub(e.start) - best.last.Sub(best.start)
		if longer > alike || longer >= -alike && p != Cooperative {
			best = e
		}
	}
	return best
}

// assignGenerations sets the generation after each episode, counted back from the one that the poll returned.
func assignGenerations(confirmed []*episode, v *membership) {
	if !v.generationKnown {
		return
	}
	n := v.generation
	for i := len(confirmed) - 1; i >= 0; i-- {
		confirmed[i].generation = n
		n -= int32(confirmed[i].count)
	}
}
