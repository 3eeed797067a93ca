package lag

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Habits are what was learned about the commits of a group, sorted by topic. Habits never change: learning returns new Habits.
// They are saved for groups with a scaler.
type Habits []TopicHabits

// TopicHabits are what is learned about a group's commits on one topic.
type TopicHabits struct {
	Topic        string        `json:"topic"`
	Reached      bool          `json:"reached,omitempty"`      // a commit was seen to move to the end
	Transactions bool          `json:"transactions,omitempty"` // each partition may have transactions: an earlier build remembered no partitions, or there are too many
	Transacted   []int32       `json:"transacted,omitempty"`   // sorted: partitions whose last stable offset was seen below the high watermark
	Passed       []PassedRest  `json:"passed,omitempty"`       // since a commit last reached the end without new records
	Read         []ReadRest    `json:"read,omitempty"`         // partitions that are read, as long as both offsets stand
	Stuck        []StuckCommit `json:"stuck,omitempty"`        // partitions that are stalled, until the commit moves
	Within       time.Duration `json:"within,omitempty"`       // commits stand for so long at most while records wait; 0: not known yet
	WithinAt     time.Time     `json:"withinAt,omitzero"`      // when that was last seen
	Stands       []SeenStand   `json:"stands,omitempty"`       // the three longest of a day, longest first
	Intervals    []int64       `json:"intervals,omitempty"`    // ms between the last commits, at most three
	Partial      bool          `json:"partial,omitempty"`      // a commit that had stood for long covered only a part of what had come: it was work
}

// PassedRest is how often a rest of a size was passed when records came.
type PassedRest struct {
	Records int64 `json:"records"`
	Passes  int   `json:"passes"`
}

// ReadRest is a rest that is known not to be records.
type ReadRest struct {
	Partition int32 `json:"partition"`
	Committed int64 `json:"committed"`
	End       int64 `json:"end"`
}

// StuckCommit is a commit that stood while the end moved.
type StuckCommit struct {
	Partition int32 `json:"partition"`
	Committed int64 `json:"committed"`
}

// SeenStand is one stand of commits that ended by itself.
type SeenStand struct {
	Took time.Duration `json:"took"`
	At   time.Time     `json:"at"`
}

const (
	sizesKept     = 8    // sizes of rests that are remembered of a topic
	readKept      = 1000 // partitions of a topic whose rests, or whose transactions, are saved
	standsKept    = 3
	standsFor     = 24 * time.Hour
	withinFor     = 7 * 24 * time.Hour
	intervalsKept = 3
	passesCounted = 100
)

func (h Habits) find(topic string) (int, bool) {
	i := sort.Search(len(h), func(i int) bool { return h[i].Topic >= topic })
	return i, i < len(h) && h[i].Topic == topic
}

// habitsKept is the number of topics that are remembered although the group does not have them now: it may have them again.
const habitsKept = 64

// forTopics is a copy in which each topic of the group has a place.
func (h Habits) forTopics(g *GroupLag) Habits {
	next := slices.Clone(h)
	if len(h) > len(g.Topics)+habitsKept {
		next = slices.DeleteFunc(next, func(t TopicHabits) bool { _, ok := g.topicIndex(t.Topic); return !ok })
	}
	for i := range g.Topics {
		if at, ok := next.find(g.Topics[i].Topic); !ok {
			next = slices.Insert(next, at, TopicHabits{Topic: g.Topics[i].Topic})
		}
	}
	return next
}

// Of is what is known of a topic.
func (h Habits) Of(topic string) TopicHabits {
	if i, ok := h.find(topic); ok {
		return h[i]
	}
	return TopicHabits{Topic: topic}
}

// With adds what another History or a saved memory knows about some topics.
func (h Habits) With(others Habits) Habits {
	if len(others) == 0 {
		return h
	}
	next := slices.Clone(h)
	for _, t := range others {
		i, ok := next.find(t.Topic)
		if !ok {
			next = slices.Insert(next, i, t)
		}
		next[i] = t
	}
	return next
}

// Interval is the learned time between two commits: the median of the last three. 0: not known.
func (h *TopicHabits) Interval() time.Duration {
	if len(h.Intervals) < intervalsKept {
		return 0
	}
	a, b, c := h.Intervals[0], h.Intervals[1], h.Intervals[2]
	return time.Duration(max(min(a, b), min(max(a, b), c))) * time.Millisecond
}

func (h *TopicHabits) passes(size int64) int {
	for _, p := range h.Passed {
		if p.Records == size {
			return p.Passes
		}
	}
	return 0
}

func (h *TopicHabits) readRest(p *PartitionLag) bool {
	i := sort.Search(len(h.Read), func(i int) bool { return h.Read[i].Partition >= p.Partition })
	return i < len(h.Read) && h.Read[i] == ReadRest{p.Partition, p.Committed, p.End}
}

// transaction remembers that a partition has transactions.
func (h *TopicHabits) transaction(partition int32) {
	i, known := slices.BinarySearch(h.Transacted, partition)
	switch {
	case known || h.Transactions:
	case len(h.Transacted) == readKept:
		h.Transactions, h.Transacted = true, nil
	default:
		h.Transacted = slices.Insert(slices.Clone(h.Transacted), i, partition)
	}
}

// transactionsOn reports whether a partition has transactions, as far as it was seen.
func (h *TopicHabits) transactionsOn(partition int32) bool {
	_, is := slices.BinarySearch(h.Transacted, partition)
	return is || h.Transactions
}

func (h *TopicHabits) stuckAt(p *PartitionLag) bool {
	i := sort.Search(len(h.Stuck), func(i int) bool { return h.Stuck[i].Partition >= p.Partition })
	return i < len(h.Stuck) && h.Stuck[i] == StuckCommit{p.Partition, p.Committed}
}

// pass counts a rest of this size that was passed. If there are too many sizes, those that were passed most often are kept.
func (h *TopicHabits) pass(size int64) {
	h.Passed = slices.Clone(h.Passed)
	for i := range h.Passed {
		if h.Passed[i].Records == size {
			h.Passed[i].Passes = min(h.Passed[i].Passes+1, passesCounted)
			return
		}
	}
	if len(h.Passed) == sizesKept {
		least := 0
		for i := range h.Passed {
			if h.Passed[i].Passes < h.Passed[least].Passes {
				least = i
			}
		}
		h.Passed = slices.Delete(h.Passed, least, least+1)
	}
	h.Passed = append(h.Passed, PassedRest{Records: size, Passes: 1})
}

// unlearn forgets a size of rests, because a rest of this size was records.
func (h *TopicHabits) unlearn(size int64) {
	if h.passes(size) > 0 {
		h.Passed = slices.DeleteFunc(slices.Clone(h.Passed), func(p PassedRest) bool { return p.Records == size })
	}
}

// stood learns how long commits stand while records wait: the third longest time of a day, for a week. So a consumer that hangs
// once has no effect. If no shorter time was seen, one long stand is the rhythm of the group.
//
//	stands seen today                within
//	8 s, 9 s                         not known
//	10 min                           10 min
//	10 min, 9 s, 9 s, 9 s            10 min, for a week
//	8 s, 9 s, 9 s                    8 s
//	8 s, 9 s, 9 s, 10 min            9 s
//	and two more of 10 min           10 min
func (h *TopicHabits) stood(took time.Duration, now time.Time) {
	if h.Within == 0 && len(h.Stands) == 0 && took > StallAfter/2 { // no shorter time was seen: so it works
		h.Within, h.WithinAt = took, now
	}
	list := append(make([]SeenStand, 0, standsKept+1), h.Stands...)
	list = slices.DeleteFunc(list, func(s SeenStand) bool { return now.Sub(s.At) > standsFor })
	i := sort.Search(len(list), func(i int) bool { return list[i].Took <= took })
	list = slices.Insert(list, i, SeenStand{took, now})
	list = list[:min(len(list), standsKept)]
	h.Stands = list
	if len(list) < standsKept {
		return
	}
	if third := list[standsKept-1].Took; third >= h.Within || now.Sub(h.WithinAt) > withinFor {
		h.Within, h.WithinAt = third, now
	}
}

func (h *TopicHabits) interval(took int64) {
	if len(h.Intervals) == intervalsKept && !slices.ContainsFunc(h.Intervals, func(v int64) bool { return v != took }) {
		return // it is the interval of the polls, see movedAtOnce
	}
	first := max(0, len(h.Intervals)+1-intervalsKept)
	h.Intervals = append(slices.Clone(h.Intervals[first:]), took)
}

// Check returns an error for values that cannot have been learned.
func (h Habits) Check() error {
	if !slices.IsSortedFunc(h, func(a, b TopicHabits) int { return strings.Compare(a.Topic, b.Topic) }) {
		return errors.New("commits not sorted by topic")
	}
	for i := range h {
		t := &h[i]
		bad := i > 0 && h[i-1].Topic == t.Topic || t.Within < 0 || len(t.Stands) > standsKept || len(t.Intervals) > intervalsKept ||
			!slices.IsSorted(t.Transacted)
		for _, p := range t.Passed {
			bad = bad || p.Records <= 0 || p.Passes <= 0
		}
		for _, s := range t.Stands {
			bad = bad || s.Took < 0
		}
		for _, v := range t.Intervals {
			bad = bad || v < 0
		}
		if bad {
			return fmt.Errorf("commits of topic %q: no value that was learned", t.Topic)
		}
	}
	return nil
}
