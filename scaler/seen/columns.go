package seen

import (
	"sort"

	"github.com/lagscaler/lagscaler/lag"
)

// Columns say which partition each of a reading's Offsets is. A topic's partitions have columns side by side.
type Columns struct {
	Topics []Topic
	Count  int
	skips  bool  // some topics have none
	tasks  []int // by column, see Tasks; nil: not computed
	units  int
}

// Topic is one topic of a group.
type Topic struct {
	Name       string
	First      int // its first column
	Partitions []int32
	Skip       bool // it has no columns: it is orphaned, or the source does not want it
	// Subtopology reads this topic in Kafka Streams. Topics of one subtopology are read by the same tasks. Empty: not known.
	Subtopology string
	orphaned    bool
}

// columnsOf gives columns to the partitions that a group consumes, as far as the source wants them; nil wants all.
func columnsOf(g *lag.GroupLag, wants func(topic string) bool) *Columns {
	c := &Columns{Topics: make([]Topic, len(g.Topics))}
	for i, read := range g.Topics {
		t := Topic{Name: read.Topic, First: c.Count, orphaned: read.Orphaned, Skip: read.Orphaned || wants != nil && !wants(read.Topic)}
		t.Subtopology, _ = g.SubtopologyOf(read.Topic)
		for _, p := range read.Partitions {
			t.Partitions = append(t.Partitions, p.Partition)
		}
		if !t.Skip {
			c.Count += len(t.Partitions)
		}
		c.Topics[i], c.skips = t, c.skips || t.Skip
	}
	c.tasks, c.units = c.Tasks()
	return c
}

// fit reports whether a poll has the same topics and partitions as the columns.
func (c *Columns) fit(g *lag.GroupLag) bool {
	if c == nil || len(c.Topics) != len(g.Topics) {
		return false
	}
	for i := range g.Topics {
		t, read := &c.Topics[i], &g.Topics[i]
		if t.Name != read.Topic || t.orphaned != read.Orphaned || len(t.Partitions) != len(read.Partitions) {
			return false
		}
		if id, _ := g.SubtopologyOf(read.Topic); id != t.Subtopology {
			return false
		}
	}
	return true
}

// read takes a poll's offsets into their columns; complete is false when a partition did not answer.
func (c *Columns) read(g *lag.GroupLag) (read []Offsets, complete bool) {
	read, complete = make([]Offsets, c.Count), true
	for i := range g.Topics {
		t := &c.Topics[i]
		if t.Skip {
			continue
		}
		partitions := g.Topics[i].Partitions
		for k := range partitions {
			read[t.First+k] = offsetsOf(&partitions[k])
			complete = complete && partitions[k].Answered()
		}
	}
	return read, complete
}

func (c *Columns) column(topic string, partition int32) (int, bool) {
	for _, t := range c.Topics {
		if t.Name != topic || t.Skip {
			continue
		}
		k := sort.Search(len(t.Partitions), func(i int) bool { return t.Partitions[i] >= partition })
		if k < len(t.Partitions) && t.Partitions[k] == partition {
			return t.First + k, true
		}
	}
	return 0, false
}

// Name is the partition of a column.
func (c *Columns) Name(column int) (topic string, partition int32) {
	for _, t := range c.Topics {
		if !t.Skip && column >= t.First && column < t.First+len(t.Partitions) {
			return t.Name, t.Partitions[column-t.First]
		}
	}
	return "", -1
}
