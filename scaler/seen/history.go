package seen

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// History has the readings of one source of the last minutes.
type History struct {
	Source   // as this poll found it
	Readings Readings
	Stands   lag.Stands    // of the partitions whose commits stand short of the end
	Read     *lag.GroupLag // the last reading's; nil: none yet
	New      bool          // this poll brought a reading
	Quality  Quality       // of this poll
	Useful   int32         // consumers that could have a partition at the last complete poll; 0: no limit, or no such poll

	OutageSince time.Time // polls have been partial or stale since then; zero: they are not
	Since       time.Time // windows begin here: they begin anew after an outage
	peaks       peaks     // of the arrival rate, over the stabilization window
	roster      roster    // the members of the last reading
	where       []place   // of these members, as of this poll
}

// Quality says how much of a source a poll could read.
type Quality uint8

// The qualities of a poll.
const (
	Complete Quality = iota
	Partial          // some partitions did not answer
	Stale            // the group could not be read
)

// next takes this poll's reading in.
func (h History) next(p *Poll, src *Source) History {
	h.Source = *src
	gap, setBack := h.gap(p.Clock)
	if setBack {
		h.Readings, h.Stands = Readings{Columns: h.Readings.Columns}, lag.Stands{}.Teach(h.Stands.Habits())
	}
	h.New = src.Lag != nil && src.Lag.Err == lag.OK && h.isNew()
	if h.New {
		h.addReading(p)
	}
	h.Quality = h.quality(p)
	switch {
	case h.Quality != Complete && h.OutageSince.IsZero():
		h.OutageSince = p.Now
	case h.Quality == Complete && (gap || !h.OutageSince.IsZero() || h.Since.IsZero()):
		h.OutageSince, h.Since, h.peaks = time.Time{}, p.Now, peaks{}
	}
	if h.Quality == Complete && h.Readings.Last().Rated {
		h.peaks.add(p.Now, p.Clock.Scale(p.Window), h.Readings.Last().Rate)
	}
	return h
}

// watch finds where the members of the last reading run, and takes in those of a new one.
func (h *History) watch(s *State) {
	if h.Read == nil {
		return
	}
	h.where = places(h.Read, &s.Workload, s.fleet, s.Now, s.Clock)
	if h.New {
		h.roster = h.roster.next(h.Read, h.where, &s.Workload, s.fleet, s.Now)
	}
}

// Outlived is the longest that a member which is still in the group has outlived its pod; 0: none has.
func (h *History) Outlived() time.Duration { return h.roster.outlived }

// PeakRate is the greatest arrival rate of the stabilization window, in records/s.
func (h *History) PeakRate() float64 { return h.peaks.greatest() }

// Rated reports whether the arrival rate is known.
func (h *History) Rated() bool { return h.Readings.Len() > 0 && h.Readings.Last().Rated }

// CatchingUp reports whether the group is rebalancing, or still catches up after a rebalance.
func (h *History) CatchingUp(at time.Time, clk Clock) bool { return h.Rebalance.CatchingUp(at, clk) }

// gap reports whether nothing was read for a while, or the clock was set back: then the windows begin anew.
func (h *History) gap(clk Clock) (gap, setBack bool) {
	if h.Lag == nil || h.Readings.Len() == 0 {
		return false, false
	}
	step := readAt(h.Lag).UnixNano() - h.Readings.Last().At
	setBack = step < -int64(clk.Poll)
	return setBack || step > 5*int64(clk.Poll), setBack
}

func (h *History) isNew() bool {
	return h.Readings.Len() == 0 || readAt(h.Lag).UnixNano() > h.Readings.Last().At
}

func readAt(g *lag.GroupLag) time.Time {
	if g.ReadAt.IsZero() {
		return g.At
	}
	return g.ReadAt
}

func (h *History) addReading(p *Poll) {
	g := h.Lag
	if !h.Readings.Columns.fit(g) {
		next := columnsOf(g, h.Wants())
		if h.Readings.Columns == nil {
			h.Readings.Columns = next
		} else {
			h.Readings = h.Readings.reordered(next)
		}
	}
	r := &Reading{At: readAt(g).UnixNano(), MembersSince: h.membersSince(), Members: int32(len(g.Members))}
	r.Offsets, r.Complete = h.Readings.Columns.read(g)
	if h.Readings.Len() > 0 && r.MembersSince != r.At && !slices.EqualFunc(r.Offsets, h.Readings.Last().Offsets, sameOwner) {
		r.MembersSince = r.At
	}
	h.Readings = h.Readings.with(r, p.Clock.Scale(ShareWindow)+2*p.Clock.Poll)
	h.Read = g
	h.Stands = h.Stands.Next(g, h.commits(p.Clock))
	h.Readings.rate(r, p.Clock)
	r.EffectiveRate = h.Readings.effectiveRate(p.MaxWait)
	if r.Complete {
		h.Useful = UsefulConsumers(AssignmentOf(g), h.Readings.Columns)
	}
}

func sameOwner(a, b Offsets) bool { return a.Owner == b.Owner }

// membersSince is since when the members have been the same; owners are compared once they have been read.
func (h *History) membersSince() int64 {
	was, now := h.Read, h.Lag
	if was == nil || h.Readings.Len() == 0 || was.Generation != now.Generation || was.Epoch != now.Epoch ||
		!slices.EqualFunc(was.Members, now.Members, sameMember) {
		return readAt(now).UnixNano()
	}
	return h.Readings.Last().MembersSince
}

func sameMember(a, b lag.Member) bool { return a.ID == b.ID }

func (h *History) quality(p *Poll) Quality {
	switch g := h.Lag; {
	case g == nil || g.Err != lag.OK || g.Missed > 0 || p.Now.Sub(readAt(g)) > 2*p.Clock.Poll+p.Clock.Slack():
		return Stale
	case !h.Readings.Last().Complete:
		return Partial
	}
	return Complete
}

// Intervals calls yield for every topic: its columns, and the interval between commits in force, see [lag.Stands.Interval].
func (h *History) Intervals(yield func(first, n int, interval time.Duration)) {
	if h.Readings.Columns == nil {
		return
	}
	for t := range h.Readings.Columns.Topics {
		if topic := &h.Readings.Columns.Topics[t]; !topic.Skip {
			yield(topic.First, len(topic.Partitions), h.Stands.Interval(t))
		}
	}
}

// EachStand calls yield for every partition whose commit stands short of the end, or whose rest is known, at the last reading.
func (h *History) EachStand(yield func(column int, v lag.View)) {
	if h.Readings.Columns == nil {
		return
	}
	for t := range h.Readings.Columns.Topics {
		topic := &h.Readings.Columns.Topics[t]
		if topic.Skip {
			continue
		}
		for i := range topic.Partitions {
			if v, ok := h.Stands.View(t, i); ok {
				yield(topic.First+i, v)
			}
		}
	}
}

// RestOf says for each partition how many records at its end are known as read, by [lag.Stand].
func (h *History) RestOf() func(topic string, partition int32) int64 {
	type name struct {
		topic     string
		partition int32
	}
	rests := map[name]int64{}
	h.EachStand(func(column int, v lag.View) {
		if v.Stand == lag.StandRead {
			topic, partition := h.Readings.Columns.Name(column)
			rests[name{topic, partition}] = h.Readings.Last().Offsets[column].Lag()
		}
	})
	return func(topic string, partition int32) int64 { return rests[name{topic, partition}] }
}
