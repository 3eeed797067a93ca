package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/shard"
)

// large is what reading a large cluster took, in a process of its own.
type large struct {
	Listed             int // groups that the brokers list
	Groups, Partitions int // that are read
	Requests           int64
	Wall               time.Duration // of a warm poll, until its report is published: the median
	CPU                time.Duration // of a poll, the mean, with scrapes and pages
	Sample             time.Duration // CPU of a sample of all groups, the mean
	PeakRSS            int64         // bytes
	Parts              []part
}

// world is what is read of which cluster, and what is done with it.
type world struct {
	name   string
	fill   fill
	shard  shard.Shard
	pages  bool // the metrics are scraped and the pages opened after each poll
	moves  bool // in each poll all offsets have moved, and each group has a rebalance every two minutes; otherwise nothing moves
	hours  bool // after two hours of that
	memory int  // that Go may use, in MB: nine tenths of that of a container
}

// worlds are the rows of the table.
var worlds = []world{
	{name: "10,000 idle groups without members", fill: fill{groups: 10_000, partitions: 10}, memory: 225},
	{
		name: "one shard of 10 at 10 million group-partitions, with metrics and pages", fill: fill{groups: 100_000, partitions: perTopic, members: true, shards: 10},
		shard: shard.Shard{Index: 0, Of: 10}, pages: true, memory: 315,
	},
	{name: "a million group-partitions, polls alone", fill: fill{groups: 10_000, partitions: perTopic, members: true}, memory: 200},
	{name: "the same, with metrics and pages", fill: fill{groups: 10_000, partitions: perTopic, members: true}, pages: true, memory: 200},
	{name: "the same, while everything moves", fill: fill{groups: 10_000, partitions: perTopic, members: true}, pages: true, moves: true, memory: 270},
	{name: "the same, after two hours", fill: fill{groups: 10_000, partitions: perTopic, members: true}, pages: true, moves: true, hours: true, memory: 345},
}

const (
	largePolls  = 12
	largeScrape = "/metrics"
	agingStep   = 2 * time.Minute
	twoHours    = 2 * time.Hour
)

// readLarge is the process that reads.
func readLarge(ctx context.Context, brokers, name string) error {
	i := slices.IndexFunc(worlds, func(w world) bool { return w.name == name })
	if i < 0 {
		return fmt.Errorf("no world %q", name)
	}
	w := worlds[i]
	s, err := kafkasource.New(kafkasource.Config{Cluster: "bench", Brokers: strings.Split(brokers, ",")})
	if err != nil {
		return err
	}
	defer s.Close()
	d := newDriver(&w, s)
	if w.hours {
		if err := d.age(ctx); err != nil {
			return err
		}
	}
	m, err := d.measure(ctx, s)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// driver is the program without its timers: polls, the metrics, the pages and their charts.
type driver struct {
	world  *world
	source *moving
	engine *engine.Engine
	ring   *recent.Ring
	page   http.Handler // nil: polls alone
	pages  http.Handler
	now    time.Time
}

func newDriver(w *world, s *kafkasource.Source) *driver {
	d := &driver{world: w, source: &moving{Source: s, moves: w.moves}, ring: recent.New(), now: time.Now()}
	o := engine.Options{SampleInterval: -1}
	if !w.shard.Alone() {
		o.Shards = engine.FixedShard(w.shard, false)
	}
	if w.pages {
		o.Publish = d.ring.Add
	}
	d.engine = engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "bench", Source: d.source}}}, o)
	if w.pages {
		d.page = metrics.New(metrics.Options{Latest: d.engine.Latest, Filter: metrics.Filter{MaxGroups: 10_000, MaxSeries: 500_000}}) // the defaults
		d.pages = web.New(web.Options{Latest: d.engine.Latest, Ring: d.ring, Interval: d.engine.Interval()})
	}
	return d
}

// poll is one poll, and who looks at it.
func (d *driver) poll(ctx context.Context, after time.Duration) error {
	d.now = d.now.Add(after)
	if d.source.moves {
		d.source.shift += after
	}
	d.engine.Tick(ctx, d.now)
	c := d.engine.Latest().Clusters[0]
	if errs := c.Snapshot.Errors; len(errs) > 0 {
		return fmt.Errorf("observing: %+v", errs)
	}
	return nil
}

func (d *driver) look() error {
	if !d.world.pages {
		return nil
	}
	group := d.engine.Latest().Clusters[0].Groups[0].Lag.Group
	for path, h := range map[string]http.Handler{
		largeScrape: d.page, "/": d.pages, "/?sort=lag&desc=1": d.pages, "/group?cluster=bench&group=" + group: d.pages, "/rebalances": d.pages, "/status": d.pages,
	} {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")
		r.Header.Set("Accept-Encoding", "gzip")
		got := nowhere{header: http.Header{}, code: http.StatusOK}
		if h.ServeHTTP(&got, r); got.code != http.StatusOK {
			return fmt.Errorf("%s: %d", path, got.code)
		}
	}
	return nil
}

// nowhere is a client that reads everything and keeps nothing.
type nowhere struct {
	header http.Header
	code   int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(code int)        { n.code = code }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// measure polls as often as it takes until the memory has settled.
func (d *driver) measure(ctx context.Context, s *kafkasource.Source) (m large, err error) {
	var walls []time.Duration
	var used time.Duration
	for i := range largePolls {
		cpu, began := cpuTime(), time.Now()
		if err := d.poll(ctx, d.engine.Interval()); err != nil {
			return m, err
		}
		wall := time.Since(began)
		if err := d.look(); err != nil {
			return m, err
		}
		if i >= 2 { // the first ones also read metadata
			walls, used = append(walls, wall), used+cpuTime()-cpu
		}
	}
	slices.Sort(walls)
	m.Wall, m.CPU = walls[len(walls)/2], used/time.Duration(len(walls))
	c := d.engine.Latest().Clusters[0]
	m.Groups = len(c.Groups)
	for i := range c.Groups {
		m.Partitions += c.Groups[i].Summary.Partitions
	}
	m.Requests = d.source.fewest
	const samples = 5
	cpu := cpuTime()
	for range samples {
		sample := s.Sample(ctx)
		if len(sample.Errors) > 0 {
			return m, fmt.Errorf("sampling: %+v", sample.Errors)
		}
	}
	m.Listed, m.Sample = d.world.fill.groups, (cpuTime()-cpu)/samples
	if m.PeakRSS, err = peakRSS(); err != nil {
		return m, err
	}
	if d.world.pages {
		m.Parts = d.parts(ctx)
	}
	return m, err
}

// age lets two hours pass: a poll every two minutes, and the charts of the polls in between.
func (d *driver) age(ctx context.Context) error {
	for range int(twoHours / agingStep) {
		if err := d.poll(ctx, agingStep); err != nil {
			return err
		}
		d.fillRing()
	}
	return forgetPeak()
}

// forgetPeak begins the count of the most memory anew: two hours in a minute make more garbage than two hours. See proc_pid_clear_refs(5).
func forgetPeak() error {
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// fillRing adds the samples of the polls every 10 s between the last one and the next one.
func (d *driver) fillRing() {
	report := *d.engine.Latest()
	cluster := *report.Clusters[0]
	for at := d.engine.Interval(); at < agingStep; at += d.engine.Interval() {
		snapshot := *cluster.Snapshot
		snapshot.At = snapshot.At.Add(at)
		next := cluster
		next.Snapshot = &snapshot
		report.Clusters = []*engine.ClusterReport{&next}
		d.ring.Add(&report)
	}
}

// moving is a source whose answers are those of the brokers, moved on: by a time, and if it moves, as if producers and consumers had
// worked since the poll before.
type moving struct {
	*kafkasource.Source
	moves  bool
	shift  time.Duration // since the answers of the brokers
	polls  int64
	fewest int64 // requests of one poll
}

// perPoll is how many records come to a partition between two polls. On each tenth partition the last ten of them are not read yet.
const perPoll = 1000

// Observe is the observation of the brokers, moved on.
func (m *moving) Observe(ctx context.Context) lag.Observation {
	o := m.Source.Observe(ctx)
	requests := int64(0)
	for _, r := range o.Requests {
		requests += r.Count
	}
	if m.fewest == 0 || requests < m.fewest {
		m.fewest = requests
	}
	o.Began, o.At = o.Began.Add(m.shift), o.At.Add(m.shift)
	for t := range o.Topics {
		for p := range o.Topics[t].Partitions {
			o.Topics[t].Partitions[p].At += m.shift.Milliseconds()
		}
	}
	for i := range o.Groups {
		o.Groups[i].At, o.Groups[i].CommitsAt = o.Groups[i].At.Add(m.shift), o.Groups[i].CommitsAt.Add(m.shift)
	}
	if m.moves {
		m.polls++
		m.move(&o)
	}
	return o
}

func (m *moving) move(o *lag.Observation) {
	for t := range o.Topics {
		for p := range o.Topics[t].Partitions {
			o.Topics[t].Partitions[p].End += m.polls * perPoll
		}
	}
	for i := range o.Groups {
		g := &o.Groups[i]
		g.Generation = m.generation(i)
		for _, t := range g.Commits {
			for p := range t.Partitions {
				t.Partitions[p].Offset += m.polls * perPoll
				if p%10 == 0 {
					t.Partitions[p].Offset -= 10
				}
			}
		}
	}
}

// generation is that of a group: each has a rebalance every two minutes, and they do not have it at the same time.
func (m *moving) generation(group int) int32 {
	return int32((m.shift + time.Duration(group)*time.Second%agingStep) / agingStep)
}

// peakRSS is the most memory this process ever had, in bytes.
func peakRSS() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc/self/status")
}

// measureLarge reads each world in a process of its own. Worlds with the same cluster share its brokers.
func measureLarge(ctx context.Context, chosen []world) (all []large, _ error) {
	var addresses []string
	stop := func() {}
	defer func() { stop() }()
	for i, w := range chosen {
		if i == 0 || w.fill != chosen[i-1].fill {
			stop()
			started, ends, err := start(ctx, w.fill)
			if err != nil {
				return all, err
			}
			addresses, stop = started, ends
		}
		m, err := readIn(ctx, &w, addresses)
		if err != nil {
			return all, fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %+v\n", w.name, m) // the whole takes minutes
		all = append(all, m)
	}
	return all, nil
}

func readIn(ctx context.Context, w *world, addresses []string) (m large, err error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "large", "-world", w.name, "-brokers", strings.Join(addresses, ",")) // ourselves
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMEMLIMIT=%d", w.memory*1_000_000))
	out, err := cmd.Output()
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(out, &m)
}
