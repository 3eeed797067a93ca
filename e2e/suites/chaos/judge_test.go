package chaos

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/compare"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// evidence is what replicas said, beside the truth.
type evidence struct {
	group   string
	said    []testimony
	traffic *traffic
	sizes   []kube.Size          // that the apiserver stored
	logged  []coordlog.Rebalance // of the group, by the coordinators
	records [][]consumed         // by consumer
	writes  []apiWrite           // that the apiserver took
}

// testimony is what one replica said.
type testimony struct {
	identity string
	started  time.Time
	reports  []closedloop.Report
}

// consumed is what a consumer had done until a time.
type consumed struct {
	At   time.Time
	Late int64
}

func (s *system) evidence(sizes []kube.Size) evidence {
	s.t.Helper()
	e := evidence{group: s.Groups[0], traffic: &s.traffic, sizes: sizes, writes: s.api.wrote(), logged: s.Kafka.Rebalances(s.t, s.Groups[0])}
	for _, r := range s.replicas {
		e.said = append(e.said, testimony{r.identity, r.started, r.History()})
	}
	for _, log := range s.ConsumerLogs() {
		var lines []consumed
		for _, line := range s.ReadConsumer(log) {
			lines = append(lines, consumed{line.At, line.Late})
		}
		e.records = append(e.records, lines)
	}
	return e
}

// settled is how long traffic must have been so high until its consumers are needed: what was written before it rose is
// nobody's fault.
const settled = 15 * closedloop.Poll

// needed is how many consumers the traffic of the last time needs, at least.
func (e evidence) needed(at time.Time) int32 {
	return int32(math.Ceil(float64(e.traffic.least(at.Add(-settled), at)) / perConsumer))
}

// wrongWrites are writes that nobody decided, and scale-downs below what the traffic needs or on partial data.
func (e evidence) wrongWrites() []finding {
	var wrong []finding
	for i := 1; i < len(e.sizes); i++ {
		from, to := e.sizes[i-1].Replicas, e.sizes[i]
		note := func(format string, args ...any) {
			wrong = append(wrong, finding{to.At, fmt.Sprintf("%d to %d: %s", from, to.Replicas, fmt.Sprintf(format, args...))})
		}
		line, report, ok := e.decided(from, to)
		switch {
		case !ok:
			note("no replica decided that")
		case to.Replicas > from:
		case !slices.Contains(report.Whole, e.group):
			note("on partial data (%v): %s", report.Failed, line)
		case to.Replicas < e.needed(to.At):
			note("the traffic of %d/s needs %d: %s", e.traffic.least(to.At.Add(-settled), to.At), e.needed(to.At), line)
		}
	}
	return wrong
}

// leaseDuration is that of the Lease.
const leaseDuration = 15 * time.Second

// withoutLease are writes of the replicas by one that did not hold the Lease: another had renewed it last, or nobody for longer
// than it lasts.
func (e evidence) withoutLease() []finding {
	var wrong []finding
	for _, w := range e.writes {
		if w.Lease {
			continue
		}
		var last apiWrite
		for _, lease := range e.writes {
			if lease.Lease && lease.Ended.Before(w.Began) && lease.Ended.After(last.Ended) {
				last = lease
			}
		}
		if last.By != w.By || w.Began.Sub(last.Ended) > leaseDuration {
			wrong = append(wrong, finding{w.Began, fmt.Sprintf("%s wrote the replicas, and %s had renewed the Lease last, %v before",
				w.By, last.By, w.Began.Sub(last.Ended).Round(time.Millisecond))})
		}
	}
	return wrong
}

// longAgo is older than any decision that is still written: a write ends with the lease.
const longAgo = 30 * time.Second

// decided finds the decision that a size came from, in words, and the report of the poll at which it was made.
func (e evidence) decided(from int32, to kube.Size) (line string, at closedloop.Report, ok bool) {
	for _, one := range e.said {
		for i, report := range slices.Backward(one.reports) {
			if report.At.After(to.At.Add(closedloop.Poll)) {
				continue
			}
			if to.At.Sub(report.At) > longAgo {
				break
			}
			for _, s := range report.Scalers {
				if s.Decision.Current == from && s.Decision.Desired == to.Replicas {
					return s.Line, firstWith(one.reports[:i+1], s.Decision.At), true
				}
			}
		}
	}
	return "", closedloop.Report{}, false
}

// firstWith is the report of the poll at which a decision was made: the first that has it.
func firstWith(reports []closedloop.Report, decided time.Time) closedloop.Report {
	i := len(reports) - 1
	for i > 0 && !reports[i-1].At.Before(decided) {
		i--
	}
	return reports[i]
}

// madeUp are rebalances that replicas reported, and no coordinator logged.
func (e evidence) madeUp() []finding {
	var all []finding
	for _, one := range e.said {
		truths := compare.Truths(e.logged, one.started.Add(-time.Minute), func(time.Time) bool { return false })
		events := one.events()
		known := len(all)
		for i := range events { // the one with which there is one more
			v := compare.Compare(truths, events[:i+1], closedloop.Poll, closedloop.Poll)
			if len(v.False) > len(all)-known {
				all = append(all, finding{events[i].End, one.identity + ": " + v.False[len(v.False)-1]})
			}
		}
	}
	return all
}

// events are the rebalances that a replica told, each as it told it last.
func (o testimony) events() []rebalancemon.Event {
	var events []rebalancemon.Event
	for _, report := range o.reports {
		for _, ev := range report.Rebalances {
			i := slices.IndexFunc(events, func(e rebalancemon.Event) bool { return e.Group == ev.Group && e.Start.Equal(ev.Start) })
			if i < 0 {
				events = append(events, ev)
			} else {
				events[i] = ev
			}
		}
	}
	return events
}

// counted are records that were late, by when they were done.
type counted struct {
	At   time.Time
	N    int64
	Held bool // by a leader that could not read everything, and left fewer consumers than the traffic needed
}

func (e evidence) late() (late []counted) {
	holds := e.holds()
	for _, lines := range e.records {
		before := int64(0)
		for _, line := range lines {
			if n := line.Late - before; n > 0 {
				held := slices.ContainsFunc(holds, func(from time.Time) bool {
					return !line.At.Before(from) && !line.At.After(from.Add(closedloop.Poll+closedloop.Target))
				})
				late = append(late, counted{line.At, n, held})
			}
			before = line.Late
		}
	}
	return late
}

// holds are the polls at which a leader did not ask for more, because of what it could not read.
func (e evidence) holds() (at []time.Time) {
	for _, one := range e.said {
		for _, report := range one.reports {
			for _, s := range report.Scalers {
				d := s.Decision
				if report.Leader && slices.Contains(blind, d.Verdict) && d.Desired <= d.Current && d.Current < e.needed(report.At) {
					at = append(at, report.At)
				}
			}
		}
	}
	return at
}

// disturbed counts the polls of either replica that left something unknown, and the polls' times in which nobody led.
func (e evidence) disturbed(from, to time.Time) (partial, leaderless int) {
	for second := from; second.Before(to); second = second.Add(closedloop.Poll) {
		led := false
		for _, one := range e.said {
			for _, report := range one.reports {
				if report.At.Before(second) || !report.At.Before(second.Add(closedloop.Poll)) {
					continue
				}
				led = led || report.Leader
				if !report.Complete() {
					partial++
				}
			}
		}
		if !led {
			leaderless++
		}
	}
	return partial, leaderless
}
