package lag

import "time"

// StallAfter is for how long a committed offset must stand still, with records waiting, to count as stalled.
const StallAfter = 120 * time.Second

// stalled counts partitions that a member holds whose offset has stood still for StallAfter with records waiting,
// more than transaction markers leave behind.
func (p *groupPast) stalled(g *GroupLag) int {
	n := 0
	limit := g.ReadAt.Add(-StallAfter).UnixMilli()
	for t := range g.Topics {
		past, ok := p.topics[g.Topics[t].Topic]
		if g.Topics[t].Orphaned || !ok {
			continue
		}
		for i := range g.Topics[t].Partitions {
			row := &g.Topics[t].Partitions[i]
			waiting, ok := row.Lag()
			if ok && waiting > residualLag && row.Owner >= 0 && past.marks[row.Partition].calm <= limit {
				n++
			}
		}
	}
	return n
}
