package webhook

import (
	"slices"
	"strings"
	"time"
)

// Count is what became of the messages for one receiver, since start, and what waits for it.
type Count struct {
	Receiver string
	Sent     uint64
	Refused  uint64    // the receiver will never take them
	Dropped  uint64    // too old, or too many
	Failed   uint64    // requests, which are made again
	Waiting  int       // messages; only a leader has some
	Oldest   time.Time // of those; zero: none waits
}

// Counts are the counts of all configured receivers, sorted by name.
func (m *Messenger) Counts() []Count {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Count, 0, len(m.receivers))
	for _, r := range m.receivers {
		c := *m.count(r.Name)
		c.Waiting, c.Oldest = m.outbox.Waiting(r.Name)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Count) int { return strings.Compare(a.Receiver, b.Receiver) })
	return out
}

// count is the count of a receiver. The caller holds mu.
func (m *Messenger) count(receiver string) *Count {
	c, ok := m.counts[receiver]
	if !ok {
		c = &Count{Receiver: receiver}
		m.counts[receiver] = c
	}
	return c
}
