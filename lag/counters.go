package lag

import (
	"cmp"
	"slices"
)

// counters are the sums of a group's movements. They only grow.
type counters struct{ consumed, produced, lost, rewinds uint64 }

// topicState is the offsets of a group's partitions of one topic when they were last read.
type topicState struct {
	id         [16]byte
	partitions []partitionState // in the order of their numbers
}

// partitionState is what was last known of a partition: after a poll that could not read it, the next one is compared
// with the one before.
type partitionState struct {
	start, committed, end int64
	partition             int32
	known                 Known
}

// compare walks the group's partitions beside what was last known of each, and sums up the movements.
func (p *groupHistory) compare(g *GroupLag) counters {
	var d counters
	if p.topics == nil || len(p.topics) > len(g.Topics) {
		p.keepTopics(g)
	}
	for t := range g.Topics {
		topic := &g.Topics[t]
		state, ok := p.topics[topic.Topic]
		switch {
		case !ok:
			state = &topicState{id: topic.ID}
			p.topics[topic.Topic] = state
		case state.id != topic.ID: // recreated: nothing before it counts
			d.rewinds++
			state.id, state.partitions = topic.ID, nil
		}
		state.include(topic.Partitions)
		k := 0
		for i := range topic.Partitions {
			part := &topic.Partitions[i]
			for state.partitions[k].partition != part.Partition {
				k++
			}
			d.add(part, &state.partitions[k], topic.Orphaned)
		}
	}
	return d
}

func (p *groupHistory) keepTopics(g *GroupLag) {
	kept := make(map[string]*topicState, len(g.Topics))
	for i := range g.Topics {
		if state, ok := p.topics[g.Topics[i].Topic]; ok {
			kept[g.Topics[i].Topic] = state
		}
	}
	p.topics = kept
}

// mostAbsent is how many partitions of a topic are remembered beyond twice those that are there: their numbers come from brokers.
const mostAbsent = 1000

// include makes a state for each of the partitions, which are in the order of their numbers, beside those that it has.
func (t *topicState) include(now []PartitionLag) {
	if t.has(now) {
		return
	}
	known := t.partitions
	for i := range now {
		n := now[i].Partition
		if _, found := slices.BinarySearchFunc(known, n, compareState); !found {
			t.partitions = append(t.partitions, partitionState{partition: n})
		}
	}
	slices.SortFunc(t.partitions, func(a, b partitionState) int { return cmp.Compare(a.partition, b.partition) })
	if len(t.partitions) > 2*len(now)+mostAbsent {
		t.partitions = slices.DeleteFunc(t.partitions, func(s partitionState) bool { return !lists(now, s.partition) })
	}
}

// find is the place of a partition. Most topics have all of theirs, in order.
func (t *topicState) find(n int32) (at int, ok bool) {
	if n >= 0 && int(n) < len(t.partitions) && t.partitions[n].partition == n {
		return int(n), true
	}
	return slices.BinarySearchFunc(t.partitions, n, compareState)
}

func compareState(s partitionState, n int32) int { return cmp.Compare(s.partition, n) }

// has reports whether there is a state for each of the partitions: the usual case.
func (t *topicState) has(now []PartitionLag) bool {
	k := 0
	for i := range now {
		for k < len(t.partitions) && t.partitions[k].partition < now[i].Partition {
			k++
		}
		if k == len(t.partitions) || t.partitions[k].partition != now[i].Partition {
			return false
		}
	}
	return true
}

func lists(now []PartitionLag, partition int32) bool {
	_, found := slices.BinarySearchFunc(now, partition, comparePartition)
	return found
}

// add adds one partition's movements since its last state, and replaces the state.
func (d *counters) add(p *PartitionLag, last *partitionState, orphaned bool) {
	both := p.Known & last.known
	if both.Has(KnownEnd) && !orphaned {
		n, _ := Progress(last.end, p.End)
		d.produced += uint64(n)
	}
	if both.Has(KnownStart) && p.Lost() > 0 {
		n, _ := Progress(max(p.Committed, last.start), p.Start)
		d.lost += uint64(n)
	}
	if both.Has(KnownCommitted) {
		n, ok := Progress(last.committed, p.Committed)
		d.consumed += uint64(n)
		if !ok {
			d.rewinds++
		}
	}
	last.replace(p)
}

// replace takes over what is now known of the partition.
func (s *partitionState) replace(p *PartitionLag) {
	if p.Known.Has(KnownStart) {
		s.start = p.Start
	}
	if p.Known.Has(KnownCommitted) {
		s.committed = p.Committed
	}
	if p.Known.Has(KnownEnd) {
		s.end = p.End
	}
	s.known |= p.Known
}
