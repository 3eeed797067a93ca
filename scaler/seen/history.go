package seen

import (
	"math"
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
	StandsBy bool          // a copy that the consumers do not use: neither its commits nor its backlog are theirs
	Useful   int32         // consumers that could have a partition at the last complete poll; 0: no limit, or no such poll

	OutageSince time.Time // polls have been partial or stale since then; zero: they are not
	Since       time.Time // windows begin here: they begin anew after an outage
	peaks       peaks     // of the arrival rate, over the stabilization window
	members     unchanged // since the reading before the last one
	roster      roster    // the members of the last reading
	places      *places   // of these members, by each evidence
	found       *found    // of them, as of this poll

	removals map[int]Removal // see State.Removed
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
	clk := src.Paced(p.Clock)
	gap, setBack := h.gap(clk)
	if setBack {
		h.Readings, h.Stands = Readings{Columns: h.Readings.Columns}, lag.Stands{}.Teach(h.Stands.Habits())
	}
	h.New = src.Lag != nil && src.Lag.Err == lag.OK && h.isNew()
	if h.New {
		h.addReading(p, clk)
	}
	h.Quality = h.quality(p.Now, clk)
	switch {
	case h.Quality != Complete && h.OutageSince.IsZero():
		h.OutageSince = p.Now
	case h.Quality == Complete && (gap || !h.OutageSince.IsZero() || h.Since.IsZero()):
		h.OutageSince, h.Since, h.peaks = time.Time{}, p.Now, peaks{}
	}
	if h.New && h.Quality == Complete && h.Readings.Last().Rated { // a reading counts once, however often the scaler is decided
		h.peaks.add(h.instant(p.Now), clk.Scale(p.Window), h.Readings.Last().Rate)
	}
	return h
}

// watch finds where the members of the last reading run, and takes in those of a new one.
func (h *History) watch(s *State) {
	if h.Read == nil {
		return
	}
	if l := s.fleet.listing(&s.Workload); h.places == nil || h.places.listed != l || h.places.twoPlaces != s.TwoPlaces || h.New && !h.members.clients {
		h.places = placesOf(h.Read, l, s.TwoPlaces)
	}
	h.found = h.places.at(s.fleet, s.Now, s.Clock)
	if h.New && !h.roster.stays(h.members, h.found, s.Now) {
		h.roster = h.roster.next(h.Read, h.found, &s.Workload, s.fleet, s.Now)
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
	step := readAt(h.Lag).Sub(h.Readings.Last().Time())
	setBack = step < -clk.Poll
	return setBack || step > 5*clk.Poll, setBack
}

func (h *History) isNew() bool {
	return h.Readings.Len() == 0 || readAt(h.Lag).After(h.Readings.Last().Time())
}

func readAt(g *lag.GroupLag) time.Time {
	if g.ReadAt.IsZero() {
		return g.At
	}
	return g.ReadAt
}

func (h *History) addReading(p *Poll, clk Clock) {
	g, fits := h.Lag, h.Readings.Columns.fit(h.Lag)
	if !fits {
		next := columnsOf(g, h.Wants())
		if h.Readings.Columns == nil {
			h.Readings.Columns = next
		} else {
			h.Readings = h.Readings.reordered(next)
		}
	}
	h.members = compareMembers(h.Read, g)
	r := &Newest{Reading: &Reading{At: h.instant(readAt(g))}, read: readAt(g), Members: int32(len(g.Members))}
	r.MembersSince = h.membersSince(r.At)
	before := &AllOffsets{}
	if h.Readings.Len() > 0 {
		before = &h.Readings.Last().Offsets
	}
	read, complete := h.Readings.Columns.read(g)
	r.Offsets, r.Complete = before.next(read), complete
	owners := h.Readings.Len() > 0 && h.members.ids && r.Offsets.sameOwners(before)
	if !owners {
		r.MembersSince = r.At
	}
	h.members.hold = h.members.hold && fits && owners && !h.Readings.Columns.skips
	h.Readings = h.Readings.with(r, clk.Scale(ShareWindow)+2*clk.Poll)
	h.Read = g
	h.Stands = h.Stands.Next(g, h.commits(clk))
	h.Readings.rate(r, read, clk)
	r.EffectiveRate = h.Readings.effectiveRate(p.MaxWait)
	if r.Complete {
		h.Useful = UsefulConsumers(AssignmentOf(g), h.Readings.Columns)
	}
}

// instant is a time as Reading.At has it: the time that passed counts, also if the wall clock was set in between.
func (h *History) instant(t time.Time) int64 {
	if h.Readings.Len() == 0 {
		return t.UnixNano()
	}
	last := h.Readings.Last()
	return last.At + int64(t.Sub(last.read))
}

// membersSince is since when the members have been the same; owners are compared once they have been read.
func (h *History) membersSince(at int64) int64 {
	was, now := h.Read, h.Lag
	if was == nil || h.Readings.Len() == 0 || was.Generation != now.Generation || was.Epoch != now.Epoch || !h.members.ids {
		return at
	}
	return h.Readings.Last().MembersSince
}

func (h *History) quality(now time.Time, clk Clock) Quality {
	switch g := h.Lag; {
	case g == nil || g.Err != lag.OK || g.Missed > 0 || now.Sub(readAt(g)) > 2*clk.Poll+clk.Slack():
		return Stale
	case !h.Readings.Last().Complete:
		return Partial
	}
	return Complete
}

// SinceBegun reports whether a reading is not older than Since.
func (h *History) SinceBegun(r *Reading) bool { return r.At >= h.instant(h.Since) }

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

// Backlog is what waits to be read in the partitions whose lag is known: how many records, and for how many seconds the oldest of
// them has waited, +Inf when it is older than the readings. What is no record, or may be none, does not wait, see [lag.Stand].
func (h *History) Backlog() (records, oldest float64) {
	if h.Readings.Len() == 0 {
		return 0, 0
	}
	offsets, from := &h.Readings.Last().Offsets, h.unread()
	for c := range from {
		if o := offsets.Of(c); o.Known == KnowsBoth && o.End > from[c] {
			records += float64(o.End - from[c])
			age, ok := h.Readings.TimeLag(c, from[c])
			if !ok {
				age = math.Inf(1)
			}
			oldest = max(oldest, age)
		}
	}
	return records, oldest
}

// unread is by column the offset of the next record that waits at the last reading, which there must be; the end where none does.
func (h *History) unread() []int64 {
	offsets := &h.Readings.Last().Offsets
	from := make([]int64, offsets.Len())
	for c := range from {
		from[c] = offsets.Of(c).Position
	}
	h.EachStand(func(c int, v lag.View) {
		switch v.Stand {
		case lag.StandRead, lag.StandRest:
			from[c] = offsets.Of(c).End
		default:
			from[c] = max(from[c], v.Unread)
		}
	})
	return from
}

// RestOf says for each partition how many offsets after its commit are known not to be unread records, by [lag.Stand]: also while
// records wait behind them.
func (h *History) RestOf() func(topic string, partition int32) int64 {
	type name struct {
		topic     string
		partition int32
	}
	rests := map[name]int64{}
	h.EachStand(func(column int, v lag.View) {
		if rest := v.Unread - h.Readings.Last().Offsets.Of(column).Position; rest > 0 && !v.Doubted {
			topic, partition := h.Readings.Columns.Name(column)
			rests[name{topic, partition}] = rest
		}
	})
	return func(topic string, partition int32) int64 { return rests[name{topic, partition}] }
}
