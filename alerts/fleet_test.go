package alerts_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	minutesOfADay = 24 * 60
	step          = 20 * time.Second
	hour          = 3600.0
)

// groupPlan describes one group of the fleet. Its functions take the second of the day.
type groupPlan struct {
	name       string
	partitions int
	declared   bool
	rate       func(s float64) float64 // arrival rate in records/s
	behind     func(s float64) float64 // lag of each partition in records
	members    func(s float64) int
	replaced   func(s float64) int // members that rollouts have replaced since the start of the day
	retention  float64             // records kept in each partition; 0: all
	scaled     bool                // the group has a scaler
	rollouts   []float64           // start times; each takes rolloutSeconds
}

const rolloutSeconds = 200.0 // for twenty pods

func constant[T any](v T) func(float64) T { return func(float64) T { return v } }

// within returns one value between two hours of the day, and another value at other times.
func within[T any](from, to float64, in, out T) func(float64) T {
	return func(s float64) T {
		if s >= from*hour && s < to*hour {
			return in
		}
		return out
	}
}

// daily is traffic with a peak in the afternoon.
func daily(mean float64) func(float64) float64 {
	return func(s float64) float64 { return mean * (1 + 0.8*math.Sin(2*math.Pi*(s/hour-9)/24)) }
}

// burst is 1 in the first seconds of every two hours, otherwise 0.
func burst(s, seconds float64) float64 {
	if math.Mod(s, 2*hour) <= seconds {
		return 1
	}
	return 0
}

// quietFleet has the groups that must not fire a critical alert.
func quietFleet() []groupPlan {
	rollouts := []float64{3 * hour, 10 * hour, 15*hour + 1800}
	return []groupPlan{
		// Busy without a problem: bursts of two minutes above its threshold, rollouts of twenty pods.
		{
			name: "orders", partitions: 24, declared: true, members: constant(20), scaled: true, rollouts: rollouts,
			rate:   func(s float64) float64 { return daily(2000)(s) + 24*1500*burst(s, 60) },
			behind: func(s float64) float64 { return 300 + 72_000*burst(s, 120)*(1-math.Abs(math.Mod(s, 2*hour)-60)/60) },
			replaced: func(s float64) int {
				n := 0
				for _, begin := range rollouts {
					n += int(min(20, max(0, math.Floor((s-begin)/10))))
				}
				return n
			},
		},
		// Little traffic by day, none at night. Transaction markers leave a lag of one record in each partition.
		{name: "payments", partitions: 6, declared: true, rate: within(8, 18, 1.0, 0), behind: constant(1.0), members: constant(3)},
		// Never any members, but commits: Flink, and offsets that a mirror writes.
		{name: "flink", partitions: 12, declared: true, rate: daily(500), behind: func(s float64) float64 { return 10 * math.Mod(s, 70) }, members: constant(0)},
		{name: "mirror", partitions: 12, rate: daily(100), behind: constant(60.0), members: constant(0)},
		// No longer used: the lag grows, and retention deletes records.
		{name: "abandoned", partitions: 3, rate: constant(30.0), behind: func(s float64) float64 { return 40_000 + 10*s }, members: constant(0), retention: 400_000},
		// Scaled to zero at night by another autoscaler.
		{name: "keda", partitions: 4, rate: within(6, 22, 5.0, 0), behind: constant(0.0), members: within(6, 22, 2, 0)},
		// Scaled to zero at night by its scaler, while a record per partition is left.
		{name: "zero", partitions: 4, declared: true, scaled: true, rate: within(6, 22, 5.0, 0), behind: within(6, 22, 0.0, 1), members: within(6, 22, 2, 0)},
		// Works for half an hour at night.
		{name: "batch", partitions: 8, declared: true, rate: within(2, 2.5, 400.0, 0), behind: within(2, 2.5, 200.0, 0), members: within(2, 2.5, 8, 0)},
	}
}

// fleet is the state of all groups at one time. It is a Source and the Targets for the engine.
type fleet struct {
	plans       []groupPlan
	now         float64 // second of the day
	ends        []float64
	gen         map[string]int32 // generation by group
	memberships map[string]membership
}

// membership is the members of a group until the next change.
type membership struct {
	size, replaced int
	members        []lag.Member
}

func newFleet(plans []groupPlan) *fleet {
	return &fleet{plans: plans, ends: make([]float64, len(plans)), gen: map[string]int32{}, memberships: map[string]membership{}}
}

func at(second float64) time.Time { return time.Unix(0, int64(second*1e9)).UTC() }

// advance moves the time to the next poll.
func (f *fleet) advance() {
	f.now += step.Seconds()
	for i, p := range f.plans {
		f.ends[i] += p.rate(f.now) * step.Seconds() / float64(p.partitions)
	}
}

func (f *fleet) Sample(context.Context) lag.Sample {
	s := lag.Sample{Cluster: "main", At: at(f.now)}
	for _, o := range f.Observe(context.Background()).Groups {
		s.Groups = append(s.Groups, o.GroupState)
	}
	return s
}

func (f *fleet) Observe(context.Context) lag.Observation {
	o := lag.Observation{Cluster: "main", Began: at(f.now), At: at(f.now), Brokers: []lag.Broker{{ID: 1}, {ID: 2}, {ID: 3}}}
	for i, p := range f.plans {
		end := int64(1_000_000 + f.ends[i])
		start := int64(0)
		if p.retention > 0 {
			start = max(0, end-int64(p.retention))
		}
		o.Topics = append(o.Topics, topic(p, start, end, f.now))
		o.Groups = append(o.Groups, f.group(p, end))
	}
	slices.SortFunc(o.Topics, func(a, b lag.TopicRead) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Groups, func(a, b lag.GroupRead) int { return strings.Compare(a.Group, b.Group) })
	return o
}

func topic(p groupPlan, start, end int64, now float64) lag.TopicRead {
	t := lag.TopicRead{Name: p.name + "-topic"}
	for range p.partitions {
		t.Partitions = append(t.Partitions, lag.PartitionRead{
			Start: start, End: end, Stable: end, At: at(now).UnixMilli(), Leader: 1, Replicas: 3, InSync: 3, Known: lag.KnownStart | lag.KnownEnd,
		})
	}
	return t
}

func (f *fleet) group(p groupPlan, end int64) lag.GroupRead {
	g := lag.GroupRead{
		GroupState: lag.GroupState{At: at(f.now), Group: p.name, Type: lag.Classic, State: lag.Empty, Coordinator: 1},
		Epoch:      lag.NoGeneration, AssignmentEpoch: lag.NoGeneration, Generation: lag.NoGeneration, CommitsAt: at(f.now), Described: true,
	}
	if n := p.members(f.now); n > 0 {
		g.State, g.Protocol, g.Assignor = lag.Stable, "consumer", "range"
		g.Members = f.members(p, n)
		g.Generation = f.gen[p.name]
	}
	commits := lag.TopicCommits{Topic: p.name + "-topic"}
	for i := range p.partitions {
		commits.Partitions = append(commits.Partitions, lag.PartitionCommit{
			Partition: int32(i), Offset: max(0, end-int64(p.behind(f.now))), Known: lag.KnownCommitted,
		})
	}
	g.Commits = []lag.TopicCommits{commits}
	return g
}

// members returns the members of a group. A replaced member has a new id; every change increases the generation.
func (f *fleet) members(p groupPlan, n int) []lag.Member {
	replaced := 0
	if p.replaced != nil {
		replaced = p.replaced(f.now)
	}
	c := f.memberships[p.name]
	if c.size == n && c.replaced == replaced {
		return c.members
	}
	f.gen[p.name] += 2 // one member leaves, one joins
	c = membership{n, replaced, make([]lag.Member, n)}
	for i := range c.members {
		id := fmt.Sprintf("%s-%03d-%d", p.name, i, (replaced+n-1-i)/n)
		m := lag.Member{ID: id, ClientID: p.name, Host: "/10.0.0.1", Generation: f.gen[p.name] - 1, Epoch: lag.NoGeneration, Topics: []string{p.name + "-topic"}}
		assigned := lag.TopicPartitions{Topic: p.name + "-topic"}
		for part := i; part < p.partitions; part += n {
			assigned.Partitions = append(assigned.Partitions, int32(part))
		}
		if len(assigned.Partitions) > 0 {
			m.Assigned = []lag.TopicPartitions{assigned}
		}
		c.members[i] = m
	}
	f.memberships[p.name] = c
	return c.members
}

// Scalers returns the scalers of the groups that have one, in mode observe: the plan determines the replicas.
func (f *fleet) Scalers(now time.Time) []scaler.Scaler {
	var all []scaler.Scaler
	for _, p := range f.plans {
		if !p.scaled {
			continue
		}
		n := int32(p.members(f.now))
		s := scaler.Scaler{
			Name: "shop/" + p.name, Mode: scaler.Observe, Policy: scaler.Policy{SLO: lag.SLO{Declared: true}},
			Sources:  []seen.SourceSpec{{Cluster: "main", Group: p.name}},
			Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Namespace: "shop", Name: p.name}, Found: true, HasScale: true, Spec: n, Status: n, Ready: n},
		}
		for _, begin := range p.rollouts {
			if hint := (rebalancemon.Hint{Kind: rebalancemon.RolledOut, At: at(begin), Until: at(begin + rolloutSeconds)}); !hint.At.After(now) {
				s.Hints = append(s.Hints, hint)
			}
		}
		all = append(all, s)
	}
	return all
}

func (f *fleet) Apply(context.Context, scaler.Change) error { return nil }

// series is one series in promtool's notation: values, each with the number of its repetitions.
type series struct {
	name   string
	values strings.Builder
	last   string
	run    int // repetitions of last
	seen   int // number of scrapes
}

// put adds the value of scrape n. Scrapes without a value before it are missing samples.
func (r *series) put(n int, value string) {
	for r.seen < n {
		r.add("_")
	}
	r.add(value)
}

func (r *series) add(value string) {
	r.seen++
	if value == r.last {
		r.run++
		return
	}
	r.flush()
	r.last, r.run = value, 0
}

func (r *series) flush() {
	switch {
	case r.last == "":
	case r.run == 0:
		r.values.WriteString(r.last + " ")
	default:
		fmt.Fprintf(&r.values, "%sx%d ", r.last, r.run)
	}
}

// simulate runs the engine on a fleet, scrapes its metrics every minute, and returns the series of the wanted metrics.
// The day starts at Unix time 0, as in promtool tests.
func simulate(t *testing.T, plans []groupPlan, minutes int, wanted func(metric string) bool) []*series {
	t.Helper()
	f := newFleet(plans)
	e := engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: "main", Source: f}},
		SLO: func(_, group string) lag.SLO {
			i := slices.IndexFunc(plans, func(p groupPlan) bool { return p.name == group })
			return lag.SLO{Declared: i >= 0 && plans[i].declared, LagTime: time.Duration(5+i) * time.Minute}.Or(lag.DefaultSLO)
		},
	}, engine.Options{Interval: step, Targets: f})
	page := metrics.New(metrics.Options{Latest: e.Latest, Interval: step})
	var all []*series
	known := map[string]*series{} // nil: not wanted
	for minute := range minutes {
		for range int(time.Minute / step) {
			f.advance()
			e.Tick(t.Context(), at(f.now))
		}
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		for line := range strings.Lines(rec.Body.String()) {
			if line[0] != 'l' { // a comment, or not a metric of lagscaler
				continue
			}
			cut := strings.LastIndexByte(line, ' ')
			name := line[:cut]
			r, seen := known[name]
			if !seen {
				if metric, _, _ := strings.Cut(name, "{"); wanted(metric) {
					r = &series{name: name}
					all = append(all, r)
				}
				known[strings.Clone(name)] = r
			}
			if r != nil {
				r.put(minute+1, line[cut+1:len(line)-1])
			}
		}
	}
	for _, r := range all {
		r.flush()
	}
	return all
}
