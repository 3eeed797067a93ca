package closedloop

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The clocks of these tests run ten times as fast as documented: a poll each second, a decision every third, a
// stabilization window of 45 s.
const (
	Poll = time.Second
	Pace = 10
)

// Clocks is how fast a daemon's clocks run.
type Clocks struct {
	Poll, Sample time.Duration
	Pace         float64
}

// Clocks of the tests, and those of the program.
var (
	Fast       = Clocks{Poll, Poll / 5, Pace}
	Documented = Clocks{10 * time.Second, time.Second, 1}
)

// DaemonConfig is what a daemon process is told. The test binary is started again as that process: the program's own
// parts, wired by its own wiring, but for the clock, which no configuration can shorten.
type DaemonConfig struct {
	Identity   string
	Lease      string // of the installation; empty: lagscaler
	Kubeconfig string
	Namespace  string // the Lease, the memory, and all that is watched
	Brokers    []string
	Others     map[string][]string // the brokers of further clusters, by name
	Mode       scaler.Mode
	Clocks     Clocks

	Dial         map[string]string // where the address of a broker leads instead
	CAFile       string            // of the brokers' certificates; empty: no TLS
	User         string            // SCRAM-SHA-512; empty: no SASL
	PasswordFile string
	CertFile     string // a client's certificate and its key; empty: none
	RecordPath   string
	AuditPath    string
	ClockFile    string // by how many seconds its wall clock is wrong, see [StepClock]; empty: it is right

	Freezes []config.FreezeWindow // of the configuration

	Webhook       string // a receiver of messages as CloudEvents; empty: there is none
	WebhookSecret string // that signs them

	ExternalScaler string // the address of the endpoint that KEDA asks; empty: there is none
	CustomMetrics  string // the address of the endpoint that the API server asks; empty: there is none
	CustomCert     string // its certificate and key, PEM in one file
}

// Report is one line of a daemon: what it published.
type Report struct {
	At      time.Time
	Leader  bool
	Scalers []ScalerReport
	Missing []string // rights
	Metrics string   // where its metrics are

	Polled     time.Time            // when the cluster was last read
	Failed     []lag.ReadError      // of that poll: what it left unknown
	Whole      []string             // groups of which that poll read everything
	Rebalances []rebalancemon.Event // those that are new, or say something new
}

// Complete reports whether the last poll left nothing unknown.
func (r Report) Complete() bool { return !r.Polled.IsZero() && lag.Complete(r.Failed) }

// ScalerReport is what a daemon published about one KafkaScaler.
type ScalerReport struct {
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
	var c DaemonConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	if c.ClockFile != "" {
		if err := skewClock(c.ClockFile); err != nil {
			return fmt.Errorf("changing the clock of a process: %w", err)
		}
	}
	began := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	published := publisher{out: json.NewEncoder(os.Stdout), metrics: "http://" + listener.Addr().String() + "/metrics", began: began, told: map[string]rebalancemon.Event{}}
	published.daemon, err = program.New(program.Options{
		Config: c.config(), Build: program.Build{Version: "e2e"}, Log: os.Stderr, Identity: c.Identity,
		Clock: seen.Clock{Poll: c.Clocks.Poll, Pace: c.Clocks.Pace}, Published: published.publish, Dial: c.dial,
	})
	if err != nil {
		return err
	}
	return published.daemon.Run(ctx, listener)
}

// config is the configuration of a daemon process.
func (c DaemonConfig) config() *config.Config {
	out := config.Default()
	cluster := config.Cluster{Name: "main", Brokers: c.Brokers, ClientID: "lagscaler"}
	if c.CAFile != "" {
		cluster.TLS = &config.TLS{CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.CertFile}
	}
	if c.User != "" {
		cluster.SASL = &config.SASL{Mechanism: config.Scram512, Username: c.User, PasswordFile: c.PasswordFile}
	}
	out.Clusters = []config.Cluster{cluster}
	for _, name := range slices.Sorted(maps.Keys(c.Others)) {
		out.Clusters = append(out.Clusters, config.Cluster{Name: name, Brokers: c.Others[name], ClientID: "lagscaler"})
	}
	out.Mode, out.Record.Path, out.Audit.Path = c.Mode, c.RecordPath, c.AuditPath
	out.Interval, out.SampleInterval = config.Duration(c.Clocks.Poll), config.Samples(c.Clocks.Sample)
	out.Log.Level = config.Debug
	out.Brakes.Freezes = c.Freezes
	if c.Webhook != "" {
		out.Messages = []config.MessageReceiver{{
			Name: "webhook", Format: config.CloudEvents, URL: config.NewSecret(c.Webhook), Secret: config.NewSecret(c.WebhookSecret),
		}}
	}
	if c.ExternalScaler != "" {
		out.ExternalScaler = &config.ExternalScaler{Listen: c.ExternalScaler}
	}
	if c.CustomMetrics != "" {
		out.CustomMetrics = &config.CustomMetrics{Listen: c.CustomMetrics, CertFile: c.CustomCert, KeyFile: c.CustomCert}
	}
	out.Kubernetes = config.Kubernetes{
		Enabled: config.On, Kubeconfig: c.Kubeconfig, Namespace: c.Namespace, LeaseName: cmp.Or(c.Lease, "lagscaler"), WatchNamespaces: []string{c.Namespace},
	}
	return out
}

// publisher hands Reports on to the test.
type publisher struct {
	daemon  *program.Daemon
	out     *json.Encoder
	metrics string
	began   time.Time                     // when the clock of this process was right
	told    map[string]rebalancemon.Event // by group: the last one
}

func (p *publisher) publish(r *engine.Report) {
	line := Report{At: p.right(r.At), Leader: r.Leader, Missing: p.daemon.MissingRights(), Metrics: p.metrics}
	for _, s := range r.Scalers {
		decision := s.Decision
		decision.At = p.right(decision.At)
		line.Scalers = append(line.Scalers, ScalerReport{
			Name: s.Name, Refused: s.Refusal.String(), Line: s.Line, Disposition: s.Disposition, Failure: s.Failure, Decision: decision,
			Workload: s.Workload, Ups: s.Counts.Ups, Downs: s.Counts.Downs, Errors: s.Counts.Errors,
			Rebalancing: rebalancing(r, s.Sources),
		})
	}
	for _, c := range r.Clusters {
		line.Polled, line.Failed, line.Whole = p.right(c.Snapshot.At), c.Snapshot.Errors, whole(c)
		for _, ev := range p.untold(c) {
			ev.Start, ev.End = p.right(ev.Start), p.right(ev.End)
			line.Rebalances = append(line.Rebalances, ev)
		}
	}
	_ = p.out.Encode(line) // the test that reads it has ended
}

// right is a time as a clock says it that is right, whatever the wall clock of this process was set to since it began.
func (p *publisher) right(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return p.began.Add(t.Sub(p.began))
}

// whole are the groups of which the last poll read everything.
func whole(c *engine.ClusterReport) []string {
	var names []string
	for i := range c.Groups {
		if g := &c.Groups[i]; g.Lag.Err == lag.OK && g.Lag.Missed == 0 && g.Summary.Complete {
			names = append(names, g.Lag.Group)
		}
	}
	return names
}

// untold are the events of a cluster that are new since the last line, or say something new.
func (p *publisher) untold(c *engine.ClusterReport) []rebalancemon.Event {
	var out []rebalancemon.Event
	for i := range c.Groups {
		all := c.Groups[i].Rebalances.Events
		if len(all) == 0 {
			continue
		}
		group, last := c.Groups[i].Lag.Group, all[len(all)-1]
		from := len(all) - 1
		for from > 0 && !all[from-1].Start.Before(p.told[group].Start) {
			from--
		}
		if last != p.told[group] {
			out = append(out, all[from:]...)
			p.told[group] = last
		}
	}
	return out
}

// dial opens a connection to a broker, or to where its address leads in this test.
func (c DaemonConfig) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if to, ok := c.Dial[address]; ok {
		address = to
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
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

// Daemon is a running daemon process.
type Daemon struct {
	*child.Process
	t   *testing.T
	log string

	mu   sync.Mutex
	read int64 // bytes of the log
	all  []Report
}

// Start starts a daemon that ends with the test.
func Start(t *testing.T, c DaemonConfig) *Daemon {
	t.Helper()
	d := &Daemon{t: t, log: filepath.Join(t.TempDir(), "log")}
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

// History is everything the daemon told so far; its log, which stands in between, is left out.
func (d *Daemon) History() []Report {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := os.ReadFile(d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range bytes.Lines(text[d.read:whole]) {
		var one Report
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &one) == nil {
			d.all = append(d.all, one)
		}
	}
	d.read = int64(whole)
	return d.all
}

// Scaler is the last report about the scaler of that name.
func (d *Daemon) Scaler(name string) (ScalerReport, error) {
	all := d.History()
	if len(all) == 0 {
		return ScalerReport{}, errors.New("it has reported nothing yet")
	}
	for _, s := range all[len(all)-1].Scalers {
		if s.Name == name {
			return s, nil
		}
	}
	return ScalerReport{}, fmt.Errorf("it knows no scaler %s", name)
}

// Metric is the sum of a metric's series.
func (d *Daemon) Metric(name string) float64 {
	d.t.Helper()
	all := d.History()
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
func (d *Daemon) lastOutput() string {
	var b strings.Builder
	last := map[string]string{}
	for _, one := range d.History() {
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

// Address is a free address for a port of a daemon.
func Address(t *testing.T) string {
	t.Helper()
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// Leads is an error while the daemon does not lead.
func (d *Daemon) Leads() error {
	if all := d.History(); len(all) == 0 || !all[len(all)-1].Leader {
		return fmt.Errorf("it does not lead; %d reports", len(all))
	}
	return nil
}
