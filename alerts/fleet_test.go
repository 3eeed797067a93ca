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
)

const (
	minutesOfADay = 24 * 60
	step          = 20 * time.Second
	hour          = 3600.0
)

// groupPlan is one group of the fleet, as functions of the second of the day.
type groupPlan struct {
	name       string
	partitions int
	declared   bool
	rate       func(s float64) float64 // records/s that arrive
	behind     func(s float64) float64 // records that each partition lags behind
	members    func(s float64) int
	replaced   func(s float64) int // members replaced since the day began: rollouts
	retention  float64             // records kept in each partition; 0: all
	scaled     bool
	rollouts   []float64 // when they begin; each lasts rolloutTook
}

const rolloutTook = 200.0 // seconds for twenty pods

func constant[T any](v T) func(float64) T { return func(float64) T { return v } }

// within is one value in some hours of the day and another in the others.
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

// burst is 1 for the first seconds of every second hour.
func burst(s, seconds float64) float64 {
	if math.Mod(s, 2*hour) <= seconds {
		return 1
	}
	return 0
}

// quietFleet is everything that must wake nobody.
func quietFleet() []groupPlan {
	rollouts := []float64{3 * hour, 10 * hour, 15*hour + 1800}
	return []groupPlan{
		// Busy and healthy: bursts of two minutes above its threshold, rollouts of twenty pods.
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
		// Idle but for a little by day, with the record that transaction markers leave in each partition.
		{name: "payments", partitions: 6, declared: true, rate: within(8, 18, 1.0, 0), behind: constant(1.0), members: constant(3)},
		// No members ever, but commits: Flink, and offsets that a mirror writes.
		{name: "flink", partitions: 12, declared: true, rate: daily(500), behind: func(s float64) float64 { return 10 * math.Mod(s, 70) }, members: constant(0)},
		{name: "mirror", partitions: 12, rate: daily(100), behind: constant(60.0), members: constant(0)},
		// Nobody reads it any more: lag grows, retention takes what is old.
		{name: "abandoned", partitions: 3, rate: constant(30.0), behind: func(s float64) float64 { return 40_000 + 10*s }, members: constant(0), retention: 400_000},
		// At zero by night, by somebody we know nothing of.
		{name: "keda", partitions: 4, rate: within(6, 22, 5.0, 0), behind: constant(0.0), members: within(6, 22, 2, 0)},
		// At zero by night, by its scaler, with a record or two that came too late.
		{name: "zero", partitions: 4, declared: true, scaled: true, rate: within(6, 22, 5.0, 0), behind: within(6, 22, 0.0, 1), members: within(6, 22, 2, 0)},
		// Works half an hour a night.
		{name: "batch", partitions: 8, declared: true, rate: within(2, 2.5, 400.0, 0), behind: within(2, 2.5, 200.0, 0), members: within(2, 2.5, 8, 0)},
	}
}

// world is a fleet at a time: a Source for the engine, and the Targets of its scalers.
type world struct {
	plans []groupPlan
	now   float64 // second of the day
	ends  []float64
	gen   map[string]int32
	crews map[string]crew
}

// crew is the members of a group as long as they stay.
type crew struct {
	size, replaced int
	members        []lag.Member
}

func newWorld(plans []groupPlan) *world {
	return &world{plans: plans, ends: make([]float64, len(plans)), gen: map[string]int32{}, crews: map[string]crew{}}
}

func at(second float64) time.Time { return time.Unix(0, int64(second*1e9)).UTC() }

// advance lets the time until the next poll pass.
func (w *world) advance() {
	w.now += step.Seconds()
	for i, p := range w.plans {
		w.ends[i] += p.rate(w.now) * step.Seconds() / float64(p.partitions)
	}
}

func (w *world) Sample(context.Context) lag.Sample {
	s := lag.Sample{Cluster: "main", At: at(w.now)}
	for _, o := range w.Observe(context.Background()).Groups {
		s.Groups = append(s.Groups, o.GroupState)
	}
	return s
}

func (w *world) Observe(context.Context) lag.Observation {
	o := lag.Observation{Cluster: "main", Began: at(w.now), At: at(w.now), Brokers: []lag.Broker{{ID: 1}, {ID: 2}, {ID: 3}}}
	for i, p := range w.plans {
		end := int64(1_000_000 + w.ends[i])
		start := int64(0)
		if p.retention > 0 {
			start = max(0, end-int64(p.retention))
		}
		o.Topics = append(o.Topics, topic(p, start, end, w.now))
		o.Groups = append(o.Groups, w.group(p, end))
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

func (w *world) group(p groupPlan, end int64) lag.GroupRead {
	g := lag.GroupRead{
		GroupState: lag.GroupState{At: at(w.now), Group: p.name, Type: lag.Classic, State: lag.Empty, Coordinator: 1},
		Epoch:      lag.NoGeneration, AssignmentEpoch: lag.NoGeneration, Generation: lag.NoGeneration, CommitsAt: at(w.now), Described: true,
	}
	if n := p.members(w.now); n > 0 {
		g.State, g.Protocol, g.Assignor = lag.Stable, "consumer", "range"
		g.Members = w.crew(p, n)
		g.Generation = w.gen[p.name]
	}
	commits := lag.TopicCommits{Topic: p.name + "-topic"}
	for i := range p.partitions {
		commits.Partitions = append(commits.Partitions, lag.PartitionCommit{
			Partition: int32(i), Offset: max(0, end-int64(p.behind(w.now))), LeaderEpoch: lag.NoGeneration, Known: lag.KnownCommitted,
		})
	}
	g.Commits = []lag.TopicCommits{commits}
	return g
}

// crew are the members: one that is replaced has a new id, and each change of them is a new generation.
func (w *world) crew(p groupPlan, n int) []lag.Member {
	replaced := 0
	if p.replaced != nil {
		replaced = p.replaced(w.now)
	}
	c := w.crews[p.name]
	if c.size == n && c.replaced == replaced {
		return c.members
	}
	w.gen[p.name] += 2 // the old one leaves, the new one joins
	c = crew{n, replaced, make([]lag.Member, n)}
	for i := range c.members {
		id := fmt.Sprintf("%s-%03d-%d", p.name, i, (replaced+n-1-i)/n)
		m := lag.Member{ID: id, ClientID: p.name, Host: "/10.0.0.1", Generation: w.gen[p.name] - 1, Epoch: lag.NoGeneration, Topics: []string{p.name + "-topic"}}
		assigned := lag.TopicPartitions{Topic: p.name + "-topic"}
		for part := i; part < p.partitions; part += n {
			assigned.Partitions = append(assigned.Partitions, int32(part))
		}
		if len(assigned.Partitions) > 0 {
			m.Assigned = []lag.TopicPartitions{assigned}
		}
		c.members[i] = m
	}
	w.crews[p.name] = c
	return c.members
}

// Scalers are those of the plans that have one. They observe: what replicas there are is the plan's.
func (w *world) Scalers(now time.Time) []scaler.Scaler {
	var all []scaler.Scaler
	for _, p := range w.plans {
		if !p.scaled {
			continue
		}
		n := int32(p.members(w.now))
		s := scaler.Scaler{
			Name: "shop/" + p.name, Mode: scaler.Observe, Policy: scaler.Policy{SLO: lag.SLO{Declared: true}},
			Sources:  []scaler.SourceSpec{{Cluster: "main", Group: p.name}},
			Workload: scaler.Workload{Ref: scaler.Ref{Kind: "Deployment", Namespace: "shop", Name: p.name}, Found: true, HasScale: true, Spec: n, Status: n, Ready: n},
		}
		for _, begin := range p.rollouts {
			if hint := (rebalancemon.Hint{Kind: rebalancemon.RolledOut, At: at(begin), Until: at(begin + rolloutTook)}); !hint.At.After(now) {
				s.Hints = append(s.Hints, hint)
			}
		}
		all = append(all, s)
	}
	return all
}

func (w *world) Apply(context.Context, scaler.Change) error { return nil }

// recorded is one series, as promtool writes it: a value, and how often it repeats.
type recorded struct {
	name   string
	values strings.Builder
	last   string
	run    int
	seen   int // scrapes so far
}

// put adds the value of scrape n; the scrapes in between had none.
func (r *recorded) put(n int, value string) {
	for r.seen < n {
		r.add("_")
	}
	r.add(value)
}

func (r *recorded) add(value string) {
	r.seen++
	if value == r.last {
		r.run++
		return
	}
	r.flush()
	r.last, r.run = value, 0
}

func (r *recorded) flush() {
	switch {
	case r.last == "":
	case r.run == 0:
		r.values.WriteString(r.last + " ")
	default:
		fmt.Fprintf(&r.values, "%sx%d ", r.last, r.run)
	}
}

// live runs the engine over a fleet and records what a scrape of its page sees each minute, of the wanted metrics.
// The day begins at Unix time 0, as promtool's does.
func live(t *testing.T, plans []groupPlan, minutes int, wanted func(metric string) bool) []*recorded {
	t.Helper()
	w := newWorld(plans)
	e := engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: "main", Source: w}},
		SLO: func(_, group string) lag.SLO {
			i := slices.IndexFunc(plans, func(p groupPlan) bool { return p.name == group })
			return lag.SLO{Declared: i >= 0 && plans[i].declared, LagTime: time.Duration(5+i) * time.Minute}
		},
	}, engine.Options{Interval: step, Targets: w})
	page := metrics.New(metrics.Options{Latest: e.Latest, Interval: step})
	var series []*recorded
	known := map[string]*recorded{} // nil: a series that nobody wants
	for minute := range minutes {
		for range int(time.Minute / step) {
			w.advance()
			e.Tick(t.Context(), at(w.now))
		}
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		for line := range strings.Lines(rec.Body.String()) {
			if line[0] != 'l' { // comments, and what is not of lagscaler
				continue
			}
			cut := strings.LastIndexByte(line, ' ')
			name := line[:cut]
			r, seen := known[name]
			if !seen {
				if metric, _, _ := strings.Cut(name, "{"); wanted(metric) {
					r = &recorded{name: name}
					series = append(series, r)
				}
				known[strings.Clone(name)] = r
			}
			if r != nil {
				r.put(minute+1, line[cut+1:len(line)-1])
			}
		}
	}
	for _, r := range series {
		r.flush()
	}
	return series
}
