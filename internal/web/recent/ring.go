package recent

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

const (
	ringSamples = 180      // per group: of the last polls, half an hour of polls each 10 s; and as many of the polls before them
	mergedPolls = 3        // in one sample of the polls before them: an hour and a half
	ringBudget  = 96 << 20 // bytes for all groups together; above about 34,000 groups the ring holds fewer samples
	sampleBytes = 8
)

// Ring keeps the samples of every group. It may be read while a report is added.
type Ring struct {
	mu       sync.RWMutex
	clusters map[string]*clusterRing
	sizes    map[string][]Size // by scaler
}

type clusterRing struct {
	polls  []int64      // Unix milliseconds of the last polls, oldest first
	merged []int64      // of the samples before them: of the last poll in each
	last   time.Time    // of polls
	groups []*groupRing // those of the last report, sorted by name
}

// groupRing is one group's samples, oldest first. The last of polls belongs to the cluster's last poll, the one before to the poll before,
// and so on; so it is with merged.
type groupRing struct {
	name   string
	polls  []sample
	merged []sample
}

// sample is one group at one poll, or at several: the greatest lag and time lag, the mean rates.
type sample struct{ lag, late, produced, consumed short }

// New is an empty ring.
func New() *Ring { return &Ring{clusters: map[string]*clusterRing{}} }

// Add takes one sample of each group of a report. A cluster that was not polled since the last report adds none.
func (r *Ring) Add(report *engine.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addSizes(report)
	maps.DeleteFunc(r.clusters, func(name string, _ *clusterRing) bool { _, reads := report.Cluster(name); return !reads })
	limit := sampleLimit(report)
	for _, c := range report.Clusters {
		if c.Snapshot.At.IsZero() {
			continue
		}
		ring, ok := r.clusters[c.Name]
		if !ok {
			ring = &clusterRing{}
			r.clusters[c.Name] = ring
		}
		ring.add(c, limit)
	}
}

// sampleLimit is how many samples a group may have of the last polls, and of those before them, so that all stay within the budget.
func sampleLimit(report *engine.Report) int {
	groups := 1
	for i := range report.Clusters {
		groups += len(report.Clusters[i].Groups)
	}
	return max(0, min(ringSamples, ringBudget/sampleBytes/groups/2-mergedPolls))
}

func (c *clusterRing) add(report *engine.ClusterReport, limit int) {
	at := report.Snapshot.At.UnixMilli()
	if n := len(c.polls); n > 0 {
		if !report.Snapshot.At.After(c.last) {
			return
		}
		at = c.polls[n-1] + report.Snapshot.At.Sub(c.last).Milliseconds() // the wall clock may have been set in between
	}
	c.polls, c.last = append(c.polls, at), report.Snapshot.At
	old := c.groups
	c.groups = make([]*groupRing, len(report.Groups))
	for i := range report.Groups {
		name := report.Groups[i].Lag.Group
		for len(old) > 0 && old[0].name < name { // not in this report
			old = old[1:]
		}
		g := &groupRing{name: name}
		if len(old) > 0 && old[0].name == name {
			g = old[0]
		}
		g.polls = append(grown(g.polls, limit), sampleOf(&report.Groups[i]))
		c.groups[i] = g
	}
	if over := len(c.polls) - limit; over >= mergedPolls {
		c.merge(over-over%mergedPolls, limit)
	}
}

// merge puts the oldest polls together, as many as it is told: several become one sample.
func (c *clusterRing) merge(polls int, limit int) {
	kept := len(c.polls) - polls
	for i := mergedPolls; i <= polls; i += mergedPolls {
		c.merged = append(c.merged, c.polls[i-1])
	}
	c.polls, c.merged = newest(c.polls, kept, limit), newest(c.merged, limit, limit)
	for _, g := range c.groups {
		oldest := g.polls[:max(0, len(g.polls)-kept)] // fewer than of the cluster, of a group that is younger
		for len(oldest) > 0 {
			n := (len(oldest)-1)%mergedPolls + 1
			g.merged = append(grown(g.merged, limit), merged(oldest[:n]))
			oldest = oldest[n:]
		}
		g.polls, g.merged = newest(g.polls, kept, limit), newest(g.merged, limit, limit)
	}
}

// grown has room for one more, and for no more than there ever are: append alone would take more.
func grown(samples []sample, limit int) []sample {
	n := len(samples)
	if n < cap(samples) {
		return samples
	}
	return append(make([]sample, 0, max(n+1, min(limit+mergedPolls, max(16, 2*n)))), samples...)
}

// newest are the last n, in the same memory; in less if it has room for more than the limit needs.
func newest[T any](list []T, n, limit int) []T {
	last := ofLast(list, n)
	if most := limit + mergedPolls; cap(list) > most {
		return append(make([]T, 0, most), last...)
	}
	return append(list[:0], last...)
}

// merged is one sample for several polls.
func merged(polls []sample) sample {
	return sample{
		lag: greatest(polls, func(s sample) short { return s.lag }), late: greatest(polls, func(s sample) short { return s.late }),
		produced: mean(polls, func(s sample) short { return s.produced }), consumed: mean(polls, func(s sample) short { return s.consumed }),
	}
}

// greatest is the greatest number that is known.
func greatest(polls []sample, of func(sample) short) short {
	most := unknown
	for _, s := range polls {
		if v := of(s).value(); !math.IsNaN(v) && !(v <= most.value()) {
			most = of(s)
		}
	}
	return most
}

// mean is the mean of the numbers that are known.
func mean(polls []sample, of func(sample) short) short {
	sum, known := 0.0, 0.0
	for _, s := range polls {
		if v := of(s).value(); !math.IsNaN(v) {
			sum, known = sum+v, known+1
		}
	}
	if known == 0 {
		return unknown
	}
	return shorten(sum / known)
}

func sampleOf(g *engine.GroupReport) sample {
	s := sample{unknown, unknown, unknown, unknown}
	if g.Summary.Known > 0 && !g.Lag.Stale() {
		s.lag = shorten(float64(g.Summary.Total))
	}
	if late, atLeast, ok := g.Rates.TimeLag.Value(); ok && (!atLeast || says(late, g.SLO.LagTime)) {
		s.late = shorten(late)
	}
	if v, ok := g.Rates.Produced.Value(); ok {
		s.produced = shorten(v)
	}
	if v, ok := g.Rates.Consumed.Value(); ok {
		s.consumed = shorten(v)
	}
	return s
}

// says reports whether a lower bound of the time lag says anything: a line has no sign for "at least". While the worst partition is
// unknown, as in the first minute, the bound is that of the others, and 0.3 s would look like a group that keeps up.
func says(late float64, threshold time.Duration) bool {
	return late >= time.Minute.Seconds() || threshold > 0 && late > threshold.Seconds()
}

// Series is a group's recent past as parallel lists, oldest first. Unknown values are null. In the first part one entry stands for several
// polls: the greatest lag and time lag, the mean rates.
type Series struct {
	Seconds  []float64  `json:"seconds"`  // Unix time
	Lag      []*float64 `json:"lag"`      // records
	Late     []*float64 `json:"late"`     // seconds, of the worst partition
	Produced []*float64 `json:"produced"` // records/s
	Consumed []*float64 `json:"consumed"` // records/s
	Polls    []float64  `json:"-"`        // for how many polls each entry stands
}

// Series are a group's samples; empty if there are none.
func (r *Ring) Series(cluster, group string) Series {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := Series{Seconds: []float64{}, Lag: []*float64{}, Late: []*float64{}, Produced: []*float64{}, Consumed: []*float64{}}
	times, samples, merged := r.past(cluster, group, math.MaxInt)
	out.Polls = append(slices.Repeat([]float64{mergedPolls}, merged), slices.Repeat([]float64{1}, len(samples)-merged)...)
	for i, s := range samples {
		out.Seconds = append(out.Seconds, float64(times[i])/1000)
		out.Lag = append(out.Lag, known(s.lag))
		out.Late = append(out.Late, known(s.late))
		out.Produced = append(out.Produced, known(s.produced))
		out.Consumed = append(out.Consumed, known(s.consumed))
	}
	return out
}

// Lags are a group's last n lags in records, oldest first, NaN where unknown.
func (r *Ring) Lags(cluster, group string, n int) []float32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, samples, _ := r.past(cluster, group, n)
	out := make([]float32, len(samples))
	for i, s := range samples {
		out[i] = float32(s.lag.value())
	}
	return out
}

// past are the last n samples of a group and their times, and how many of them are merged. The caller holds mu.
func (r *Ring) past(cluster, group string, n int) (times []int64, samples []sample, merged int) {
	c, ok := r.clusters[cluster]
	if !ok {
		return nil, nil, 0
	}
	i, ok := slices.BinarySearchFunc(c.groups, group, func(g *groupRing, name string) int { return strings.Compare(g.name, name) })
	if !ok {
		return nil, nil, 0
	}
	g := c.groups[i]
	times, samples = slices.Concat(ofLast(c.merged, len(g.merged)), ofLast(c.polls, len(g.polls))), slices.Concat(g.merged, g.polls)
	return ofLast(times, n), ofLast(samples, n), max(0, min(n, len(samples))-len(g.polls))
}

// ofLast are the last n.
func ofLast[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }

func known(s short) *float64 {
	v := s.value()
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
