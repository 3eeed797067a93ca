package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
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
	"github.com/lagscaler/lagscaler/internal/config"
	program "github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The clocks of these tests run ten times as fast as documented: a poll each second, a decision every third, a
// stabilization window of 45 s.
const (
	poll = time.Second
	pace = 10
)

// clocks is how fast a daemon's clocks run.
type clocks struct {
	Poll, Sample time.Duration
	Pace         float64
}

var (
	fast       = clocks{poll, poll / 5, pace}
	documented = clocks{10 * time.Second, time.Second, 1}
)

// daemonConfig is what a daemon process is told. The test binary is started again as that process: the program's own
// parts, wired by its own wiring, but for the clock, which no configuration can shorten.
type daemonConfig struct {
	Identity   string
	Kubeconfig string
	Namespace  string // the Lease, the memory, and all that is watched
	Brokers    []string
	Mode       scaler.Mode
	Clocks     clocks
}

// report is one line of a daemon: what it published.
type report struct {
	At      time.Time
	Leader  bool
	Scalers []scalerReport
	Missing []string // rights
	Metrics string   // where its metrics are
}

type scalerReport struct {
	Name        string
	Refused     string
	Line        string
	Disposition scaler.Disposition
	Failure     string
	Decision    scaler.Decision
	Workload    seen.Workload
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	published := publisher{out: json.NewEncoder(os.Stdout), metrics: "http://" + listener.Addr().String() + "/metrics"}
	published.daemon, err = program.New(program.Options{
		Config: c.config(), Build: program.Build{Version: "e2e"}, Log: os.Stderr, Identity: c.Identity,
		Clock: seen.Clock{Poll: c.Clocks.Poll, Pace: c.Clocks.Pace}, Published: published.publish,
	})
	if err != nil {
		return err
	}
	return published.daemon.Run(ctx, listener)
}

// config is the configuration of a daemon process.
func (c daemonConfig) config() *config.Config {
	out := config.Default()
	out.Clusters = []config.Cluster{{Name: "main", Brokers: c.Brokers, ClientID: "lagscaler"}}
	out.Mode = c.Mode
	out.Interval, out.SampleInterval = config.Duration(c.Clocks.Poll), config.Duration(c.Clocks.Sample)
	out.Log.Level = config.Debug
	out.Kubernetes = config.Kubernetes{
		Enabled: config.On, Kubeconfig: c.Kubeconfig, Namespace: c.Namespace, LeaseName: "lagscaler", WatchNamespaces: []string{c.Namespace},
	}
	return out
}

// publisher hands Reports on to the test.
type publisher struct {
	daemon  *program.Daemon
	out     *json.Encoder
	metrics string
}

func (p *publisher) publish(r *engine.Report) {
	line := report{At: r.At, Leader: r.Leader, Missing: p.daemon.MissingRights(), Metrics: p.metrics}
	for _, s := range r.Scalers {
		line.Scalers = append(line.Scalers, scalerReport{
			Name: s.Name, Refused: s.Refusal.String(), Line: s.Line, Disposition: s.Disposition, Failure: s.Failure, Decision: s.Decision,
			Workload: s.Workload, Ups: s.Counts.Ups, Downs: s.Counts.Downs, Errors: s.Counts.Errors,
			Rebalancing: rebalancing(r, s.Sources),
		})
	}
	_ = p.out.Encode(line) // the test that reads it has ended
}

// rebalancing reports whether one of the groups is between two assignments.
func rebalancing(r *engine.Report, sources []seen.SourceSpec) bool {
	for _, cluster := range r.Clusters {
		for i := range cluster.Groups {
			stats := &cluster.Groups[i].Rebalances
			named := func(src seen.SourceSpec) bool { return src.Group == stats.Group }
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
	all  []report
}

// start starts a daemon that ends with the test.
func start(t *testing.T, c daemonConfig) *daemon {
	t.Helper()
	d := &daemon{t: t, log: filepath.Join(t.TempDir(), "log")}
	d.Process = startSelf(t, "daemon", c, d.log)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output of daemon %s:\n%s", c.Identity, d.lastOutput())
		}
		d.Kill()
	})
	return d
}

// startSelf starts the test binary as a program of its own.
func startSelf(t *testing.T, role string, config any, log string) *child.Process {
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
func (d *daemon) history() []report {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := os.ReadFile(d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range bytes.Lines(text[d.read:whole]) {
		var one report
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &one) == nil {
			d.all = append(d.all, one)
		}
	}
	d.read = int64(whole)
	return d.all
}

// scaler is the last report about the scaler of that name.
func (d *daemon) scaler(name string) (scalerReport, error) {
	all := d.history()
	if len(all) == 0 {
		return scalerReport{}, errors.New("it has reported nothing yet")
	}
	for _, s := range all[len(all)-1].Scalers {
		if s.Name == name {
			return s, nil
		}
	}
	return scalerReport{}, fmt.Errorf("it knows no scaler %s", name)
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

// lastOutput are the distinct lines of decisions and the end of the log, for a failure's message.
func (d *daemon) lastOutput() string {
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
