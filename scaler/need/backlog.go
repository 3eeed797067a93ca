package need

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Fleet are the consumers that were asked for, and those of them that have joined.
type Fleet struct {
	Asked  int32         // with those that run elsewhere
	Joined int32         // at most Asked: a member of a replica that was removed is not counted on
	Wait   time.Duration // until the others work; 0: they work, or should by now
}

// Behind reports whether more arrives than the members that joined can process: arrivals, or a jump as far as it is believed. A target
// without a member is not behind: it starts.
func (f Fleet) Behind(known *learn.Source, last *seen.Newest) bool {
	per, from := known.Capacity()
	return f.Joined > 0 && from.Known() && last.Rated && max(known.TrustedRate(last), known.ExpectedJump(last)) > float64(f.Joined)*per
}

// consumer is what the partitions of one consumer have together.
type consumer struct {
	work          float64 // records to process until the horizon
	rate          float64 // records/s that it committed
	before, after float64 // records that waited at both ends of the rate window
}

// backlog is the lag of a partition a horizon from now, in records; negative: it will have had time to spare. Pods that were asked
// for are counted, so that nothing is asked for twice.
//
//	lag + arrivals * horizon - what the members process until the pods that were asked for work - what all process after that
//
//	2 000/s arrive, 4 of 12 consumers of 100/s have joined, lag 30 000, the others work in 20 s of a horizon of 50 s:
//	30 000 + 2 000 * 50 - 400 * 20 - 1 200 * 30 = 86 000, and 2 000 * 8 for a rebalance of 8 s, see below
//
// After a jump and while pods are on their way, the arrivals of one more rebalance are added: pods that join one after another cause
// two or three, and the horizon knows one.
func (e *estimator) backlog() func(l *load) float64 {
	lagging, processing := e.played()
	jump, pause := e.Learned.TrustedJump(e.last), e.Learned.RebalanceTime(e.Clock).Seconds()
	all, shared := 0.0, e.packing.assignment == seen.Shared
	consumers := make([]consumer, max(1, e.need.Members))
	before := &e.readings.At(e.readings.Before(e.Clock.Scale(lag.RateWindow), e.Clock.Slack())).Offsets
	for c := range e.loads {
		l := &e.loads[c]
		l.jump = jump * l.share
		arriving := max(l.arriving, l.jump)
		l.work = lagging*l.lag + arriving*e.need.Horizon
		if e.Fleet.Wait > 0 || l.jump > l.arriving {
			l.work += arriving * pause
		}
		all += l.work
		if o := learn.ConsumerOf(l.owner, len(consumers), shared); o >= 0 {
			consumers[o].work += l.work
			if l.committing > 0 { // a partition that is stuck is no work
				consumers[o].rate += l.committing
				consumers[o].before += lagBefore(l, before.Of(c))
				consumers[o].after += l.lag
			}
		}
	}
	wait := min(e.Fleet.Wait.Seconds(), e.need.Horizon)
	return func(l *load) float64 {
		now := max(e.throughput(l, consumers, shared), processing*l.share)
		later := now
		if e.need.Capacity.Known() && e.Fleet.Asked > e.Fleet.Joined && all > 0 {
			later = float64(e.Fleet.Asked) * e.need.PerConsumer * l.work / all
			if !shared {
				later = min(later, e.need.PerConsumer)
			}
			later = max(now, later)
		}
		return l.work - now*wait - later*(e.need.Horizon-wait)
	}
}

// lagBefore is the lag of a partition at the begin of the rate window; what was not answered then is taken for what it is now.
func lagBefore(l *load, was seen.Offsets) float64 {
	if was.Known != seen.KnowsBoth {
		return l.lag
	}
	return float64(max(0, was.Lag()))
}

// throughput is the rate at which a partition is processed until more consumers work.
//
//	its consumer was busy for the whole rate window     what was committed
//	otherwise                                           the consumer's capacity, by the work of its partitions
//	the group commits seldom, but all that came         at least the arrivals
func (e *estimator) throughput(l *load, consumers []consumer, shared bool) float64 {
	now := l.committing
	if l.keepsUp() {
		now = max(now, l.arriving)
	}
	o := learn.ConsumerOf(l.owner, len(consumers), shared)
	if o < 0 || !e.need.Capacity.Known() {
		return now
	}
	one, able := &consumers[o], e.need.PerConsumer
	if shared {
		able *= float64(e.Fleet.Joined)
	}
	if one.work == 0 || learn.Saturated(one.before, one.after, one.rate) && !e.Seen.CatchingUp(e.Now, e.Clock) {
		return now
	}
	return max(now, able*l.work/one.work)
}
