package lag

type counters struct{ consumed, produced, lost, rewinds uint64 }

// partition adds one partition's movement since its mark, and moves the mark.
func (d *counters) partition(p *PartitionLag, m *mark, orphaned bool, now int64) {
	both := p.Known & m.known
	if both.Has(KnownEnd) && !orphaned {
		d.produced += uint64(max(0, p.End-m.end))
	}
	if both.Has(KnownStart) && p.Lost() > 0 {
		d.lost += uint64(max(0, p.Start-max(p.Committed, m.start)))
	}
	if both.Has(KnownCommitted) {
		d.consumed += uint64(max(0, p.Committed-m.committed))
		if p.Committed < m.committed {
			d.rewinds++
		}
	}
	waiting, ok := p.Lag()
	if m.calm == 0 || !both.Has(KnownCommitted) || p.Committed != m.committed || ok && waiting <= residualLag {
		m.calm = now
	}
	if p.Known.Has(KnownStart) {
		m.start = p.Start
	}
	if p.Known.Has(KnownCommitted) {
		m.committed = p.Committed
	}
	if p.Known.Has(KnownEnd) {
		m.end = p.End
	}
	m.known |= p.Known
}

// compare walks the group's rows beside what was last known of each partition, and sums up what moved.
func (p *groupPast) compare(g *GroupLag) counters {
	var d counters
	if p.topics == nil || len(p.topics) > len(g.Topics) {
		p.keepTopics(g)
	}
	for t := range g.Topics {
		row := &g.Topics[t]
		past, ok := p.topics[row.Topic]
		switch {
		case !ok:
			past = &topicMarks{id: row.ID}
			p.topics[row.Topic] = past
		case past.id != row.ID: // recreated: nothing before it counts
			d.rewinds++
			past.id, past.marks = row.ID, nil
		}
		if n := len(row.Partitions); n > 0 {
			past.grow(int(row.Partitions[n-1].Partition) + 1)
		}
		for i := range row.Partitions {
			part := &row.Partitions[i]
			d.partition(part, &past.marks[part.Partition], row.Orphaned, g.ReadAt.UnixMilli())
		}
	}
	return d
}

func (p *groupPast) keepTopics(g *GroupLag) {
	kept := make(map[string]*topicMarks, len(g.Topics))
	for i := range g.Topics {
		if past, ok := p.topics[g.Topics[i].Topic]; ok {
			kept[g.Topics[i].Topic] = past
		}
	}
	p.topics = kept
}

type topicMarks struct {
	id    [16]byte
	marks []mark // index is the partition
}

func (t *topicMarks) grow(n int) {
	if n > len(t.marks) {
		t.marks = append(t.marks, make([]mark, n-len(t.marks))...)
	}
}

// mark is where a partition was last seen: what one poll could not read is compared with the one before it.
type mark struct {
	start, committed, end int64
	calm                  int64 // Unix ms: last time committed moved, or nothing was waiting
	known                 Known
}
