package lag

import "slices"

// SubtopologyOf is the subtopology that reads a topic of a Kafka Streams group; ok is false when it is not known. A topic
// that several read belongs to none of them alone.
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

// subtopologies are those of this poll, or those known before where this poll has less and does not say otherwise. A classic
// group tells them by who has which partition, so it tells none while nobody has any, and some in the middle of a rebalance.
//
//	this poll                                     before    then
//	all topics of the members                     any       this poll's
//	some of them, as before                       known     as before
//	some of them, otherwise: a changed program    known     this poll's
//	none: no member, or not at rest               known     as before
//	none, though at rest with members             any       none: it is not Kafka Streams, or a version that is not known
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
