package metrics

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// Options configure a Page.
type Options struct {
	Latest   func() *engine.Report // nil before the first Report
	Filter   Filter
	Interval time.Duration // of polls and of samples of states, for HELP; 10 s and 1 s when zero
	Sample   time.Duration // negative: there are none
	// Questions are those of other autoscalers, by call and outcome; nil: there is no endpoint for them.
	Questions func(each func(call, code string, count uint64))

	// Pushes are those of the metrics to a collector, since start; nil: there is none.
	Pushes func() (sent, failed uint64)

	// Receivers are those of messages, sorted by name; nil: there are none.
	Receivers func() []Receiver

	ConfigLoaded func() bool // whether the last load of the file succeeded; nil: there is no file
	Version      string
	Revision     string

	// ClusterConfigs calls each for each cluster with a configuration of its own: whether the last load succeeded; nil: there are none.
	ClusterConfigs func(each func(cluster, origin string, loaded bool))
}

// Receiver is what became of the messages for one receiver, since start, and what waits for it.
type Receiver struct {
	Name                           string
	Sent, Refused, Dropped, Failed uint64
	Waiting                        int
	Oldest                         time.Time // of those that wait
}

// Page is /metrics.
type Page struct {
	opts    Options
	helps   map[string]string // of the metrics whose HELP names a setting
	process *prometheus.Registry
	answers *answers
	compat  *answers

	mu      sync.Mutex // guards what follows
	filter  Filter
	limiter *limiter
	last    *viewSet
}

// New makes the page. It can serve at once: before the first Report it contains only the series of the process.
func New(o Options) *Page {
	o.Interval = cmp.Or(o.Interval, 10*time.Second)
	o.Sample = cmp.Or(o.Sample, time.Second)
	p := &Page{opts: o, filter: o.Filter, limiter: newLimiter(), process: prometheus.NewRegistry(), helps: helps(o)}
	p.process.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	p.answers = newAnswers(handler(p.makers), o.Latest)
	p.compat = newAnswers(handler(p.compatMakers), o.Latest)
	return p
}

// helps replaces the placeholders of settings in the HELP texts.
func helps(o Options) map[string]string {
	sample := o.Sample
	if sample < 0 {
		sample = o.Interval // polls have the states, too
	}
	settings := strings.NewReplacer("{sample}", sample.String(), "{interval}", o.Interval.String())
	filled := map[string]string{}
	for _, m := range Metrics() {
		if h := settings.Replace(m.Help); h != m.Help {
			filled[m.Name] = h
		}
	}
	return filled
}

// SetFilter changes what is exposed, starting with the next Report.
func (p *Page) SetFilter(f Filter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.filter = f
}

// ServeHTTP answers a scrape from the last Report.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.answers.ServeHTTP(w, r) }

// Compat is /metrics/compat: the same numbers under the names that other tools' dashboards rely on.
func (p *Page) Compat() http.Handler { return p.compat }

// Run renders each new Report before it is scraped, in the formats that were requested recently, until ctx ends. Without Run,
// the first scrape after each Report waits until the page is rendered.
//
// A Report is rendered in advance once it has been the last one for ten times as long as that takes, so it costs at most a
// tenth of a core. Where Reports come faster, the next one would be there before a scrape, and the scrape renders what it asks for:
// 50 clusters that are polled every 10 s make five Reports a second.
func (p *Page) Run(ctx context.Context) error {
	const look = 250 * time.Millisecond
	var (
		last  *engine.Report
		since time.Time     // last is the last Report
		took  time.Duration // to render in advance
	)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
		if now := p.opts.Latest(); now != last {
			last, since = now, time.Now()
			took -= took / 100 // so that one slow time is forgotten
		}
		if time.Since(since) < 10*took {
			continue
		}
		began := time.Now()
		if p.answers.prepare()+p.compat.prepare() > 0 {
			took = time.Since(began)
		}
	}
}

// viewSet is the views of all tables, made from one Report.
type viewSet struct {
	report *engine.Report
	admitted
	clusters []*clusterView
	scalers  []*scalerView
	polls    []*pollView
	self     []*selfView
}

// has reports whether the views were made from the same poll of a cluster.
func (s *viewSet) has(c *engine.ClusterReport) bool {
	return s != nil && slices.ContainsFunc(s.clusters, func(v *clusterView) bool { return v.report.Snapshot == c.Snapshot })
}

// views are those of the last Report. They are made once for each Report.
func (p *Page) views() *viewSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.opts.Latest()
	if p.last != nil && p.last.report == r {
		return p.last
	}
	p.last = p.newViewSet(r)
	return p.last
}

func (p *Page) newViewSet(r *engine.Report) *viewSet {
	s := &viewSet{report: r}
	if r == nil {
		s.self = []*selfView{{opts: &p.opts}}
		return s
	}
	if r.Leader {
		p.addLeaderViews(s)
	}
	maps.DeleteFunc(p.limiter.dropped, func(cluster string, _ map[dropReason]uint64) bool { _, reads := r.Cluster(cluster); return !reads })
	for i := range r.Polls {
		stats := &r.Polls[i]
		v := &pollView{
			labels: newLabels("kafka_cluster", stats.Cluster), stats: stats,
			dropped: maps.Clone(p.limiter.dropped[stats.Cluster]), // it goes on counting
		}
		if c, ok := r.Cluster(stats.Cluster); ok {
			v.groups = len(c.Groups)
		}
		s.polls = append(s.polls, v)
	}
	s.self = []*selfView{{opts: &p.opts, leader: r.Leader, shard: r.Shard, series: s.series, kept: keptByAnother(r.Scalers), panics: r.Panics}}
	if r.Leader {
		s.self[0].brakes = r.Brakes
	}
	return s
}

// addLeaderViews adds what only the leader exposes.
func (p *Page) addLeaderViews(s *viewSet) {
	var groups []*groupView
	for _, c := range s.report.Clusters {
		views, counted := groupViews(s.report, c), p.last.has(c)
		for _, v := range views {
			v.counted = counted
		}
		groups = append(groups, views...)
		s.clusters = append(s.clusters, &clusterView{
			labels: newLabels("kafka_cluster", c.Name), report: c, stale: p.clusterStale(s.report, c.Name),
		})
	}
	s.scalers = scalerViews(s.report)
	s.admitted = p.limiter.admit(groups, &p.filter)
}

// clusterStale reports whether a cluster has not answered for three of its intervals: two polls, and the time that a third may take.
func (p *Page) clusterStale(r *engine.Report, cluster string) bool {
	i, ok := slices.BinarySearchFunc(r.Polls, cluster, func(s engine.PollStats, name string) int { return cmp.Compare(s.Cluster, name) })
	return !ok || r.Polls[i].LastSuccess.IsZero() || r.At.Sub(r.Polls[i].LastSuccess) > 3*cmp.Or(r.Polls[i].Interval, p.opts.Interval)
}

// Gather is what a scrape gets, for other formats.
func (p *Page) Gather() ([]*dto.MetricFamily, error) { return source(p.makers).Gather() }

// makers are the metrics of the page. It reads only the last Report and the statistics of the process.
func (p *Page) makers() ([]maker, error) {
	process, err := p.process.Gather()
	if err != nil {
		return nil, err
	}
	s := p.views()
	all := slices.Concat(
		made(process), makers(groupTable, s.groups), makers(topicTable, s.topics), makers(partitionTable, s.partitions),
		makers(scalerTable, s.scalers), makers(clusterTable, s.clusters), makers(pollTable, s.polls), makers(selfTable, s.self),
	)
	for i := range all {
		if h, ok := p.helps[all[i].name]; ok {
			family := all[i].make
			all[i].make = func(r *reused) *dto.MetricFamily {
				f := family(r)
				f.Help = &h
				return f
			}
		}
	}
	return all, nil
}
