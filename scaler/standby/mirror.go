package standby

import "time"

// Mirror follows the log ends of two clusters, to tell records that a mirror copied from those that producers wrote to the copy itself
// because they have failed over.
//
//	the active cluster                               the copy grows by     what it is
//	has had new records within the delay             any number            the mirror's
//	has had none for longer, or cannot be read       some                  its own: producers write there
//
// The sums are of all partitions of a group's topics. A mirror that is later than the delay looks like a producer.
type Mirror struct {
	Active  int64     `json:"active"`           // sum of the log ends of the active cluster when it was read last
	ReadAt  time.Time `json:"readAt,omitzero"`  // when that was
	Arrived time.Time `json:"arrived,omitzero"` // the active cluster had new records, or was first looked at; zero: neither yet
	Copy    int64     `json:"copy"`             // sum of the log ends of the copy when it was read last
	CopyAt  time.Time `json:"copyAt,omitzero"`  // when that was
	Within  int64     `json:"within"`           // of these, what may have been copied, because it came within the delay
	Base    int64     `json:"base"`             // the same, when the active cluster was read last: what came while it cannot be read counts
}

// Ends is the sum of the log ends of a group's topics.
type Ends struct {
	Sum  int64
	Read bool // all are known
}

// Next is what is known after a poll; delay is the longest time until a record of the active cluster is in the copy.
func (m Mirror) Next(now time.Time, active, copied Ends, delay time.Duration) Mirror {
	if m.Arrived.IsZero() || active.Read && active.Sum != m.Active {
		m.Arrived = now
	}
	if active.Read {
		m.Active, m.ReadAt = active.Sum, now
	}
	if copied.Read {
		before := active.Read || m.CopyAt.Before(m.ReadAt) // it may have come while the active cluster could be read

		if !m.CopyAt.After(m.Arrived.Add(delay)) {
			m.Within = copied.Sum
		}
		if before || m.CopyAt.IsZero() {
			m.Base = m.Within
		}
		m.Copy, m.CopyAt = copied.Sum, now
		m.Within, m.Base = min(m.Within, m.Copy), min(m.Base, m.Copy) // a topic that was made anew, or truncated
	}
	if active.Read {
		m.Base = m.Within
	}
	return m
}

// Own is how many records producers have written to the copy itself, as far as that is sure: the active cluster has had none for
// longer than the delay, read or not.
func (m Mirror) Own(now time.Time, delay time.Duration) int64 {
	if m.Arrived.IsZero() || now.Sub(m.Arrived) <= delay {
		return 0
	}
	return m.Copy - m.Base
}
