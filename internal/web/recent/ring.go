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
	ringSamples = 720      // per group: two hours of polls each 10 s
	ringBudget  = 96 << 20 // bytes for all groups together; above about 17,000 groups the ring holds fewer samples
	sampleBytes = 8
)

// Ring keeps the samples of every group. It may be read while a report is added.
type Ring struct {
	mu       sync.RWMutex
	clusters map[string]*clusterRing
	sizes    map[string][]Size // by scaler
}

type clusterRing struct {
	times  []int64      // Unix milliseconds of the last samples, oldest first
	last   time.Time    // of times
	groups []*groupRing // those of the last report, sorted by name
}

// groupRing is one group's samples. The last one belongs to the cluster's last time, the one before to the time before, and so on.
type groupRing struct {
	name    string
	samples []sample // a circle once it is full
	next    int      // where the next one goes
}

// sample is one group at one poll.
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

// sampleLimit is how many samples a group may have so that all stay within the budget.
func sampleLimit(report *engine.Report) int {
	groups := 1
	for i := range report.Clusters {
		groups += len(report.Clusters[i].Groups)
	}
	return min(ringSamples, ringBudget/sampleBytes/groups)
}

func (c *clusterRing) add(report *engine.ClusterReport, limit int) {
	at := report.Snapshot.At.UnixMilli()
	if n := len(c.times); n > 0 {
		if !report.Snapshot.At.After(c.last) {
			return
		}
		at = c.times[n-1] + report.Snapshot.At.Sub(c.last).Milliseconds() // the wall clock may have been set in between
	}
	c.times, c.last = append(c.times, at), report.Snapshot.At
	if over := len(c.times) - limit; over > 0 {
		c.times = append(c.times[:0], c.times[over:]...)
	}
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
		g.add(sampleOf(&report.Groups[i]), limit)
		c.groups[i] = g
	}
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

func (g *groupRing) add(s sample, limit int) {
	if n := len(g.samples); n > limit { // the budget is shared by more groups now
		g.samples, g.next = withCapacity(g.inOrder()[n-limit:], limit), 0
	}
	if n := len(g.samples); n < limit && g.next == n {
		if n == cap(g.samples) {
			g.samples = withCapacity(g.samples, min(limit, max(16, 2*n)))
		}
		g.samples = append(g.samples, s)
		g.next = len(g.samples) % limit
		return
	}
	g.samples[g.next] = s
	g.next = (g.next + 1) % len(g.samples)
}

// withCapacity is a copy with room for exactly so many samples: append alone would take room for 848 instead of 720.
func withCapacity(samples []sample, capacity int) []sample {
	return append(make([]sample, 0, capacity), samples...)
}

// inOrder are the samples, oldest first.
func (g *groupRing) inOrder() []sample {
	return append(append(make([]sample, 0, len(g.samples)), g.samples[g.next:]...), g.samples[:g.next]...)
}

// Series is a group's recent past as parallel lists, oldest first. Unknown values are null.
type Series struct {
	Seconds  []float64  `json:"seconds"`  // Unix time
	Lag      []*float64 `json:"lag"`      // records
	Late     []*float64 `json:"late"`     // seconds, of the worst partition
	Produced []*float64 `json:"produced"` // records/s
	Consumed []*float64 `json:"consumed"` // records/s
}

// Series are a group's samples; empty if there are none.
func (r *Ring) Series(cluster, group string) Series {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := Series{Seconds: []float64{}, Lag: []*float64{}, Late: []*float64{}, Produced: []*float64{}, Consumed: []*float64{}}
	times, samples := r.past(cluster, group, ringSamples)
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
	_, samples := r.past(cluster, group, n)
	out := make([]float32, len(samples))
	for i, s := range samples {
		out[i] = float32(s.lag.value())
	}
	return out
}

// past are the last n samples of a group and their times. The caller holds mu.
func (r *Ring) past(cluster, group string, n int) ([]int64, []sample) {
	c, ok := r.clusters[cluster]
	if !ok {
		return nil, nil
	}
	i, ok := slices.BinarySearchFunc(c.groups, group, func(g *groupRing, name string) int { return strings.Compare(g.name, name) })
	if !ok {
		return nil, nil
	}
	samples := c.groups[i].inOrder()
	n = min(n, len(samples), len(c.times))
	return c.times[len(c.times)-n:], samples[len(samples)-n:]
}

func known(s short) *float64 {
	v := s.value()
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
