package prom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// AlertmanagerConfig says what Alertmanager to start.
type AlertmanagerConfig struct {
	// Config returns its configuration, given the address of the test's webhook.
	// Nil stands for one route that sends each alert at once.
	Config func(webhook string) string
}

// Status of an alert, as Alertmanager writes it.
type Status string

// An alert is one of these.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// Alert is an alert as it was delivered.
type Alert struct {
	Status      Status            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`

	Receiver string    `json:"-"`
	At       time.Time `json:"-"` // when the webhook got it
}

// Name is the alert's name.
func (a Alert) Name() string { return a.Labels["alertname"] }

// Alertmanager is a running Alertmanager and the webhook it delivers to.
type Alertmanager struct {
	Address string // host:port
	mu      sync.Mutex
	alerts  []Alert
	err     error // of a delivery that nobody could read
}

// sendAll sends each alert for itself, as soon as it comes.
func sendAll(webhook string) string {
	return fmt.Sprintf(`
route: {receiver: test, group_by: ["..."], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: test, webhook_configs: [{url: %q, send_resolved: true}]}]
`, webhook)
}

// StartAlertmanager starts an Alertmanager that ends with the test. It skips
// the test where the program is not built, unless CI is true.
func StartAlertmanager(t testing.TB, cfg AlertmanagerConfig) *Alertmanager {
	t.Helper()
	program, err := built.Tool("alertmanager")
	built.Need(t, err)
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	a := &Alertmanager{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	webhook := httptest.NewServer(a)
	t.Cleanup(webhook.Close)
	if cfg.Config == nil {
		cfg.Config = sendAll
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yaml")
	if err := os.WriteFile(config, []byte(cfg.Config(webhook.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	process, err := child.Start(child.Command{
		Path: program,
		Args: []string{
			"--config.file=" + config,
			"--storage.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + a.Address,
			"--cluster.listen-address=", // alone
		},
		Log: filepath.Join(dir, "alertmanager.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, process) })
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := child.Await(ctx, ready(a.Address), process); err != nil {
		t.Fatalf("starting Alertmanager: %v", err)
	}
	return a
}

// ServeHTTP is the webhook.
func (a *Alertmanager) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var delivery struct {
		Receiver string  `json:"receiver"`
		Alerts   []Alert `json:"alerts"`
	}
	err := json.NewDecoder(r.Body).Decode(&delivery)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = errors.Join(a.err, err)
	for _, alert := range delivery.Alerts {
		alert.Receiver, alert.At = delivery.Receiver, time.Now()
		a.alerts = append(a.alerts, alert)
	}
}

// Delivered returns what was delivered so far, in order. An alert that goes on
// or is grouped with others may come more than once.
func (a *Alertmanager) Delivered(t testing.TB) []Alert {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		t.Fatalf("reading what Alertmanager delivered: %v", a.err)
	}
	return slices.Clone(a.alerts)
}

// AwaitFiring waits until an alert of the name was delivered, and returns the
// first delivery.
func (a *Alertmanager) AwaitFiring(t testing.TB, name string) Alert {
	t.Helper()
	return a.await(t, name, Firing)
}

// AwaitResolved waits until an alert of the name was delivered as resolved, and
// returns the first such delivery.
func (a *Alertmanager) AwaitResolved(t testing.TB, name string) Alert {
	t.Helper()
	return a.await(t, name, Resolved)
}

func (a *Alertmanager) await(t testing.TB, name string, status Status) Alert {
	t.Helper()
	var found Alert
	await(t, fmt.Sprintf("%s to be delivered as %s", name, status), func(context.Context) error {
		delivered := a.Delivered(t)
		i := slices.IndexFunc(delivered, func(alert Alert) bool { return alert.Name() == name && alert.Status == status })
		if i < 0 {
			return fmt.Errorf("delivered so far: %v", names(delivered))
		}
		found = delivered[i]
		return nil
	})
	return found
}

func names(alerts []Alert) []string {
	names := make([]string, 0, len(alerts))
	for _, alert := range alerts {
		names = append(names, alert.Name()+" "+string(alert.Status))
	}
	return names
}
