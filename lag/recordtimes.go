package lag

import (
	"encoding/hex"
	"time"
)

// A topic with message.timestamp.type=CreateTime has the times of its producers. They say when a record arrived only if somebody
// has compared them with arrivals. While it runs, a [History] compares: a leader names the first record whose time is at most a
// minute ago, and the readings of the end say when that record arrived.
//
//	the first record of the last minute, by its time         the times
//	arrived within 10 s of its time                          agree
//	arrived earlier: the producer's clock is ahead           do not agree
//	arrived later: a backfill, or the clock is behind        do not agree
//	there is none, but records arrived: a backfill, or       do not agree
//	  our own clock is ahead
//	there is none, and nothing arrived                       say nothing
//
// One partition that does not agree is enough for its topic.

const (
	// TimesAgreeWithin is how far the time of a record may be from its arrival.
	TimesAgreeWithin = 10 * time.Second

	timesAgreeFor   = 30 * time.Minute // how long times must have agreed
	timesAgreeOften = 6                // and in how many comparisons
	timesAgreeUntil = time.Hour        // after the last comparison nobody knows whether they still agree
)

// FirstSince is the first record of a partition whose time is not before a time, as its leader says.
type FirstSince struct {
	Topic     string
	Partition int32
	Since     int64 // Unix milliseconds
	Offset    int64 // -1: there is none
	At        int64 // the time of the record, Unix milliseconds
}

// RecordTimes say for how long the times in the records of a topic have agreed with the arrivals that were seen.
type RecordTimes struct {
	Topic  string    `json:"topic"`
	ID     string    `json:"id,omitempty"` // of the topic, in hexadecimal; empty: the brokers have no such ids
	Agreed int       `json:"agreed"`       // comparisons since the last one that did not agree
	Since  time.Time `json:"since,omitzero"`
	At     time.Time `json:"at,omitzero"` // of the last comparison that agreed
}

// Trusted reports whether the times of a topic say when its records arrived.
func (r RecordTimes) Trusted(id [16]byte, now time.Time) bool {
	return r.ID == topicID(id) && r.Agreed >= timesAgreeOften && r.At.Sub(r.Since) >= timesAgreeFor && r.current(now)
}

// current is false if the last comparison was too long ago, or is of a time to come: the clock was set back.
func (r RecordTimes) current(now time.Time) bool {
	age := now.Sub(r.At)
	return age >= -TimesAgreeWithin && age <= timesAgreeUntil
}

// next takes in a comparison.
func (r RecordTimes) next(agree bool, now time.Time) RecordTimes {
	switch {
	case !agree:
		return RecordTimes{Topic: r.Topic, ID: r.ID}
	case r.Agreed == 0 || !r.current(now):
		return RecordTimes{Topic: r.Topic, ID: r.ID, Agreed: 1, Since: now, At: now}
	}
	r.Agreed, r.At = r.Agreed+1, now
	return r
}

// topicID is the id as text; empty if the brokers have no ids.
func topicID(id [16]byte) string {
	if id == [16]byte{} {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// TeachTimes adds what was saved of the times of a topic, unless this history has compared them itself.
func (h *History) TeachTimes(saved RecordTimes) {
	if h.times == nil {
		h.times = map[string]RecordTimes{}
	}
	if _, known := h.times[saved.Topic]; !known {
		h.times[saved.Topic] = saved
	}
}

// RecordTimes are those of a topic; ok is false if nothing was compared.
func (h *History) RecordTimes(topic string) (r RecordTimes, ok bool) {
	r, ok = h.times[topic]
	return r, ok
}

// compareTimes compares what leaders say with the readings.
func (h *History) compareTimes(s *Snapshot) {
	agree := map[string]bool{}
	for _, first := range s.FirstSince {
		ends, ok := h.topics[first.Topic]
		if !ok || first.Partition < 0 || int(first.Partition) >= len(ends.partitions) {
			continue
		}
		if agrees, known := ends.partitions[first.Partition].agrees(first); known {
			before, seen := agree[first.Topic]
			agree[first.Topic] = agrees && (before || !seen)
		}
	}
	for topic, agrees := range agree {
		id := topicID(h.topics[topic].id)
		h.TeachTimes(RecordTimes{Topic: topic, ID: id})
		r := h.times[topic]
		if r.ID != id {
			r = RecordTimes{Topic: topic, ID: id}
		}
		h.times[topic] = r.next(agrees, s.At)
	}
}

// agrees reports whether the record arrived at its time; known is false if the readings do not tell.
func (h *endHistory) agrees(first FirstSince) (agrees, known bool) {
	const tolerance = int64(TimesAgreeWithin / time.Millisecond)
	read := h.readings()
	if len(read) < 2 {
		return false, false
	}
	if first.Offset < 0 {
		return false, grewAfter(read, first.Since+tolerance)
	}
	i := 0
	for i < len(read) && read[i].end <= first.Offset {
		i++
	}
	switch i {
	case 0: // before the first reading
		return false, first.At > read[0].at+tolerance
	case len(read): // after the last reading
		return false, false
	}
	return first.At >= read[i-1].at-tolerance && first.At <= read[i].at+tolerance, true
}

// grewAfter reports whether a record arrived after a time.
func grewAfter(read []endOffset, at int64) bool {
	for _, p := range read {
		if p.at >= at {
			return read[len(read)-1].end > p.end
		}
	}
	return false
}
