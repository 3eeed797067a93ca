package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// The alerts of package alerts that are about a group that does not go on, on the values of each poll, so that a day needs
// no Prometheus. rules_test.go holds their expressions against those of the rules.

// series are the values of one poll that the alerts use.
type series struct {
	at         time.Duration
	lag        int64
	read       int64 // of the lag: known to be no records
	consume    uint64
	members    int
	hadMembers bool // within a day
	stalled    int
	suspended  bool

	timeLag      time.Duration
	timeLagKnown bool
	atLeast      bool          // it may be more
	mayBeRead    time.Duration // what is no later may be read: it is not known how often the group commits
}

// alert is one rule: its condition, and for how long it must hold.
type alert struct {
	name  string
	holds func(s *series, past []series) bool
	after time.Duration
}

var rules = []alert{
	{"ProcessingStopped", processingStopped, 5 * time.Minute},
	{"PartitionStalled", func(s *series, _ []series) bool { return s.stalled > 0 }, 3 * time.Minute},
	{"GroupEmpty", groupEmpty, 3 * time.Minute},
}

func processingStopped(s *series, past []series) bool {
	consumed, known := increase(past, func(s *series) uint64 { return s.consume })
	return s.lag > 0 && s.stalled > 0 && known && consumed == 0 && s.members > 0 && !s.suspended
}

func groupEmpty(s *series, _ []series) bool {
	return s.lag > s.read && s.members == 0 && s.hadMembers && !s.suspended
}

// increase is that of a counter over the last two minutes; a counter that is smaller began anew.
func increase(past []series, of func(*series) uint64) (n uint64, ok bool) {
	last := past[len(past)-1].at
	for i := len(past) - 1; i > 0 && last-past[i-1].at <= 2*time.Minute; i-- {
		now, before := of(&past[i]), of(&past[i-1])
		if now < before {
			before = 0
		}
		n, ok = n+now-before, true
	}
	return n, ok
}

// alerts are the series of the last minutes, and since when each rule has held.
type alerts struct {
	past   []series
	since  map[string]time.Duration
	budget budget
}

// gap takes in a poll that has no values: nothing holds.
func (a *alerts) gap() { a.since = nil }

// next takes in a poll and returns the alerts that fire.
func (a *alerts) next(s series) (firing []string) {
	if a.since == nil {
		a.since = map[string]time.Duration{}
	}
	s.hadMembers = s.members > 0 || len(a.past) > 0 && a.past[len(a.past)-1].hadMembers
	a.past = append(a.past, s)
	if len(a.past) > 20 {
		a.past = a.past[1:]
	}
	a.budget.next(s.at, s.late())
	for _, rule := range rules {
		since, pending := a.since[rule.name]
		switch {
		case !rule.holds(&s, a.past):
			delete(a.since, rule.name)
		case !pending:
			a.since[rule.name] = s.at
		case s.at-since >= rule.after:
			firing = append(firing, rule.name)
		}
	}
	return firing
}

// seriesOf are the values of a report for the group of the world.
func seriesOf(at time.Duration, rep *engine.Report, cluster string) (s series, ok bool) {
	c, found := rep.Cluster(cluster)
	if !found {
		return series{}, false
	}
	g, found := c.Group(groupName)
	if !found || g.Lag.Stale() { // its gauges are removed
		return series{}, false
	}
	s = series{
		at: at, read: g.Rates.Rest.Read, consume: g.Rates.ConsumedTotal, members: len(g.Lag.Members), stalled: g.Rates.Stalled,
	}
	s.lag, _ = g.Summary.Lag()
	s.mayBeRead = g.Rates.Rest.MayBeRead
	seconds, atLeast, known := g.Rates.TimeLag.Value()
	s.timeLag, s.timeLagKnown, s.atLeast = time.Duration(seconds*float64(time.Second)), known, atLeast
	for i := range rep.Scalers {
		o := &rep.Scalers[i]
		s.suspended = o.Workload.Paused || o.Workload.Spec == 0 && o.Decision.Desired == 0 && o.Decision.Why.ByHand.IsZero()
	}
	return s, true
}
