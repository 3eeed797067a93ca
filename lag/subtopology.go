package lag

import "slices"

// SubtopologyOf is the subtopology that reads a topic of a Kafka Streams group; ok is false if it is not known, or if several
// subtopologies read the topic.
func (g *GroupLag) SubtopologyOf(topic string) (id string, ok bool) {
	for _, s := range g.Subtopologies {
		if _, reads := slices.BinarySearch(s.Topics, topic); !reads {
			continue
		}
		if ok {
			return "", false
		}
		id, ok = s.ID, true
	}
	return id, ok
}

// subtopologies are those of this poll, or the earlier ones if this poll shows fewer and does not contradict them. For a classic
// group they follow from the assignment, so a poll shows none if no member has a partition, and only some in a rebalance.
//
//	this poll shows                               before    result
//	all topics of the members                     any       those of this poll
//	some of them, as before                       known     the earlier ones
//	some of them, different: a new version        known     those of this poll
//	none: no member, or not Stable                known     the earlier ones
//	none, although Stable with members            any       none: not Kafka Streams, or an unknown version
func subtopologies(g *GroupLag, now []Subtopology, before *GroupLag) []Subtopology {
	if before == nil || len(before.Subtopologies) == 0 {
		return now
	}
	if len(now) == 0 {
		if g.Described && g.State == Stable && len(g.Members) > 0 {
			return nil
		}
		return before.Subtopologies
	}
	told := GroupLag{Subtopologies: now}
	for _, s := range now {
		for _, topic := range s.Topics {
			if was, ok := before.SubtopologyOf(topic); !ok || was != s.ID {
				return now
			}
		}
	}
	for _, topic := range subscriptionOf(g).topics {
		if _, ok := told.SubtopologyOf(topic); !ok {
			return before.Subtopologies
		}
	}
	return now
}
