package lag

import "time"

const (
	// StallAfter is for how long records must wait at a committed offset that does not move before the partition counts
	// as stalled: several polls, and longer than the slowest usual commit interval (60 s, of Kafka Connect).
	StallAfter = 120 * time.Second

	// MaxResidue is how many offsets may stay between the position and the end of the log for ever, when there is
	// nothing left to read: a commit marker and an abort marker of transactions.
	MaxResidue = 2
)

// StandsStill reports whether a position has not moved between two readings, though more records wait at it than the
// residue, which nobody will ever read.
//
//	position then  now  waiting  residue
//	50             50   40       2        stands still
//	50             60   30       2        moves
//	50             40   60       2        moves: a rewind is not a stall
//	98             98   2        2        nothing to read: two transaction markers
func StandsStill(then, now, waiting, residue int64) bool { return now == then && waiting > residue }

// Stalled reports whether a partition is stalled: a member owns it, more records than the residue wait, and it has stood
// still, see [StandsStill], for at least a time: [StallAfter], or longer where consumers are known to commit rarely.
// A partition that nobody owns is not stalled; it has no consumer.
func Stalled(owned bool, waiting, residue int64, still, after time.Duration) bool {
	return owned && waiting > residue && still >= after
}

// stalled counts the group's partitions that are stalled.
func (p *groupHistory) stalled(g *GroupLag) int {
	n := 0
	now := g.ReadAt.UnixMilli()
	for t := range g.Topics {
		topic := &g.Topics[t]
		known, ok := p.topics[topic.Topic]
		if topic.Orphaned || !ok {
			continue
		}
		for i := range topic.Partitions {
			part := &topic.Partitions[i]
			waiting, ok := part.Lag()
			still := time.Duration(now-known.partitions[part.Partition].stillSince) * time.Millisecond
			if ok && Stalled(part.Owner >= 0, waiting, MaxResidue, still, StallAfter) {
				n++
			}
		}
	}
	return n
}
