package promise

import (
	"math"
	"math/bits"
	"sort"
	"time"
)

// fleet is what a room would have led to until now: so many consumers, and so many records that wait. It follows the rules of the
// decision (scaler/need, scaler/rules.go), each as short as a fluid allows.
type fleet struct {
	backlog float64 // records
	asked   float32 // consumers
	works   float32 // of them: they have joined
	pods    [2]pods // on their way, the first to join first
	pause   float32 // s until a rebalance ends
	since   float32 // s since the last change, at most settleAfter
	calm    float32 // s for which fewer have been enough, and one interval between decisions more; 0: they are not
	downs   uint32  // steps down in the last hour, a bit for each: the lowest bit is the present part of an hour
	changes uint32  // so far

	late   float32 // records, since the totals were added up
	strict float32 // records that would be late if the target were a margin shorter; those that are late are among them
	cost   float32 // consumer seconds
	most   float32 // consumers
}

// pods are on their way: so many will work after so many seconds, of those that it takes.
type pods struct{ due, takes, to float32 }

// after are the pods so many seconds later; if there are none, none.
func (p pods) after(seconds float32) pods {
	if p.to > 0 {
		p.due -= seconds
	}
	return p
}

const (
	settleAfter   = 60       // s after the last change
	rateAfter     = 20       // s after the last change: a step up for arrivals alone
	nearlyFull    = 0.9      // of the capacity
	downsAnHour   = 6        // steps down in the last hour, after which there is none
	tolerance     = 0.1      // of the consumers: a smaller step down is not worth a rebalance
	dearTolerance = 0.3      // the same where a rebalance takes longer than the target
	dearSlack     = 10       // s: added to the rebalance there
	lagSlack      = 5        // s: added to half the target; more lag prevents a step down
	manyPods      = 4        // of a step up: three quarters of fewer are all of them
	joins         = 1.5      // pauses of a step up by several pods: they join one after another
	fullyRead     = 0.5      // of a pause a group that reads on does not read
	stopped       = 0.7      // of a pause another group does not read: its members stop one by one. With what they process again; measured in package sim
	noise         = 1 - 1e-9 // of floating-point numbers: it must not add a consumer
)

// partOfHour is how long a bit of the steps down stands for. A step down counts while its bit is one of 32: for 31 to 32 parts, an hour on
// average. Two steps down in one part, which the usual stabilization window does not allow, count for a part less.
const partOfHour = 2 * time.Hour / 63

// partsSince is how many parts of an hour have begun since the poll before.
func (in *Poll) partsSince() int64 {
	now := in.Now.UnixNano()
	return now/int64(partOfHour) - (now-int64(in.Seconds*1e9))/int64(partOfHour)
}

// begin is a fleet of so many consumers, without a backlog.
func begin(consumers float64) fleet {
	n := float32(max(1, consumers))
	return fleet{asked: n, works: n, since: settleAfter, most: n}
}

// next is the fleet at the next poll.
func (f *fleet) next(in *Poll, r *row, room float64) {
	f.process(in, r)
	if behind := in.behind(f.works); in.Decides || behind {
		f.decide(in, r, room, behind)
	}
	f.most = max(f.most, f.asked)
}

// process lets the consumers work since the last poll, and counts what became late: records that reached the target's age while they
// waited, and those that would be late if the target were a margin shorter. Records wait in the order in which they came.
func (f *fleet) process(in *Poll, r *row) {
	if f.rests(in) {
		f.pass(in)
		return
	}
	before := f.backlog
	left, able := float32(in.Seconds), 0.0
	for f.pods[0].to > 0 && f.pods[0].due <= left {
		p := f.pods[0]
		able += in.can(f.works, f.run(in, p.due))
		left -= p.due
		more := p.to - f.works
		f.works, f.pods[0], f.pods[1] = p.to, f.pods[1].after(p.due), pods{}
		f.join(in, more)
	}
	f.pods[0], f.pods[1] = f.pods[0].after(left), f.pods[1].after(left)
	able += in.can(f.works, f.run(in, left))
	f.backlog = max(0, f.backlog+in.Arrived-able)
	f.late += float32(r.late.of(before, f.backlog))
	f.strict += float32(r.strict.of(before, f.backlog))
	f.pass(in)
}

// join begins the rebalances that so many pods cause. Pods that join while the group rebalances take part in that: it lasts for one more
// rebalance at least, and not for those of each step one after another.
func (f *fleet) join(in *Poll, pods float32) {
	one := f.rebalance(in)
	switch {
	case f.pause > 0:
		f.pause = max(f.pause, one)
	case pods > 1:
		f.pause = joins * one
	default:
		f.pause = one
	}
}

// rests reports whether nothing waits, nothing changes, and what arrived is surely processed. Most fleets rest most of the time.
func (f *fleet) rests(in *Poll) bool {
	return f.backlog == 0 && f.pause == 0 && f.pods[0].to == 0 && f.works >= in.enough
}

// behind reports whether more is expected than so many consumers process.
func (in *Poll) behind(consumers float32) bool {
	return in.Expected > float64(consumers)*in.PerConsumer
}

// restFrom is from how many consumers on a fleet rests that has no backlog and no change, because they process what arrived; and from how
// many on the poll asks nothing of it either.
func (in *Poll) restFrom() (enough, quiet float32) {
	enough = leastOf(func(consumers float32) bool { return in.can(consumers, float32(in.Seconds)) >= in.Arrived })
	if in.Decides {
		return enough, everybody
	}
	return enough, max(enough, leastOf(func(consumers float32) bool { return !in.behind(consumers) }))
}

// leastOf is the least number of consumers for which something is true that is true for all greater ones, too; everybody: it never is.
func leastOf(is func(consumers float32) bool) float32 {
	return float32(sort.Search(everybody, func(n int) bool { return is(float32(n)) }))
}

// everybody is more consumers than any fleet has. Whole numbers up to it are exact.
const everybody = 1 << 24

// pass lets the time since the last poll pass.
func (f *fleet) pass(in *Poll) {
	seconds := float32(in.Seconds)
	f.cost += f.asked * seconds
	f.since = min(settleAfter, f.since+seconds)
	f.downs <<= in.parts
}

// of is how many records became too old since the last poll, of a fleet with such a backlog before and now.
func (d *deadline) of(before, now float64) float64 {
	return lateOf(before-d.before, now-d.young, d.aged)
}

// lateOf is how many of the records that reached an age since the last poll waited then. before and now are how many more records wait
// than arrived within it: from 0 on, the oldest is too old.
func lateOf(before, now, aged float64) float64 {
	switch {
	case now <= 0 && before <= 0:
		return 0
	case now > 0 && before > 0:
		return aged
	case now > 0:
		return aged * now / (now - before)
	}
	return aged * before / (before - now)
}

// run is for how many of so many seconds the partitions are read.
func (f *fleet) run(in *Poll, seconds float32) float32 {
	paused := min(seconds, f.pause)
	f.pause -= paused
	if in.ReadsOn {
		return seconds - fullyRead*paused
	}
	return seconds - stopped*paused
}

// decide changes the consumers that are asked for, as a decision would.
func (f *fleet) decide(in *Poll, r *row, room float64, behind bool) {
	if f.asked == 0 && f.backlog == 0 && in.Expected == 0 { // it sleeps
		return
	}
	rate := max(in.Expected/in.Utilization, room)
	wait := 0.0
	if f.pods[0].to > 0 {
		wait = min(r.horizon, max(0, float64(f.pods[0].due-f.pods[0].takes)+r.horizon))
	}
	byRate := in.consumers(rate)
	up := byRate
	if drain := f.drain(in, r, wait, behind); drain > 0 {
		up = in.consumers(rate + drain)
	}
	settled := wait == 0 && f.pause == 0 && f.since >= settleAfter
	full := in.Expected > nearlyFull*float64(f.asked)*in.PerConsumer
	switch {
	case up > f.asked && (settled || behind):
		f.ask(in, r, up)
	case byRate > f.asked && f.since >= rateAfter && (in.Decides || full):
		f.ask(in, r, byRate)
	case in.Decides:
		least := up
		if peak := in.Peak / in.DownUtilization; peak > rate { // lower rates need no more than up
			least = max(up, in.consumers(peak))
		}
		f.lower(in, r, least, settled)
	}
}

// drain is the rate at which what will wait at the horizon has to be processed beside the arrivals: need/backlog.go. What is expected is
// a reason for consumers, and no record that waits: the backlog grows by what arrives, also by what of a burst is not believed to last.
func (f *fleet) drain(in *Poll, r *row, wait float64, behind bool) float64 {
	able := float64(f.works) * in.PerConsumer
	later := max(able, float64(f.asked)*in.PerConsumer)
	uncommitted := in.Rate * in.Commit / 2 // it waits, as far as a decision sees
	arriving := max(in.Rate, in.Jump)
	waiting := f.backlog + uncommitted + arriving*r.horizon - able*wait - later*(r.horizon-wait)
	if wait > 0 || in.Jump > in.Rate {
		waiting += arriving * in.Longest
	}
	within := r.drain
	if behind {
		within = min(within, r.target)
	}
	return max(0, waiting-(r.target/2+in.Commit)*arriving) / within
}

// lower steps down when fewer have been enough for half a window, measurements cover all of it, and nothing prevents it.
func (f *fleet) lower(in *Poll, r *row, down float32, settled bool) {
	if in.Idle && f.backlog == 0 && in.Least == 0 {
		down = 0
	}
	if down >= f.asked {
		f.calm = 0
		return
	}
	f.calm += float32(in.SinceDecision)
	saves := (f.asked - down) / f.asked
	dear := in.Longest+dearSlack > r.target && saves < dearTolerance
	late := f.backlog > (r.target/2+lagSlack)*in.Rate
	stabilizing := f.calm-float32(in.SinceDecision) < float32(in.Window/2) || in.Covered < in.Window
	if stabilizing || !settled || late || dear || saves < tolerance || bits.OnesCount32(f.downs) >= downsAnHour {
		return
	}
	f.downs |= f.downs + 1 // the lowest bit that is free
	f.ask(in, r, down)
}

// ask changes the consumers that are asked for. More of them are on their way; fewer are fewer at once.
func (f *fleet) ask(in *Poll, r *row, n float32) {
	switch {
	case n > f.asked:
		k := 0
		if f.pods[0].to > 0 {
			k = 1
		}
		takes := float32(r.faster * in.start(n-f.asked, f.changes))
		f.pods[k] = pods{takes, takes, n}
	case n < f.asked:
		f.works, f.pods = min(f.works, n), [2]pods{}
		f.pause += f.rebalance(in)
	default:
		return
	}
	f.asked, f.since, f.calm = n, 0, 0
	f.changes++
}

// start is how long it takes until so many pods have joined: of few, as long as one of the last real steps up, in turn; of more, as long as
// most of these. A step up is over when three quarters of its pods have joined: a slow one of less than four delays it, one of more does not.
func (in *Poll) start(pods float32, changes uint32) float64 {
	if pods >= manyPods {
		return in.usualStart
	}
	return in.Starts[int(changes)%len(in.Starts)]
}

// rebalance is how long the next one takes: as long as one of the last real ones, in turn, because late records come from the slow ones.
func (f *fleet) rebalance(in *Poll) float32 {
	return float32(in.Pauses[int(f.changes)%len(in.Pauses)])
}

// can is how many records so many consumers process in so many seconds. Partitions are whole: the busiest consumer is the first that
// cannot do more.
func (in *Poll) can(consumers, seconds float32) float64 {
	n := float64(consumers)
	if p := float64(in.Partitions); p > 0 && n > 0 {
		n = p / math.Ceil(p/min(n, p))
	}
	return n * in.PerConsumer * float64(seconds)
}

// consumers is the least useful number of consumers for a rate, within the limits.
func (in *Poll) consumers(rate float64) float32 {
	n := math.Ceil(rate / in.PerConsumer * noise)
	if p := float64(in.Partitions); p > 0 {
		each := max(1, math.Floor(in.PerConsumer*p/(max(rate, 1e-9)*noise)))
		n = math.Ceil(p / min(p, each))
	}
	n = max(1, n, float64(in.Least))
	if in.Most > 0 {
		n = min(n, float64(in.Most))
	}
	return float32(n)
}
