package lag

// LagTime is how long ago the record at a committed offset was appended: the age of what is read next.
// It is interpolated from the times at which end offsets were seen.
type LagTime struct {
	seconds float32
	known   bool
	atLeast bool
}

// Value is the time lag in seconds; atLeast says that the committed offset lies before everything remembered,
// so that the truth is at least this.
func (t LagTime) Value() (seconds float64, atLeast, ok bool) {
	return float64(t.seconds), t.atLeast, t.known
}

// PartitionTime is the time lag of partition index p of topic index t of the group the Rates were made for.
func (r Rates) PartitionTime(t, p int) LagTime {
	if t >= len(r.times) || p >= len(r.times[t]) {
		return LagTime{}
	}
	return r.times[t][p]
}

// times is the time lag of every partition, and of the worst one. A partition that lags for an unknown time
// may be the worst: then the others tell a lower bound, or nothing when none of them is late.
func (h *History) times(g *GroupLag) (times [][]LagTime, worst LagTime) {
	times = make([][]LagTime, len(g.Topics))
	unknown := false
	for t := range g.Topics {
		row := &g.Topics[t]
		times[t] = make([]LagTime, len(row.Partitions))
		past := h.topics[row.Topic]
		for i := range row.Partitions {
			lt := past.time(&row.Partitions[i])
			times[t][i] = lt
			if row.Orphaned {
				continue
			}
			if lt.known && (!worst.known || lt.seconds > worst.seconds) {
				worst = lt
			}
			if n, ok := row.Partitions[i].Lag(); ok && n > 0 && !lt.known {
				unknown = true
			}
		}
	}
	if unknown && worst.seconds == 0 {
		return times, LagTime{}
	}
	worst.atLeast = worst.atLeast || unknown
	return times, worst
}

func (t *topicPast) time(p *PartitionLag) LagTime {
	lag, ok := p.Lag()
	switch {
	case !ok || p.Err != OK || p.Known.Has(KnownLag):
		return LagTime{}
	case lag == 0:
		return LagTime{known: true}
	case t == nil || int(p.Partition) >= len(t.partitions):
		return LagTime{}
	}
	past := &t.partitions[p.Partition]
	at, atLeast, ok := past.appended(max(p.Committed, p.Start))
	if !ok {
		return LagTime{}
	}
	newest := past.points[len(past.points)-1].at
	return LagTime{seconds: float32(max(0, newest-at)) / 1000, known: true, atLeast: atLeast}
}
