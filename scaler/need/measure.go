package need

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// load is one partition's part of a source's demand. Rates are records/s.
type load struct {
	arriving, committing float64
	share                float64 // of all arrivals, over the share window
	jump                 float64 // arriving after a jump, if there is one; 0: there is none
	lag                  float64 // records beyond a rest that nobody will read
	interval             float64 // seconds between commits, where polls can see them; 0: less
	unread               int64   // the offset from which time lag counts
	base                 float64 // to keep up, with headroom
	need                 float64 // base and its part of the drain
	work                 float64 // records: that wait, and that arrive until the horizon
	down                 float64 // to keep up with the greatest rate of the window
	owner                int32
	known                bool // answered this poll
	stalled              bool
	held                 bool // by a member whose replica was removed, or may have been
	removed              bool // it was: nothing hangs
	rests                bool // not known whether they are unread records
}

// estimator estimates one source: measure makes it, and each step adds its numbers.
type estimator struct {
	*Input
	readings *seen.Readings
	last     *seen.Newest // nil: nothing was read yet
	loads    []load       // by column
	packing  packing
	need     Need
	stalled  []int
	moved    bool // some position moved within the stall window
}

// measure fills in the numbers that are measured.
func measure(in *Input) *estimator {
	t := &in.Targets
	e := &estimator{Input: in, readings: &in.Seen.Readings, need: Need{
		Cluster: in.Seen.Cluster, Group: in.Seen.Group, StandsBy: in.Seen.StandsBy, Silent: in.Seen.Silent, ForecastBy: FromRate, Horizon: in.Horizon.Seconds(),
		Utilization: t.Utilization, DownUtilization: t.DownUtilization, DrainSeconds: t.DrainTime.Seconds(),
		WindowSeconds: in.Clock.Scale(t.StabilizationWindow).Seconds(), Useful: in.Seen.Useful, Downstream: in.Learned.Downstream,
		NoGroup: in.Seen.NoGroup(), MissingTopics: in.Seen.Missing,
	}}
	n := &e.need
	n.PerConsumer, n.Capacity = in.Learned.Capacity()
	if e.readings.Len() == 0 {
		return e
	}
	e.last = e.readings.Last()
	n.Rate, n.Consumed, n.RateKnown = e.last.Rate, e.last.Consumed, e.last.Rated
	n.Members, n.Assignor = e.last.Members, in.Seen.Read.Assignor
	n.MembersUnknown = !in.Seen.Read.MembersKnown()
	n.AgeSeconds = max(0, in.Now.Sub(e.last.Time()).Seconds())
	n.Partitions = int32(e.readings.Columns.Count)
	e.packing = newPacking(in.Seen, n.PerConsumer)
	n.Tasks = e.packing.streamsTasks()
	if e.packing.assignment == seen.Shared {
		most, from := in.Seen.ShareMembers()
		n.MaxShareMembers, n.DeclaredMaxShareMembers, n.ReadMaxShareMembers = most, from == seen.DeclaredLimit, from == seen.BrokerLimit
	}
	e.loads = make([]load, n.Partitions)
	e.rates()
	e.lags()
	e.held()
	e.stands()
	e.timeLags()
	return e
}

// rates measures the arrival rate of every partition, and its share of all arrivals.
func (e *estimator) rates() {
	now := e.readings.From(e.readings.Before(e.Clock.Scale(lag.RateWindow), e.Clock.Slack()))
	long := e.readings.From(e.readings.Before(e.Clock.Scale(seen.ShareWindow), e.Clock.Slack()))
	e.need.RateOver = now.Seconds()
	total := 0.0
	for c := range e.loads {
		l := &e.loads[c]
		l.arriving, l.committing, l.known = now.Rates(c)
		if share, _, ok := long.Rates(c); ok {
			l.share = share
			total += share
		}
	}
	for c := range e.loads {
		if total > 0 {
			e.loads[c].share /= total
		} else {
			e.loads[c].share = 1 / float64(len(e.loads))
		}
	}
}

func (e *estimator) lags() {
	for c := range e.last.Offsets.Len() {
		l, o := &e.loads[c], e.last.Offsets.Of(c)
		l.owner = o.Owner
		if o.Known&seen.KnowsEnd == 0 {
			e.need.Unanswered++
		}
		if o.Known != seen.KnowsBoth {
			continue
		}
		l.lag, l.unread = max(0, float64(o.Lag())), o.Position
		e.need.LagKnown = true
	}
}

// stands applies [lag.Stand]: a rest does not count as lag, and a stalled partition does not count as demand. Soon after a
// rebalance no partition is stalled, because the members had no time to commit.
func (e *estimator) stands() {
	e.moves()
	e.Seen.Intervals(func(first, n int, interval time.Duration) {
		for c := first; c < first+n; c++ {
			e.loads[c].interval = interval.Seconds()
		}
	})
	quiet := max(e.Clock.Scale(seen.CatchUp), 3*e.Seen.CommitInterval, 10*e.Seen.ProcessingTime)
	r := &e.Seen.Rebalance
	settled := !r.Active && e.Now.Sub(r.LastEnd) >= quiet
	e.Seen.EachStand(func(c int, v lag.View) {
		l, o := &e.loads[c], e.last.Offsets.Of(c)
		if o.Known != seen.KnowsBoth || o.Lag() <= 0 {
			return
		}
		l.unread = max(l.unread, v.Unread)
		switch v.Stand {
		case lag.StandRead:
			l.lag = 0
		case lag.StandRest:
			e.need.Resting++
			// A few offsets are no demand. Many are a demand until it is clear that no consumer moves them.
			if l.rests = true; o.Lag() <= lag.MaxResidue || e.last.Time().Sub(v.Since) >= e.Clock.Scale(lag.StallAfter)-e.Clock.Slack() {
				e.need.Rest += o.Lag()
				l.lag = 0
			}
		default:
			switch l.stalled = settled && o.Owner >= 0 && !l.removed && (v.Still || v.Stand == lag.StandSlow || v.Stand == lag.StandStalled); {
			case l.stalled:
				e.stalled = append(e.stalled, c)
			case o.Owner >= 0: // its commit stands no longer than usual
				e.moved = true
			}
		}
	})
	for c := range e.loads {
		e.need.Lag += int64(e.loads[c].lag)
		e.need.MaxLag = max(e.need.MaxLag, int64(e.loads[c].lag))
	}
	for _, c := range e.stalled {
		e.need.Stalled = append(e.need.Stalled, e.partition(c))
	}
}

// moves finds out whether some position moved within the stall window.
func (e *estimator) moves() {
	window := max(e.Clock.Scale(lag.StallAfter), 3*e.Seen.CommitInterval, 10*e.Seen.ProcessingTime)
	was := &e.readings.At(e.readings.Before(window, e.Clock.Slack())).Offsets
	for c := range e.loads {
		e.moved = e.moved || e.last.Offsets.Of(c).Position != was.Of(c).Position
	}
}

// timeLags finds the age of the oldest record that is still to be read, and of the oldest in a partition that moves. An age
// beyond the readings is estimated as lag / rate, and is at least the time that was read.
//
//	the worst partition's next record               how the time lag is known
//	was appended between two readings               measured
//	is older than the readings, records arrive      estimated, or at least the time that was read if that is more
//	is older than the readings, no record arrives   at least the time that was read; unknown after one reading
//	a partition did not answer, or is unknown       at least that of the others, of which an estimate is no bound; unknown when they have none
func (e *estimator) timeLags() {
	n := &e.need
	n.LagAtLeast = n.LagKnown && e.incomplete()
	if !n.LagKnown {
		return
	}
	n.LagSecondsFrom = LateMeasured
	lower, read := n.LagAtLeast, 0. // the greatest age that was read
	for c := range e.loads {
		l := &e.loads[c]
		if l.lag == 0 || l.rests || e.last.Offsets.Of(c).Known != seen.KnowsBoth {
			continue
		}
		age, least, from := e.timeLag(c)
		if !l.stalled { // what came since the last commit may be read already
			age, least = max(0, age-l.interval), max(0, least-l.interval)
		}
		lower, read = lower || from == LateUnknown, max(read, least)
		if age > n.LagSeconds {
			n.LagSeconds, n.LagSecondsFrom = age, from
		}
		if !l.stalled || l.held {
			n.MovingSeconds = max(n.MovingSeconds, age)
		}
	}
	if lower {
		n.LagSeconds, n.LagSecondsFrom = read, LateAtLeast
		if read == 0 {
			n.LagSecondsFrom = LateUnknown
		}
	}
	e.bounds()
}

// bounds takes over what is known of the time before the first reading, unless the time lag is measured. It replaces an estimate
// that cannot be right: 100 records at 50/s are about 2 s, but the first of them may be an hour old, and few may arrive now
// where many arrived before.
//
//	known so far         a lower bound                 an upper bound
//	measured             stays                         stays
//	estimated, at least  the greater of both           the estimate, if it is not above the bound; else the bound
//	unknown              at least the bound            at most the bound
//
// A stalled partition may be the one that a lower bound is about. Then nothing follows for those that move.
func (e *estimator) bounds() {
	n := &e.need
	if n.LagSecondsFrom == LateMeasured {
		return
	}
	if least := e.Seen.TimeLagAtLeast; least > n.LagSeconds {
		n.LagSeconds, n.LagSecondsFrom = least, LateAtLeast
		if len(e.stalled) == 0 {
			n.MovingSeconds = max(n.MovingSeconds, least)
		}
	}
	most, estimated := e.Seen.TimeLagAtMost, n.LagSecondsFrom == LateEstimated
	if most == 0 || n.LagSecondsFrom == LateAtLeast || estimated && n.LagSeconds <= most {
		return
	}
	n.LagSeconds, n.LagSecondsAtMost, n.LagSecondsFrom = 0, most, LateAtMost
	n.MovingSeconds = min(n.MovingSeconds, most)
}

// timeLag is the age of the next record of a partition that has lag, and what of it was read: an estimate may be more.
func (e *estimator) timeLag(column int) (seconds, read float64, from TimeLagFrom) {
	l := &e.loads[column]
	age, ok := e.readings.TimeLag(column, l.unread)
	if ok {
		return age, age, LateMeasured
	}
	if l.arriving > 0 && l.lag/l.arriving > age {
		return l.lag / l.arriving, age, LateEstimated
	}
	if age == 0 {
		return 0, 0, LateUnknown
	}
	return age, age, LateAtLeast
}

// incomplete reports whether the lag of a partition is not known.
func (e *estimator) incomplete() bool {
	return !e.last.Offsets.AllKnown()
}

func (e *estimator) partition(column int) Partition {
	topic, p := e.readings.Columns.Name(column)
	l := &e.loads[column]
	return Partition{Topic: topic, Partition: p, Rate: l.arriving, Lag: int64(l.lag)}
}

// frozen reports whether nothing moves though there is lag: no position did within the stall window, and each partition with
// lag has stood for longer than its topic's commits usually do.
func (e *estimator) frozen() bool { return len(e.need.Stalled) > 0 && !e.moved }

// idle reports whether there is neither lag nor an arrival, as far as every partition tells. Whether partitions without a
// commit keep the last replica is a question of its own: package asleep.
func (e *estimator) idle() bool {
	if !e.need.RateKnown || e.need.Unanswered > 0 || e.need.Rate > 0 || e.need.Lag > 0 {
		return false
	}
	return e.last.Complete && e.last.Offsets.Len() > 0
}

// Lag is high above a fixed threshold: of all partitions, of the worst, and on average.
const (
	HighTotal = 100_000
	HighWorst = 50_000
	HighMean  = 10_000
)

// high reports whether lag is above a fixed threshold. Stalled partitions are left out: replicas do not help them.
func (e *estimator) high() bool {
	total, worst := 0.0, 0.0
	for c := range e.loads {
		if l := &e.loads[c]; !l.stalled {
			total, worst = total+l.lag, max(worst, l.lag)
		}
	}
	return total > HighTotal || worst > HighWorst || total/max(1, float64(len(e.loads))) > HighMean
}
