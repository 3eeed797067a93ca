package closedloop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Daemon is a running daemon process.
type Daemon struct {
	*child.Process
	t   *testing.T
	log string

	mu   sync.Mutex
	read int64 // bytes of the log
	all  []Report
}

// daemonRole is the argument that makes a test binary a daemon.
const daemonRole = "daemon"

// Start starts a daemon that ends with the test.
func Start(t *testing.T, c DaemonConfig) *Daemon {
	t.Helper()
	d := &Daemon{t: t, log: filepath.Join(t.TempDir(), "log")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d.Process = startProgram(t, d.log, c, self, daemonRole)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output of daemon %s:\n%s", c.Identity, d.lastOutput())
		}
		d.Kill()
	})
	return d
}

// startProgram starts a program, with its configuration as the last argument.
func startProgram(t *testing.T, log string, config any, path string, args ...string) *child.Process {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(child.Command{Path: path, Args: append(args, string(text)), Log: log})
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
	file, err := os.Open(d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	// Tests ask twenty times a second, and the log grows to megabytes: only what is new is read.
	text, err := io.ReadAll(io.NewSectionReader(file, d.read, math.MaxInt64-d.read))
	if err != nil {
		d.t.Fatal(err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range bytes.Lines(text[:whole]) {
		var one Report
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &one) == nil {
			d.all = append(d.all, one)
		}
	}
	d.read += int64(whole)
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
