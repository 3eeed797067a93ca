package lag

import "time"

// lateness is how many records of a group were processed, and how many of them too late. It only grows.
type lateness struct{ judged, late uint64 }

// Judge takes the next snapshot and returns what [History.Add] would say of one of its groups in JudgedTotal and LateTotal, and nothing else:
// a simulation that asks for nothing else saves half of the time. A History is used for one or the other.
func (h *History) Judge(s *Snapshot, group int, limits SLO) (judged, late uint64) {
	h.addEnds(s)
	g := &s.Groups[group]
	past := h.group(g.Group)
	past.seen = s.At
	h.judge(past, g, limits.JudgedWithin(), limits.CommitInterval)
	past.stands = past.stands.Next(g, limits.Commits())
	if g.ReadAt.After(past.readAt) {
		past.compare(g)
		past.readAt = g.ReadAt
	}
	h.forget(s.At)
	return past.lateness.judged, past.lateness.late
}

// judge adds what was committed since the last poll. allowed is how old a record may be when it is processed. The stands are those of
// the last poll.
//
// When a record was processed is not known, only between which polls its offset was committed. The commit is on average half a commit
// interval old, or half a poll if it stood for longer than that. Its records were processed one after another since the commit before,
// or since the first of them was there. So it is judged in four parts, each of which was processed at a time of its own: what was in
// the log longer than allowed before that time is late. Offsets of transactions count as records.
//
//	allowed 30 s, polls every 10 s, commits every 5 s, 400 records committed since the last poll:
//
//	records   processed          late if they are below the log's end of
//	1-100     2.5 + 8.75 s ago   41.25 s ago
//	101-200   2.5 + 6.25 s ago   38.75 s ago
//	201-300   2.5 + 3.75 s ago   36.25 s ago
//	301-400   2.5 + 1.25 s ago   33.75 s ago
//
// The members of a share group do not read in the order of offsets: they are not judged.
func (h *History) judge(p *groupHistory, g *GroupLag, allowed, interval time.Duration) {
	since := g.ReadAt.Sub(p.readAt)
	if allowed <= 0 || g.Type == Share || p.readAt.IsZero() || since <= 0 || since > max(allowed, RateWindow) {
		return
	}
	for t := range g.Topics {
		topic := &g.Topics[t]
		state, ends := p.topics[topic.Topic], h.topics[topic.Topic]
		if state == nil || ends == nil || state.id != topic.ID || ends.id != topic.ID || topic.Orphaned {
			continue
		}
		standing := p.stands.standing(topic.Topic)
		for i := range topic.Partitions {
			now := &topic.Partitions[i]
			w := processing{allowed: allowed, commitAge: min(since, CommitInterval(interval)) / 2, took: since}
			if worked := standing.workedOn(now.Partition); worked > 0 {
				w.commitAge, w.took = since/2, since+worked
			}
			p.lateness.add(now, state, ends, w)
		}
	}
}

// processing is how the records of a commit were processed: evenly for as long as it took, until the commit. Each may be as old as
// is allowed then.
type processing struct{ allowed, commitAge, took time.Duration }

// slicesOfCommit are the parts of a commit that are judged apart.
const slicesOfCommit = 4

func (l *lateness) add(now *PartitionLag, state *topicState, ends *topicEnds, w processing) {
	i, ok := state.find(now.Partition)
	if !ok || int(now.Partition) >= len(ends.partitions) || now.Known.Has(KnownLag) || !(now.Known & state.partitions[i].Known).Has(KnownCommitted) {
		return
	}
	from := state.partitions[i].Committed
	n := now.Committed - from
	if n == 0 {
		return
	}
	half := w.took / (2 * slicesOfCommit) // of a part: the first was processed by that much later than the commit began, the last earlier than it ended
	if n > 0 && ends.partitions[now.Partition].noneBefore(from, w.allowed+w.commitAge+half, w.allowed+w.commitAge+w.took-half) {
		l.judged += uint64(n)
		return
	}
	for k := range int64(slicesOfCommit) {
		middle := w.took * time.Duration(2*(slicesOfCommit-k)-1) / (2 * slicesOfCommit)
		judged, late := ends.partitions[now.Partition].late(from+n*k/slicesOfCommit, from+n*(k+1)/slicesOfCommit, w.allowed+w.commitAge+middle)
		l.judged += judged
		l.late += late
	}
}

// standingCommits are the partitions of a topic whose commits stood at the last reading, with records that wait.
type standingCommits struct {
	list []stand
	now  int64
}

func (s *Stands) standing(topic string) standingCommits {
	if s.group == nil {
		return standingCommits{}
	}
	t, ok := s.group.topicIndex(topic)
	if !ok || t >= len(s.topics) {
		return standingCommits{}
	}
	return standingCommits{s.topics[t].list, s.now}
}

// workedOn is for how long its member had worked on a partition without a commit; 0 if the commit moved, or if the member hangs.
func (s standingCommits) workedOn(partition int32) time.Duration {
	k := search(s.list, partition)
	if k == len(s.list) || s.list[k].partition != partition {
		return 0
	}
	e := &s.list[k]
	if e.is == StandStalled || e.is == StandSlow {
		return 0
	}
	began := e.since
	if e.stoppedAt <= e.committed { // it had read everything
		began = max(began, e.beyond)
	}
	return time.Duration(max(0, s.now-began)) * time.Millisecond
}

// noneBefore reports whether no record from an offset on was in the log so long ago, and whether that is known of the longer time ago: the
// usual case, in which nothing is late.
func (h *endHistory) noneBefore(from int64, ago, known time.Duration) bool {
	read := h.readings()
	if len(read) == 0 {
		return false
	}
	last := read[len(read)-1].at
	if read[0].at > last-known.Milliseconds() {
		return false
	}
	end, ok := h.endAt(last - ago.Milliseconds())
	return ok && end <= from
}

// late is how many of the records between two offsets were in the log so long ago, and of how many that is known.
func (h *endHistory) late(from, to int64, before time.Duration) (judged, late uint64) {
	n, ok := Progress(from, to)
	read := h.readings()
	if !ok || len(read) == 0 {
		return 0, 0
	}
	end, known := h.endAt(read[len(read)-1].at - before.Milliseconds())
	if !known { // what came after the first reading is younger, and of the rest nothing is known
		return uint64(max(0, to-max(from, read[0].end))), 0
	}
	return uint64(n), uint64(min(n, max(0, end-from)))
}
