package lag

import (
	"sort"
	"time"
)

// endHistory remembers the end of a partition's log at many times, to know how old the record at an offset is.
//
// It holds at most maxPoints points (1.5 KiB per partition). When it is full it is thinned: the distance between
// two points may be up to a twelfth of their age, so the error of a time lag is at most that.
//
//	polled every 10 s, with records each time: a point every 10 s for the last 2 min, every 5 min an hour ago
//
// The first point may be a seed: an end from before the first poll, as the leader told it. How the log grew between it and the
// first poll is not known, so for records of that stretch it only gives a bound.
type endHistory struct {
	points []endOffset
	margin time.Duration // what the time of the seed may be wrong by; 0: the first point is no seed
}

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
	if h.topics == nil {
		h.topics, h.groups = map[string]*topicEnds{}, map[string]*groupHistory{}
	}
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
	for _, past := range s.Past {
		if ends, ok := h.topics[past.Topic]; ok && int(past.Partition) < len(ends.partitions) {
			ends.partitions[past.Partition].seed(past)
		}
	}
}

// seed puts an end from before the first poll in front.
func (h *endHistory) seed(past PastEnd) {
	if n := len(h.points); n == 0 || n == maxPoints || past.At >= h.points[0].at || past.End > h.points[0].end {
		return
	}
	h.points = append([]endOffset{{past.At, past.End}}, h.points...)
	h.margin = max(past.Margin, time.Millisecond)
}

// bound is the time lag at an offset below the end, where only the seed says something of it.
//
//	the end was 100 a minute ago, as the leader says, and 400 in the first poll; a margin of 1 s
//
//	offset  time lag
//	50      at least 59 s
//	100     at most 61 s
//	400     it was appended since the first poll: see age
func (h *endHistory) bound(offset int64) (TimeLag, bool) {
	n := len(h.points)
	if h.margin == 0 || n < 2 || offset >= h.points[1].end {
		return TimeLag{}, false
	}
	since := time.Duration(h.points[n-1].at-h.points[0].at) * time.Millisecond
	if offset < h.points[0].end {
		return NewTimeLag(max(0, (since-h.margin).Seconds()), true), true
	}
	return TimeLagAtMost((since + h.margin).Seconds()), true
}

// add notes the end offset seen at a time. A log that got shorter was truncated or recreated: the
// points before that are dropped.
func (h *endHistory) add(at, end int64) {
	n := len(h.points)
	if n > 0 && end < h.points[n-1].end {
		h.points, n, h.margin = h.points[:0], 0, 0
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
		h.margin = 0
		h.points = append(h.points[:0], h.points[i:]...)
	}
}

// readings are the points that polls have read: how the log grew between a seed and the first poll is not known.
func (h *endHistory) readings() []endOffset {
	if h.margin > 0 {
		return h.points[1:]
	}
	return h.points
}

// firstFrom is the place of the first reading that is not before a time. Most times that are asked for are among the last readings.
func firstFrom(read []endOffset, at int64) int {
	const last = 8
	k := len(read)
	for k > 0 && len(read)-k < last && read[k-1].at >= at {
		k--
	}
	if len(read)-k < last {
		return k
	}
	return sort.Search(k, func(i int) bool { return read[i].at >= at })
}

// endAt is the end of the log at a time before the last reading, interpolated; ok is false before the first one.
func (h *endHistory) endAt(at int64) (end int64, ok bool) {
	read := h.readings()
	k := firstFrom(read, at)
	switch {
	case k < len(read) && read[k].at == at:
		return read[k].end, true
	case k == 0 || k == len(read):
		return 0, false
	}
	before, after := read[k-1], read[k]
	share := float64(at-before.at) / float64(after.at-before.at)
	return before.end + int64(share*float64(after.end-before.end)), true
}

// age is the [Age] of the record at an offset.
func (h *endHistory) age(offset int64) (age time.Duration, atLeast, ok bool) {
	return Age(offset, len(h.points), func(i int) (time.Duration, int64, bool) {
		p := h.points[i]
		return time.Duration(p.at) * time.Millisecond, p.end, true
	})
}
