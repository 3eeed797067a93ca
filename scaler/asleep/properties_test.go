package asleep

import (
	"slices"
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
	noIDs bool // brokers have no ids of topics
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
	woke       bool  // records arrived meanwhile and there was no commit: a latest consumer skips them
}

func (m *model) source() Source {
	var parts []Partition
	for _, p := range m.parts {
		if p.commit < 0 {
			parts = append(parts, none(p.start, p.end))
		} else {
			parts = append(parts, at(p.start, p.end, p.commit))
		}
	}
	id := m.id
	if m.noIDs {
		id = 0
	}
	return group(m.reset, topic("orders", id, parts...))
}

func (m *model) start() {
	m.awake = true
	for i := range m.parts {
		p := &m.parts[i]
		p.woke = p.commit < 0 && p.end > max(p.slept, p.start)
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
		m := &model{id: 1, sure: rapid.Bool().Draw(t, "commits positions"), noIDs: rapid.Bool().Draw(t, "no ids")}
		m.real = rapid.SampledFrom([]seen.OffsetReset{seen.Earliest, seen.Latest}).Draw(t, "consumer")
		m.reset = rapid.SampledFrom([]seen.OffsetReset{m.real, ""}).Draw(t, "said")
		for range rapid.IntRange(1, 3).Draw(t, "partitions") {
			old := rapid.Int64Range(0, 3).Draw(t, "old")
			m.parts = append(m.parts, modelPartition{end: old, commit: -1, slept: old})
		}
		now, wakes, causes := noon, 0, 1 // old records may wake once
		slept := []Source{m.source()}
		s, first := State{}.Next(Look{Now: now, Acts: true, Sources: slept})
		if first[0].Records() > 0 {
			wakes++
			m.start()
		}
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			now = now.Add(time.Minute)
			what := rapid.SampledFrom([]string{"quiet", "quiet", "quiet", "arrival", "partition", "expire", "anew", "retention", "restart"}).Draw(t, "what")
			if what == "restart" {
				slept = nil
			}
			causes += m.happens(what, t)
			look := Look{Now: now, Acts: true, Sources: []Source{m.source()}, Slept: slept}
			if m.awake {
				look.Replicas = 1
			}
			if m.awake || slept == nil {
				slept = look.Sources
			}
			var waiting []Waiting
			s, waiting = s.Next(look)
			_, kept := s.Keeps(&look.Sources[0], 0)
			switch {
			case m.awake && !kept && behind(&look.Sources[0]) == 0:
				if m.reset == seen.Latest && m.skipped() {
					t.Fatalf("it goes to zero without a commit where it was woken: %+v %+v", m.parts, s)
				}
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

// skipped reports whether a partition for which the target was woken has no commit and still has records.
func (m *model) skipped() bool {
	return slices.ContainsFunc(m.parts, func(p modelPartition) bool { return p.woke && p.commit < 0 && p.end > p.start })
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
