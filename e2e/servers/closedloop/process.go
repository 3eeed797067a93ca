package closedloop

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	program "github.com/lagscaler/lagscaler/internal/daemon"
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

// dial opens a connection to a broker, or to where its address leads in this test.
func (c DaemonConfig) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if to, ok := c.Dial[address]; ok {
		address = to
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}
