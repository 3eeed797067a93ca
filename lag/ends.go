package lag

import "time"

// endHistory remembers the end of a partition's log at many times, to know how old the record at an offset is.
//
// It holds at most maxPoints points (1.5 KiB per partition). When it is full it is thinned: the distance between
// two points may be up to a twelfth of their age, so the error of a time lag is at most that.
//
//	polled every 10 s, with records each time: a point every 10 s for the last 2 min, every 5 min an hour ago
type endHistory struct{ points []endOffset }

type endOffset struct {
	at  int64 // Unix milliseconds
	end int64
}

const (
	maxPoints = 96
	keepEnds  = 2 * time.Hour
)

// topicEnds remembers the ends of a topic's partitions.
type topicEnds struct {
	id         [16]byte
	partitions []endHistory
	seen       time.Time
}

func (h *History) addEnds(s *Snapshot) {
	for i := range s.Topics {
		t := &s.Topics[i]
		ends, ok := h.topics[t.Name]
		if !ok || ends.id != t.ID {
			ends = &topicEnds{id: t.ID}
			h.topics[t.Name] = ends
		}
		ends.seen = s.At
		if n := len(t.Partitions); n > len(ends.partitions) {
			ends.partitions = append(ends.partitions, make([]endHistory, n-len(ends.partitions))...)
		}
		for p := range t.Partitions {
			if read := &t.Partitions[p]; read.Known.Has(KnownEnd) {
				ends.partitions[p].add(read.At, read.End)
			}
		}
	}
}

// add notes the end offset seen at a time. A log that got shorter was truncated or recreated: the
// points before that are dropped.
func (h *endHistory) add(at, end int64) {
	n := len(h.points)
	if n > 0 && end < h.points[n-1].end {
		h.points, n = h.points[:0], 0
	}
	if n > 0 && at <= h.points[n-1].at {
		return
	}
	if n > 1 && h.points[n-1].end == end && h.points[n-2].end == end {
		h.points[n-1].at = at // the first and the last point of a stretch without records are enough
		return
	}
	if n == maxPoints {
		h.thin()
	}
	h.points = append(h.points, endOffset{at: at, end: end})
	h.forget(at - keepEnds.Milliseconds())
}

func (h *endHistory) thin() {
	newest := h.points[len(h.points)-1].at
	kept := h.points[:1]
	for i := 1; i < len(h.points)-1; i++ {
		next := h.points[i+1].at
		if next-kept[len(kept)-1].at > (newest-next)/12 {
			kept = append(kept, h.points[i])
		}
	}
	h.points = append(kept, h.points[len(h.points)-1])
}

func (h *endHistory) forget(before int64) {
	i := 0
	for i < len(h.points)-2 && h.points[i+1].at < before {
		i++
	}
	if i > 0 {
		h.points = append(h.points[:0], h.points[i:]...)
	}
}

// age is the [Age] of the record at an offset.
func (h *endHistory) age(offset int64) (age time.Duration, atLeast, ok bool) {
	return Age(offset, len(h.points), func(i int) (time.Duration, int64, bool) {
		p := h.points[i]
		return time.Duration(p.at) * time.Millisecond, p.end, true
	})
}
