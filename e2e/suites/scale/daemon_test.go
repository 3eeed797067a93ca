package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
)

// The clocks of these tests run ten times as fast as documented: a poll each second, a decision every third, a
// stabilization window of 45 s.
const (
	poll = time.Second
	pace = 10
)

// tempo is how fast a daemon's clocks run.
type tempo struct {
	Poll, Sample time.Duration
	Pace         float64
}

var (
	hurried    = tempo{poll, poll / 5, pace}
	documented = tempo{10 * time.Second, time.Second, 1}
)

// daemonConfig is what a daemon process is told. The test binary is started again as that process: the program's own
// parts, wired as it wires them, but for the clock, which no configuration can shorten.
type daemonConfig struct {
	Identity   string
	Kubeconfig string
	Namespace  string // the Lease, the memory, and all that is watched
	Brokers    []string
	Mode       scaler.Mode
	Tempo      tempo
}

// told is one line of a daemon: what it published.
type told struct {
	At      time.Time
	Leader  bool
	Scalers []toldScaler
	Missing []string // rights
	Metrics string   // where its metrics are
}

type toldScaler struct {
	Name        string
	Refused     string
	Line        string
	Disposition scaler.Disposition
	Failure     string
	Decision    scaler.Decision
	Workload    scaler.Workload
	Ups, Downs  uint64
	Errors      uint64
	Rebalancing bool // one of its groups, at this poll
}

// run is main of a daemon process.
func run(text string) error {
	var c daemonConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	kube.LogTo(log)
	clients, err := kube.Connect(c.Kubeconfig, "lagscaler/e2e")
	if err != nil {
		return err
	}
	controller := kube.New(clients, kube.Options{
		Namespace: c.Namespace, Lease: "lagscaler", Identity: c.Identity, Watch: []string{c.Namespace}, Log: log,
	})
	controller.Configure(kube.Settings{Mode: c.Mode, Clusters: []string{"main"}})
	source, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: c.Brokers, Log: log})
	if err != nil {
		return err
	}
	defer source.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	published := telling{controller: controller, out: json.NewEncoder(os.Stdout), metrics: "http://" + listener.Addr().String()}
	e := engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "main", Source: source}}, Mode: c.Mode}, engine.Options{
		Interval: c.Tempo.Poll, SampleInterval: c.Tempo.Sample, Clock: scaler.Clock{Poll: c.Tempo.Poll, Pace: c.Tempo.Pace}, Log: log,
		Targets: controller, Memories: controller, Leading: controller.Leading, Publish: published.publish,
	})
	page := metrics.New(metrics.Options{Latest: e.Latest, Interval: c.Tempo.Poll, Sample: c.Tempo.Sample})
	go func() { _ = page.Run(ctx) }()
	go func() { _ = http.Serve(listener, page) }()
	return together(ctx, controller, e)
}

// together runs the parts, and gives the lease back after the rest has ended.
func together(ctx context.Context, controller *kube.Controller, e *engine.Engine) error {
	elect, resign := context.WithCancel(context.WithoutCancel(ctx))
	var candidate, rest sync.WaitGroup
	candidate.Go(func() { _ = controller.Elect(elect) })
	watch, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	rest.Go(func() { _ = controller.Run(watch) })
	err := e.Run(ctx)
	unwatch()
	rest.Wait()
	resign()
	candidate.Wait()
	return err
}

// telling hands Reports on, to Kubernetes and to the test.
type telling struct {
	controller *kube.Controller
	out        *json.Encoder
	metrics    string
}

func (p telling) publish(r *engine.Report) {
	line := told{At: r.At, Leader: r.Leader, Missing: p.controller.MissingRights(), Metrics: p.metrics}
	var outcomes []scaler.Outcome
	for _, s := range r.Scalers {
		outcomes = append(outcomes, s.Outcome)
		line.Scalers = append(line.Scalers, toldScaler{
			Name: s.Name, Refused: s.Refusal.String(), Line: s.Line, Disposition: s.Disposition, Failure: s.Failure, Decision: s.Decision,
			Workload: s.Workload, Ups: s.Counts.Ups, Downs: s.Counts.Downs, Errors: s.Counts.Errors,
			Rebalancing: rebalancing(r, s.Sources),
		})
	}
	p.controller.Publish(outcomes)
	_ = p.out.Encode(line) // the test that reads it has ended
}

// rebalancing reports whether one of the groups is between two assignments.
func rebalancing(r *engine.Report, sources []scaler.SourceSpec) bool {
	for _, cluster := range r.Clusters {
		for i := range cluster.Groups {
			stats := &cluster.Groups[i].Rebalances
			named := func(src scaler.SourceSpec) bool { return src.Group == stats.Group }
			if stats.Rebalancing && slices.ContainsFunc(sources, named) {
				return true
			}
		}
	}
	return false
}

// daemon is a running daemon process.
type daemon struct {
	*child.Process
	t   *testing.T
	log string

	mu   sync.Mutex
	read int64 // bytes of the log
	all  []told
}

// start starts a daemon that ends with the test.
func start(t *testing.T, c daemonConfig) *daemon {
	t.Helper()
	d := &daemon{t: t, log: filepath.Join(t.TempDir(), "log")}
	d.Process = again(t, "daemon", c, d.log)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last words of daemon %s:\n%s", c.Identity, d.lastWords())
		}
		d.Kill()
	})
	return d
}

// again starts the test binary as a program of its own.
func again(t *testing.T, role string, config any, log string) *child.Process {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(child.Command{Path: self, Args: []string{role, string(text)}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// history is everything the daemon told so far; its log, which stands in between, is left out.
func (d *daemon) history() []told {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := os.ReadFile(d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range bytes.Lines(text[d.read:whole]) {
		var one told
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &one) == nil {
			d.all = append(d.all, one)
		}
	}
	d.read = int64(whole)
	return d.all
}

// scaler is the last word about the scaler of that name.
func (d *daemon) scaler(name string) (toldScaler, error) {
	all := d.history()
	if len(all) == 0 {
		return toldScaler{}, errors.New("it has told nothing yet")
	}
	for _, s := range all[len(all)-1].Scalers {
		if s.Name == name {
			return s, nil
		}
	}
	return toldScaler{}, fmt.Errorf("it knows no scaler %s", name)
}

// metric is the sum of a metric's series.
func (d *daemon) metric(name string) float64 {
	d.t.Helper()
	all := d.history()
	page, err := child.Fetch(d.t.Context(), all[len(all)-1].Metrics)
	if err != nil {
		d.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		d.t.Fatal(err)
	}
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return sum
}

// lastWords are the distinct lines of decisions and the end of the log, for a failure's message.
func (d *daemon) lastWords() string {
	var b strings.Builder
	last := map[string]string{}
	for _, one := range d.history() {
		for _, s := range one.Scalers {
			verdict := fmt.Sprintf("%s %s %s %d -> %d %s", s.Name, s.Refused, s.Decision.Verdict, s.Decision.Current, s.Decision.Desired, s.Disposition)
			if last[s.Name] != verdict {
				last[s.Name] = verdict
				fmt.Fprintf(&b, "%s leader=%v %s %s: %s %s\n", one.At.Format("15:04:05"), one.Leader, s.Name, s.Disposition, s.Line, s.Refused+s.Failure)
			}
		}
	}
	text, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	var log []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "{") {
			log = append(log, line)
		}
	}
	return b.String() + strings.Join(log[max(0, len(log)-25):], "")
}
