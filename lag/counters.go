package lag

import "slices"

// counters are the sums of a group's movements. They only grow.
type counters struct{ consumed, produced, lost, rewinds uint64 }

// topicState is what was last known of a group's partitions of one topic, in the order of their numbers: after a poll that could not
// read a partition, the next one is compared with the one before. As long as each poll reads what the one before knew, it is the list of
// the last Snapshot, so that a million partitions take no memory of their own.
type topicState struct {
	id         [16]byte
	partitions []PartitionLag // never changed: it may be that of a Snapshot
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
		state.add(&d, topic)
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

// add adds the movements since what was last known, and takes over what is known now.
func (t *topicState) add(d *counters, topic *TopicLag) {
	now, last, k, all := topic.Partitions, t.partitions, 0, true
	for i := range now {
		for k < len(last) && last[k].Partition < now[i].Partition {
			k, all = k+1, false // it was there before
		}
		if k == len(last) || last[k].Partition != now[i].Partition {
			continue
		}
		d.add(&now[i], &last[k], topic.Orphaned)
		all = all && now[i].Known.Has(last[k].Known)
		k++
	}
	if all && k == len(last) {
		t.partitions = now
		return
	}
	t.partitions = merge(last, now)
	if len(t.partitions) > 2*len(now)+mostAbsent {
		t.partitions = now
	}
}

// merge is what is known of each partition of both lists, by the later one that knows it.
func merge(last, now []PartitionLag) []PartitionLag {
	all := make([]PartitionLag, 0, max(len(last), len(now)))
	for i := range now {
		for len(last) > 0 && last[0].Partition < now[i].Partition {
			all, last = append(all, last[0]), last[1:]
		}
		p := now[i]
		if len(last) > 0 && last[0].Partition == p.Partition {
			p.complete(&last[0])
			last = last[1:]
		}
		all = append(all, p)
	}
	return append(all, last...)
}

// complete fills in offsets that were not read, as they were.
func (p *PartitionLag) complete(last *PartitionLag) {
	if !p.Known.Has(KnownStart) {
		p.Start = last.Start
	}
	if !p.Known.Has(KnownCommitted) {
		p.Committed = last.Committed
	}
	if !p.Known.Has(KnownEnd) {
		p.End = last.End
	}
	p.Known |= last.Known
}

// find is the place of a partition. Most topics have all of theirs, in order.
func (t *topicState) find(n int32) (at int, ok bool) {
	if n >= 0 && int(n) < len(t.partitions) && t.partitions[n].Partition == n {
		return int(n), true
	}
	return slices.BinarySearchFunc(t.partitions, n, comparePartition)
}

// add adds one partition's movements since what was last known of it.
func (d *counters) add(p, last *PartitionLag, orphaned bool) {
	both := p.Known & last.Known
	if both.Has(KnownEnd) && !orphaned {
		n, _ := Progress(last.End, p.End)
		d.produced += uint64(n)
	}
	if both.Has(KnownStart) && p.Lost() > 0 {
		n, _ := Progress(max(p.Committed, last.Start), p.Start)
		d.lost += uint64(n)
	}
	if both.Has(KnownCommitted) {
		n, ok := Progress(last.Committed, p.Committed)
		d.consumed += uint64(n)
		if !ok {
			d.rewinds++
		}
	}
}
