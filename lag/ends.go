package lag

import (
	"sort"
	"time"
)

// A ring remembers when the end of a partition's log stood where, to tell how old the record at an offset is.
//
// It holds at most ringPoints points (1.5 KiB a partition). When it is full it is thinned: the older a point, the
// farther it may lie from the next, up to a twelfth of its age, so that a time lag is off by at most that.
//
//	polled each 10 s, changing each time: the last 2 min at 10 s, an hour ago at 5 min, up to ringWindow
type ring struct{ points []point }

type point struct {
	at  int64 // Unix milliseconds
	end int64
}

const (
	ringPoints = 96
	ringWindow = 2 * 60 * 60 * 1000 // ms
)

// add notes the end offset seen at a time. A log that got shorter was truncated or recreated: what was
// remembered of it is no longer true.
func (r *ring) add(at, end int64) {
	n := len(r.points)
	if n > 0 && end < r.points[n-1].end {
		r.points, n = r.points[:0], 0
	}
	if n > 0 && at <= r.points[n-1].at {
		return
	}
	if n > 1 && r.points[n-1].end == end && r.points[n-2].end == end {
		r.points[n-1].at = at // a flat stretch is its two ends
		return
	}
	if n == ringPoints {
		r.thin()
	}
	r.points = append(r.points, point{at: at, end: end})
	r.forget(at - ringWindow)
}

func (r *ring) thin() {
	newest := r.points[len(r.points)-1].at
	kept := r.points[:1]
	for i := 1; i < len(r.points)-1; i++ {
		next := r.points[i+1].at
		if next-kept[len(kept)-1].at > (newest-next)/12 {
			kept = append(kept, r.points[i])
		}
	}
	r.points = append(kept, r.points[len(r.points)-1])
}

func (r *ring) forget(before int64) {
	i := 0
	for i < len(r.points)-2 && r.points[i+1].at < before {
		i++
	}
	if i > 0 {
		r.points = append(r.points[:0], r.points[i:]...)
	}
}

// appended is when the record at offset was appended, in Unix milliseconds, interpolated between the two times
// around it; atLeast says that it lies before everything remembered. ok is false if the log does not hold it yet,
// or if too little is remembered to say anything.
func (r *ring) appended(offset int64) (at int64, atLeast, ok bool) {
	i := sort.Search(len(r.points), func(i int) bool { return r.points[i].end > offset })
	switch {
	case i == len(r.points):
		return 0, false, false
	case i == 0:
		return r.points[0].at, true, r.points[len(r.points)-1].at-r.points[0].at >= youngest
	}
	a, b := r.points[i-1], r.points[i]
	share := float64(offset-a.end) / float64(b.end-a.end)
	return a.at + int64(share*float64(b.at-a.at)), false, true
}

// youngest is how long a history must be, in ms, before "at least as old as the history" says something.
const youngest = 60_000

type topicPast struct {
	id         [16]byte
	partitions []ring
	seen       time.Time
}

func (h *History) addEnds(s *Snapshot) {
	for i := range s.Topics {
		t := &s.Topics[i]
		past, ok := h.topics[t.Name]
		if !ok || past.id != t.ID {
			past = &topicPast{id: t.ID}
			h.topics[t.Name] = past
		}
		past.seen = s.At
		if n := len(t.Partitions); n > len(past.partitions) {
			past.partitions = append(past.partitions, make([]ring, n-len(past.partitions))...)
		}
		for p := range t.Partitions {
			if read := &t.Partitions[p]; read.Known.Has(KnownEnd) {
				past.partitions[p].add(read.At, read.End)
			}
		}
	}
}
