package asleep

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Mark is what is remembered of a topic since its target went to zero.
type Mark struct {
	Cluster     string `json:"cluster"`
	Group       string `json:"group"`
	Topic       string `json:"topic"`
	ID          string `json:"id,omitempty"`          // of the topic, in hex; empty: it was not there, or brokers have no ids
	Ends        int64  `json:"ends,omitempty"`        // sum of the ends of the partitions without a commit
	Starts      int64  `json:"starts,omitempty"`      // sum of their starts
	Uncommitted int32  `json:"uncommitted,omitempty"` // how many they are
	Read        int64  `json:"read,omitempty"`        // sum of the positions of the partitions with a commit
	Committed   int32  `json:"committed,omitempty"`   // how many they are
	Pending     bool   `json:"pending,omitempty"`     // it could not be read: it is remembered as it is when it can be
	Partitions  string `json:"partitions,omitempty"`  // of a topic for which the target was woken: where no commit says that records were read, as 0,3-7
}

// Waiting is what waits for a source without a replica.
type Waiting struct {
	Beyond  int64    `json:"beyond,omitempty"`  // records beyond a commit
	Arrived int64    `json:"arrived,omitempty"` // records that count in partitions without a commit
	Again   int64    `json:"again,omitempty"`   // records that were read, whose commits expired: the next consumer may read them again
	Own     int64    `json:"own,omitempty"`     // records that producers wrote to a cluster that stands by: no mirror copied them
	Topics  []string `json:"topics,omitempty"`  // with arrivals that count
	Unread  []string `json:"unread,omitempty"`  // what is not known, in words
}

// Records are all that count.
func (w *Waiting) Records() int64 { return w.Beyond + w.Arrived + w.Own }

// markOf is a topic as it is now.
func markOf(s *Source, t *Topic) Mark {
	n := t.sums()
	return Mark{
		Cluster: s.Cluster, Group: s.Group, Topic: t.Name, ID: t.id(),
		Ends: n.end, Starts: n.start, Uncommitted: n.uncommitted, Read: n.position, Committed: n.committed,
	}
}

// pending is a topic that cannot be remembered yet.
func pending(s *Source, t *Topic) Mark {
	return Mark{Cluster: s.Cluster, Group: s.Group, Topic: t.Name, Pending: true}
}

// Marks remembers every topic of the sources.
func Marks(sources []Source) []Mark {
	var marks []Mark
	for i := range sources {
		s := &sources[i]
		for k := range s.Topics {
			if t := &s.Topics[k]; s.knows(t) {
				marks = append(marks, markOf(s, t))
			} else {
				marks = append(marks, pending(s, t))
			}
		}
	}
	return marks
}

// find is the place of a topic's mark, or -1.
func find(marks []Mark, s *Source, topic string) int {
	return slices.IndexFunc(marks, func(m Mark) bool { return m.Cluster == s.Cluster && m.Group == s.Group && m.Topic == topic })
}

// look says what waits for a source, and what is to be remembered from now on. It changes marks, which are the caller's own.
func look(s *Source, marks []Mark) (Waiting, []Mark) {
	w := Waiting{}
	if s.Unread != "" {
		w.Unread = append(w.Unread, s.Unread)
	} else if len(s.Topics) == 0 {
		w.Unread = append(w.Unread, "the group has no commit, and no topic is named: set sources[].topics")
	}
	for i := range s.Topics {
		t := &s.Topics[i]
		n := t.sums()
		w.Beyond = lag.AddRecords(w.Beyond, n.beyond)
		switch {
		case t.Absent:
			w.Unread = append(w.Unread, fmt.Sprintf("topic %s does not exist", t.Name))
		case t.Unread != "":
			w.Unread = append(w.Unread, fmt.Sprintf("topic %s: %s", t.Name, t.Unread))
		case n.unread > 0:
			w.Unread = append(w.Unread, fmt.Sprintf("%d of %d partitions of topic %s do not answer", n.unread, len(t.Partitions), t.Name))
		}
		marks = w.remember(s, t, n, marks)
	}
	return w, marks
}

// remember finds the mark of a topic, and counts from there. A topic that appears later was not there at the time of the
// others: all of it arrived since.
func (w *Waiting) remember(s *Source, t *Topic, n sums, marks []Mark) []Mark {
	known, k := s.knows(t), find(marks, s, t.Name)
	switch {
	case k < 0 && !known:
		return append(marks, pending(s, t))
	case !known:
		return marks
	case k < 0:
		marks = append(marks, Mark{Cluster: s.Cluster, Group: s.Group, Topic: t.Name, ID: t.id()})
		k = len(marks) - 1
	case marks[k].Pending:
		marks[k] = markOf(s, t)
	}
	w.add(s, t, n, &marks[k])
	return marks
}

// add counts the partitions of a topic that have no commit, and brings its mark up to date.
//
//	offsetReset          now                           begins at
//	latest               as at the mark                Ends
//	latest               no commit any more            Ends + Read
//	latest               made anew                     0
//	latest               without ids, the sum fell     the start of the log: the topic may be made anew
//	earliest, not set    never committed               the start of the log
//	earliest, not set    no commit any more            Starts + Read: what was read then is not counted
//
// Where some commits went and others are there, the sums do not say which: the records of the former count.
func (w *Waiting) add(s *Source, t *Topic, n sums, m *Mark) {
	if t.otherThan(m.ID) { // made anew, or made at last: nothing of it was there
		*m = Mark{Cluster: m.Cluster, Group: m.Group, Topic: m.Topic, ID: t.id()}
	}
	if n.committed > m.Committed { // a partition has its first commit, elsewhere: it leaves the sums
		m.Ends = max(0, m.Ends-max(0, n.position-m.Read))
	}
	expired := n.committed == 0 && m.Committed > 0
	begin := n.start
	switch {
	case s.Reset == seen.Latest && expired:
		begin = m.Ends + m.Read
	case s.Reset == seen.Latest:
		begin = m.Ends
	case expired:
		begin = m.Starts + m.Read
	}
	retained := n.end - n.start
	if s.Reset == seen.Latest && mayBeAnew(t, n, m) {
		*m = markOf(s, t)
		m.Ends, begin = n.start, n.start
	}
	if n.end < begin { // truncated, or a partition has a commit now: what comes from here on counts
		*m, begin = markOf(s, t), n.end
		if s.Reset != seen.Latest {
			begin = n.start
		}
	} else if !expired && n.committed >= m.Committed {
		m.Read, m.Committed = n.position, n.committed
	}
	arrived := min(n.end-begin, retained)
	if arrived > 0 {
		w.Arrived += arrived
		w.Topics = append(w.Topics, t.Name)
	}
	if expired && s.Reset != seen.Latest {
		w.Again += retained - arrived
	}
}

// mayBeAnew reports whether a topic without an id may be another one than at the mark, although its name is the same. A log that
// was truncated shows the same sums; in doubt its records wake.
func mayBeAnew(t *Topic, n sums, m *Mark) bool {
	switch partitions := n.committed + n.uncommitted; {
	case t.id() != "" || t.Absent:
		return false
	case partitions < m.Committed+m.Uncommitted:
		return true
	case n.committed == 0 && m.Committed > 0: // all commits expired, or are above the ends now
		return n.end < m.Ends+m.Read
	case n.committed != m.Committed || n.uncommitted != m.Uncommitted:
		return false // a commit came or went: the sums are of other partitions
	}
	return n.end < m.Ends || n.start < m.Starts
}
