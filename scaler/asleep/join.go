package asleep

import (
	"slices"
	"sort"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// SourceOf joins what a poll read of a group's commits with what it read of its topics: those that the scaler names, those
// that the group committed to, and those that marks remember. rest is how many offsets after the commit of a partition are known
// not to be unread records.
func SourceOf(src *seen.Source, marks []Mark, rest func(topic string, partition int32) int64) Source {
	s := Source{Cluster: src.Cluster, Group: src.Group, Reset: src.OffsetReset, Unread: unread(src.Lag)}
	for _, name := range namesOf(src, marks) {
		s.Topics = append(s.Topics, topicOf(src, name, rest))
	}
	return s
}

// namesOf are the topics of a source, sorted. One that the group left counts only where the scaler names it.
func namesOf(src *seen.Source, marks []Mark) []string {
	wants := src.Wants()
	names := slices.Clone(src.Topics)
	add := func(name string) {
		if wants == nil || wants(name) {
			names = append(names, name)
		}
	}
	for i := range src.Ends {
		if wants != nil {
			add(src.Ends[i].Name)
		}
	}
	for _, m := range marks {
		if m.Cluster == src.Cluster && m.Group == src.Group {
			add(m.Topic)
		}
	}
	if src.Lag != nil {
		for i := range src.Lag.Topics {
			if t := &src.Lag.Topics[i]; !t.Orphaned {
				add(t.Topic)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unread is why a group's commits are not known.
func unread(g *lag.GroupLag) string {
	switch {
	case g == nil || g.ReadAt.IsZero():
		return "the group was not read yet"
	case g.Err != lag.OK:
		return "the commits of the group cannot be read: " + g.Err.String()
	case g.Missed > 0:
		return "the commits of the group cannot be read"
	}
	return ""
}

func topicOf(src *seen.Source, name string, rest func(topic string, partition int32) int64) Topic {
	t := Topic{Name: name}
	read, known := endsOf(src.Ends, name), lagOn(src.Lag, name)
	switch {
	case read != nil && read.Err != lag.OK:
		t.ID, t.Unread = read.ID, read.Err.String()
	case read != nil:
		t.ID = read.ID
		for k := range read.Partitions {
			p := partitionOf(&read.Partitions[k], commitOf(known, int32(k)))
			p.Number, p.Rest = int32(k), rest(name, int32(k))
			t.Partitions = append(t.Partitions, p)
		}
		if read.More != lag.OK { // the topic may have another partition, which is not read
			t.Partitions = append(t.Partitions, Partition{Number: int32(len(read.Partitions))})
		}
	case known != nil:
		t.ID = known.ID
		for k := range known.Partitions {
			p := partitionOf(nil, &known.Partitions[k])
			p.Number = known.Partitions[k].Partition
			p.Rest = rest(name, p.Number)
			t.Partitions = append(t.Partitions, p)
		}
	case slices.Contains(src.Absent, name):
		t.Absent = true
	default:
		t.Unread = "not read yet, or left out by the configuration"
	}
	return t
}

func endsOf(ends []lag.TopicRead, topic string) *lag.TopicRead {
	i := slices.IndexFunc(ends, func(r lag.TopicRead) bool { return r.Name == topic })
	if i < 0 {
		return nil
	}
	return &ends[i]
}

func lagOn(g *lag.GroupLag, topic string) *lag.TopicLag {
	if g == nil {
		return nil
	}
	i := slices.IndexFunc(g.Topics, func(t lag.TopicLag) bool { return t.Topic == topic })
	if i < 0 {
		return nil
	}
	return &g.Topics[i]
}

func commitOf(t *lag.TopicLag, partition int32) *lag.PartitionLag {
	if t == nil {
		return nil
	}
	i := sort.Search(len(t.Partitions), func(i int) bool { return t.Partitions[i].Partition >= partition })
	if i == len(t.Partitions) || t.Partitions[i].Partition != partition {
		return nil
	}
	return &t.Partitions[i]
}

// partitionOf is a partition with its commit. Beside a commit the end is the group's: of one that reads committed records only,
// the last stable offset.
func partitionOf(read *lag.PartitionRead, p *lag.PartitionLag) Partition {
	var out Partition
	if read != nil {
		out.Start, out.End = read.Start, read.End
		out.Read = read.Err == lag.OK && read.Known.Has(lag.KnownStart|lag.KnownEnd)
	}
	if p == nil {
		return out
	}
	committed := p.Known.Has(lag.KnownCommitted) || p.Known.Has(lag.KnownLag)
	if committed || read == nil {
		out.Start, out.End = p.Start, p.End
		out.Read = p.Known.Has(lag.KnownEnd) && (committed || p.Known.Has(lag.KnownStart))
	}
	if position, ok := p.Position(); ok && committed {
		out.Position, out.Committed = position, true
	}
	out.Read = out.Read && p.Err == lag.OK
	return out
}
