package asleep

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// model is a topic, a group and its only consumer, with what nobody can see: how far each partition was really read.
type model struct {
	reset seen.OffsetReset // of the scaler
	real  seen.OffsetReset // of the consumer
	id    byte
	parts []modelPartition
	awake bool
	sure  bool // the consumer commits what it reads, and its position where it begins
}

type modelPartition struct {
	start, end int64
	commit     int64 // -1: none
	read       int64 // really read, or skipped by a consumer that began after it
	position   int64 // of the running consumer
	slept      int64 // the end when the target went to zero
}

func (m *model) source() Source {
	t := topic("orders", m.id)
	for _, p := range m.parts {
		if p.commit < 0 {
			t.Partitions = append(t.Partitions, none(p.start, p.end))
		} else {
			t.Partitions = append(t.Partitions, at(p.start, p.end, p.commit))
		}
	}
	return group(m.reset, t)
}

func (m *model) start() {
	m.awake = true
	for i := range m.parts {
		p := &m.parts[i]
		switch {
		case p.commit >= p.start && p.commit <= p.end:
			p.position = p.commit
		case m.real == seen.Latest:
			p.position, p.read = p.end, p.end
		default:
			p.position = p.start
		}
		if m.sure {
			p.commit = p.position
		}
	}
}

// consume lets the consumer read to the ends: only what it reads is committed.
func (m *model) consume() {
	for i := range m.parts {
		if p := &m.parts[i]; p.end > p.position {
			p.position, p.read, p.commit = p.end, p.end, p.end
		}
	}
}

// waits are the records that the next consumer would read and nobody has; of a latest one what arrived since the zero, also
// where it will skip it.
func (m *model) waits() (n int64) {
	for _, p := range m.parts {
		from := max(p.start, p.read)
		if m.real == seen.Latest && p.commit < 0 {
			from = max(from, p.slept)
		}
		n += max(0, p.end-from)
	}
	return n
}

// Nothing is asleep while records wait that nobody read, and nothing flaps: what wakes is bounded by what arrived. Topics are
// made anew, partitions added, commits expire, retention works; the scaler restarts and goes on from what was saved.
func TestNothingSleepsThroughAndNothingFlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{id: 1, sure: rapid.Bool().Draw(t, "commits positions")}
		m.real = rapid.SampledFrom([]seen.OffsetReset{seen.Earliest, seen.Latest}).Draw(t, "consumer")
		m.reset = rapid.SampledFrom([]seen.OffsetReset{m.real, ""}).Draw(t, "said")
		for range rapid.IntRange(1, 3).Draw(t, "partitions") {
			old := rapid.Int64Range(0, 3).Draw(t, "old")
			m.parts = append(m.parts, modelPartition{end: old, commit: -1, slept: old})
		}
		now, wakes, causes := noon, 0, 1 // old records may wake once
		s, first := State{}.Next(Look{Now: now, Acts: true, Sources: []Source{m.source()}})
		if first[0].Records() > 0 {
			wakes++
			m.start()
		}
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			now = now.Add(time.Minute)
			causes += m.happens(rapid.SampledFrom([]string{"quiet", "quiet", "quiet", "arrival", "partition", "expire", "anew", "retention"}).Draw(t, "what"), t)
			look := Look{Now: now, Acts: true, Sources: []Source{m.source()}}
			if m.awake {
				look.Replicas = 1
			}
			var waiting []Waiting
			s, waiting = s.Next(look)
			_, kept := s.Keeps(&look.Sources[0], 0)
			switch {
			case m.awake && !kept && behind(&look.Sources[0]) == 0:
				s = s.Intend(look)
				m.sleep()
			case m.awake:
				m.consume()
			case waiting[0].Records() > 0:
				wakes++
				m.start()
			case m.waits() > 0:
				t.Fatalf("asleep while %d records wait: %+v %+v", m.waits(), m.parts, s)
			}
		}
		if wakes > causes {
			t.Fatalf("%d wakes, %d causes", wakes, causes)
		}
	})
}

func behind(s *Source) (n int64) {
	for i := range s.Topics {
		n += s.Topics[i].sums().beyond
	}
	return n
}

func (m *model) sleep() {
	m.awake = false
	for i := range m.parts {
		m.parts[i].slept = m.parts[i].end
	}
}

// happens changes the world, and returns how many causes to wake that is.
func (m *model) happens(what string, t *rapid.T) int {
	p := &m.parts[rapid.IntRange(0, len(m.parts)-1).Draw(t, "partition")]
	switch what {
	case "arrival":
		p.end += rapid.Int64Range(1, 3).Draw(t, "records")
		return 1
	case "partition":
		m.parts = append(m.parts, modelPartition{commit: -1})
	case "expire":
		if m.awake {
			return 0 // commits of a group with members do not expire
		}
		for i := range m.parts {
			m.parts[i].commit = -1
		}
	case "anew":
		m.id++
		for i := range m.parts {
			m.parts[i] = modelPartition{commit: -1}
		}
	case "retention":
		p.start = p.end
		p.commit = min(p.commit, p.end)
	}
	return 0
}
