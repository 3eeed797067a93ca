package need

import (
	"cmp"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// demand turns the forecast into records/s.
//
//	base = forecast * share / u       need = base + backlog / drain      with an objective, base is at least its room: room.go
//
// The backlog is the one that there will be when a replica that is requested now processes records: backlog.go. While more arrives
// than the members process, it is to be gone within the target lag, because what waits for longer is late.
func (e *estimator) demand() {
	n := &e.need
	n.Peak = e.Seen.PeakRate()
	n.ReservePeak, n.ReserveShare = e.reserve()
	n.Reserve = n.ReservePeak * n.ReserveShare
	n.Promise = e.promised()
	tolerated := e.tolerated()
	recovering := e.recovering()
	n.UnreadRate, n.UnreadSeconds = e.unreadRate(tolerated)
	n.Joined = e.Fleet.Joined
	if n.Behind = e.Fleet.Behind(e.Learned, e.last); n.Behind {
		n.DrainSeconds = min(n.DrainSeconds, e.Targets.TargetLag.Seconds())
	}
	backlog := e.backlog()
	for c := range e.loads {
		l := &e.loads[c]
		l.base = max(n.Forecast*l.share/n.Utilization, n.room()*l.share)
		l.down = max(n.Peak/n.DownUtilization, n.Peak+n.UnreadRate, n.Reserve, n.room()) * l.share
		l.need = l.base
		if l.known && !l.stalled && !l.held && !recovering {
			l.need += max(0, backlog(l)-e.rhythm(l, tolerated)*max(l.arriving, l.jump)) / n.DrainSeconds
		}
	}
	if n.Capacity.Known() && e.packing.assignment != seen.Shared { // the records of a partition of a share group go to several consumers
		e.separateHot()
	}
	for c := range e.loads {
		l := &e.loads[c]
		n.Base += l.base
		n.DrainRate += l.need - l.base
		n.PeakRequired += l.down
	}
	n.Required = n.Base + n.DrainRate
	n.Backlog = n.DrainRate * n.DrainSeconds
}

// rhythm is how much lag, in seconds of arrivals, needs no drain in a partition of a group whose commits are rare.
func (e *estimator) rhythm(l *load, tolerated float64) float64 {
	return max(tolerated, 0.5*e.Targets.TargetLag.Seconds()+l.interval)
}

// keepsUp reports whether a partition of a group that commits rarely has no more lag than arrives between two commits.
func (l *load) keepsUp() bool { return l.interval > 0 && l.lag <= 1.25*l.interval*l.arriving }

// tolerated is the lag, in seconds of arrivals, that needs no drain. If the capacity is not known, records that have waited for
// less are no backlog: otherwise a single new record would add a replica, and no rule would remove it again.
func (e *estimator) tolerated() float64 {
	return 0.5*e.Targets.TargetLag.Seconds() + lag.CommitInterval(e.Seen.CommitInterval).Seconds()
}

// played is the share of the lag that would be left, and the records/s that would be processed, had an advice been written.
func (e *estimator) played() (lagging, processing float64) {
	if e.Played == nil || e.need.Lag == 0 {
		return 1, 0
	}
	return min(1, e.Played.Backlog/float64(e.need.Lag)), e.Played.PerSecond
}

// fullConsumer is the share of a consumer that one partition may fill before it counts as hot.
const fullConsumer = 0.9

// separateHot sets apart the partitions that one consumer cannot carry. A few count as one fair share each, because
// replicas cannot help them. More than a tenth of all mean that every partition needs a consumer. Where only the backlog is
// too much, the partition counts as a full consumer, so that it is alone while it drains.
func (e *estimator) separateHot() {
	full := fullConsumer * e.need.PerConsumer
	rest, restDown, hot := 0.0, 0.0, 0
	for c := range e.loads {
		if e.loads[c].base > full {
			hot++
		} else {
			rest, restDown = rest+e.loads[c].base, restDown+e.loads[c].down
		}
	}
	few := hot <= max(1, len(e.loads)/10)
	others := float64(max(1, len(e.loads)-hot))
	fair, fairDown := rest/others, restDown/others
	n := &e.need
	for c := range e.loads {
		l := &e.loads[c]
		switch {
		case l.base > full:
			n.Bound = append(n.Bound, e.partition(c))
			if few {
				n.Excluded, n.DownExcluded = n.Excluded+l.base-fair, n.DownExcluded+max(0, l.down-fairDown)
				l.base, l.need, l.down = fair, fair, min(l.down, fairDown)
			}
		case l.need > full:
			part := e.partition(c)
			if spare := n.PerConsumer - l.arriving; spare > 0 {
				part.ETASeconds = (l.need - l.base) * n.DrainSeconds / spare
			}
			n.Isolated = append(n.Isolated, part)
			l.need = full
		}
	}
	n.AllBound = hot > 0 && !few
}

// ForArrivals is the number of consumers that process the arrivals alone, by the plan; 0: the rate is not known, or only a lower
// bound of what one consumer can process.
func (n *Need) ForArrivals() int32 {
	if !n.RateKnown || !n.Capacity.Known() {
		return 0
	}
	return plan.Consumers(n.Rate, n.PerConsumer)
}

// Hot reports whether single partitions are too much for one consumer. Where many are, the group just needs a consumer for
// every partition.
func (n *Need) Hot() bool { return len(n.Bound) > 0 && !n.AllBound }

// count turns records/s into consumers. When a trial of fewer has just failed, those of before are needed at least.
func (e *estimator) count() {
	e.planned()
	if back := e.Learned.GoesBack(e.Now, e.Clock); back > e.Consumers && back >= e.need.Up {
		e.need.Up, e.need.Fit, e.need.GoesBack = back, back, back
	}
}

func (e *estimator) planned() {
	n := &e.need
	members := max(1, cmp.Or(e.Consumers, n.Members))
	if !n.RateKnown || !n.Capacity.Known() {
		n.Plan, n.Fit, n.Up, n.RatePlan, n.ByRate, n.DownPlan, n.Down =
			members, members, members, members, members, members, members
		if n.RateKnown && n.DrainRate > 0 && n.MovingSeconds > e.tolerated() { // there is a backlog: one useful step
			n.Up = e.packing.next(members)
			n.Fit = n.Up
		}
		return
	}
	n.Plan, n.Fit = e.consumers(n.Required, func(c int) float64 { return e.loads[c].need })
	n.Up = max(1, n.Plan, n.Fit)
	fit := int32(0)
	n.RatePlan, fit = e.consumers(n.Base, func(c int) float64 { return e.loads[c].base })
	n.ByRate = max(1, n.RatePlan, fit)
	n.DownPlan, fit = e.consumers(n.PeakRequired, func(c int) float64 { return e.loads[c].down })
	n.Down = max(1, n.DownPlan, fit)
}

func (e *estimator) consumers(required float64, demand func(column int) float64) (planned, fit int32) {
	planned = plan.Consumers(required, e.need.PerConsumer)
	if e.need.AllBound {
		return planned, max(planned, e.packing.useful)
	}
	return planned, e.packing.least(planned, demand)
}
