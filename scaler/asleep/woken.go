package asleep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// wokenFor are the topics of latest groups with arrivals in partitions without a commit, and these partitions. What their consumers
// skip leaves no commit; where the reset is not latest, the retained records themselves keep the target awake.
func wokenFor(sources, slept []Source, marks []Mark) []Mark {
	var woken []Mark
	for i := range sources {
		s := sources[i]
		if s.Reset != seen.Latest {
			continue
		}
		all := s.Topics
		for k := range all {
			s.Topics = all[k : k+1]
			w, _ := look(&s, slices.Clone(marks))
			if w.Arrived == 0 {
				continue
			}
			m := markOf(&s, &all[k])
			m.Partitions = rangesOf(arrivedIn(&all[k], topicThen(slept, &s), w.Arrived))
			woken = append(woken, m)
		}
	}
	return woken
}

// topicThen is the topic of a source with one topic as it was; nil: not known.
func topicThen(slept []Source, s *Source) *Topic {
	for i := range slept {
		if slept[i].Cluster != s.Cluster || slept[i].Group != s.Group {
			continue
		}
		if k := slices.IndexFunc(slept[i].Topics, func(t Topic) bool { return t.Name == s.Topics[0].Name }); k >= 0 {
			return &slept[i].Topics[k]
		}
	}
	return nil
}

// arrivedIn are the partitions without a commit in which records arrived: those that have grown since, if that explains all
// arrivals. Some may have come before this process looked; then it is not known where, so all partitions with records may be
// meant.
func arrivedIn(t, then *Topic, arrived int64) []int32 {
	var grown, all []int32
	known := then != nil && then.Unread == ""
	for i := range t.Partitions {
		p := &t.Partitions[i]
		if p.covered() || p.End <= p.Start {
			continue
		}
		all = append(all, p.Number)
		from := p.Start
		if known && !t.otherThan(then.id()) {
			if was := then.partition(p.Number); was != nil && was.Read {
				from = max(from, was.End)
			} else if was != nil {
				known = false
			}
		}
		if p.End > from {
			grown, arrived = append(grown, p.Number), arrived-(p.End-from)
		}
	}
	if known && arrived <= 0 {
		return grown
	}
	return all
}

// committed reports whether the records for which a target was woken are covered by a commit, or gone. What is not known now
// stays.
func committed(sources []Source, m Mark) bool {
	for i := range sources {
		s := &sources[i]
		if s.Cluster != m.Cluster || s.Group != m.Group {
			continue
		}
		for k := range s.Topics {
			if t := &s.Topics[k]; t.Name == m.Topic {
				return s.knows(t) && (t.Absent || t.otherThan(m.ID) || m.coveredIn(t))
			}
		}
	}
	return !slices.ContainsFunc(sources, func(s Source) bool { return s.Unread != "" && s.Cluster == m.Cluster && s.Group == m.Group })
}

// coveredIn reports whether each of the partitions has a commit now, or no record. Where they are not known (they were saved by a
// build that did not write them), one more commit in the topic has to do.
func (m *Mark) coveredIn(t *Topic) bool {
	numbers := partitionsOf(m.Partitions)
	if len(numbers) == 0 {
		n := t.sums()
		return n.committed > m.Committed || n.end == n.start
	}
	for _, number := range numbers {
		if p := t.partition(number); p != nil && !p.covered() && p.End > p.Start {
			return false
		}
	}
	return true
}

// rangesOf writes sorted numbers as 0,3-7.
func rangesOf(numbers []int32) string {
	var parts []string
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		if k == i {
			parts = append(parts, fmt.Sprint(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[k]))
		}
		i = k + 1
	}
	return strings.Join(parts, ",")
}

// mostPartitions bounds what a saved text can ask for: Kafka has no topic with so many.
const mostPartitions = 1 << 20

// partitionsOf reads what rangesOf wrote; nil: it did not write that.
func partitionsOf(text string) (numbers []int32) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseInt(first, 10, 32) // never below 0: a minus sign separates
		to, err2 := strconv.ParseInt(last, 10, 32)
		if err != nil || err2 != nil || to < from || to-from+int64(len(numbers)) >= mostPartitions {
			return nil
		}
		for n := from; n <= to; n++ {
			numbers = append(numbers, int32(n))
		}
	}
	return numbers
}
