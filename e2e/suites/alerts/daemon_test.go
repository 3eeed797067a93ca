package alerts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

func TestMain(m *testing.M) {
	code := m.Run()
	built.RemovePrograms()
	os.Exit(code)
}

// Every group is declared, so that every alert may page; only healthy has an objective of time.
const config = `
clusters:
- {name: live, brokers: [%s]}
- {name: island, brokers: [%s]}
groups:
- {match: healthy, slo: {lagTime: 30s}}
- {match: ".*"}
mode: %s
interval: 1s
sampleInterval: 250ms
metrics: {topics: ".*", partitions: {match: ".*"}, compat: true}
kubernetes: {kubeconfig: %s, namespace: %s, leaseName: %s, watchNamespaces: [%s]}
`

// daemon is a running `lagscaler run`.
type daemon struct {
	*child.Process
	address string // host:port of its page
}

// startDaemon starts a replica of an installation, which shares a Lease of that name.
func (e *environment) startDaemon(t *testing.T, lease, mode string) *daemon {
	t.Helper()
	path, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{address: fmt.Sprintf("127.0.0.1:%d", port)}
	dir := t.TempDir()
	file := filepath.Join(dir, "lagscaler.yaml")
	text := fmt.Sprintf(config, strings.Join(e.brokers, ","), e.secondCluster.address(), mode, e.Kubeconfig(), e.ns, lease, e.ns)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Process, err = child.Start(child.Command{
		Path: path, Args: []string{"run", "--config", file, "--listen", d.address}, Log: filepath.Join(dir, "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output of a daemon of %s:\n%s", lease, d.Tail(15))
		}
		d.Kill()
	})
	return d
}

// awaitLeaders waits until every daemon has published a Report, and so many of them lead.
func awaitLeaders(t *testing.T, want int, daemons ...*daemon) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var processes []*child.Process
	for _, d := range daemons {
		processes = append(processes, d.Process)
	}
	err := child.Await(ctx, func(ctx context.Context) error {
		leaders := 0
		for _, d := range daemons {
			page, err := child.Fetch(ctx, "http://"+d.address+"/metrics")
			switch {
			case err != nil:
				return err
			case strings.Count(page, "\nlagscaler_last_successful_poll_timestamp_seconds{") != 2:
				return fmt.Errorf("%s has not read both clusters yet", d.address)
			case strings.Contains(page, "\nlagscaler_leader 1\n"):
				leaders++
			}
		}
		if leaders != want {
			return fmt.Errorf("%d lead, not %d", leaders, want)
		}
		return nil
	}, processes...)
	if err != nil {
		t.Fatal(err)
	}
}
