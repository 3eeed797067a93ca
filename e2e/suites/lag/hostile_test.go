package lag_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/hostile"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

// hostileInterval is between two polls of the daemon that watches hostile brokers.
const hostileInterval = 5 * time.Second

// TestHostileBrokers has one daemon watch a broker of every hostile mode, each as a cluster, and a healthy cluster. The polls of the
// healthy one never miss and its lag is exact, memory stays below the chart's default limit, and each wrong one's error names its
// cause. Then every one that can answers as it should, and is read within two polls, or after the minute for which it asked.
func TestHostileBrokers(t *testing.T) {
	t.Parallel()                                                    // most of it is waiting
	c := kafka.Start(t, kafka.Config{Version: kafka.V43, Nodes: 1}) // of its own: other tests make and delete groups of the shared ones
	populateBrokers(t, c)
	d := watchHostile(t, addresses(c))
	for range 6 {
		time.Sleep(hostileInterval)
		d.healthy()
	}
	d.causes()
	d.heal()
	for range 3 {
		time.Sleep(hostileInterval)
		d.healthy()
	}
	throttles := func(b *hostile.Broker) bool { return b.Mode.Name == "throttle" } // its last answer asked for weeks: it is left alone for a minute
	d.healed(func(b *hostile.Broker) bool { return !throttles(b) })
	for range 12 {
		time.Sleep(hostileInterval)
		d.healthy()
	}
	d.healed(throttles)
	d.memory()
}

// besieged is a daemon process that watches hostile brokers.
type besieged struct {
	t       *testing.T
	process *child.Process
	url     string
	log     string
	brokers []*hostile.Broker
	began   time.Time
	before  map[string]int64 // polls of each cluster when its broker healed
}

func watchHostile(t *testing.T, well []string) *besieged {
	t.Helper()
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	d := &besieged{t: t, log: filepath.Join(t.TempDir(), "log"), before: map[string]int64{}}
	var text strings.Builder
	port := freePort(t)
	d.url = "http://127.0.0.1:" + port
	fmt.Fprintf(&text, "listen: 127.0.0.1:%s\ninterval: %s\nkubernetes: {enabled: false}\nclusters:\n", port, hostileInterval)
	fmt.Fprintf(&text, "- {name: healthy, brokers: [%s]}\n", strings.Join(well, ", "))
	for _, m := range hostile.Modes() {
		b := hostile.Start(t, m)
		d.brokers = append(d.brokers, b)
		fmt.Fprintf(&text, "- {name: %s, brokers: [%q]", m.Name, b.Address)
		if m.SASL != "" {
			fmt.Fprintf(&text, ", sasl: {mechanism: %s, username: u, password: p}", m.SASL)
		}
		if m.TLS {
			text.WriteString(", tls: {}")
		}
		text.WriteString("}\n")
	}
	file := filepath.Join(t.TempDir(), "lagscaler.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.began = time.Now()
	d.process, err = child.Start(child.Command{
		Path: program, Args: []string{"run", "--config", file}, Log: d.log,
		Env: []string{fmt.Sprintf("GOMEMLIMIT=%d", chartLimit(t)*9/10)}, // as the chart sets it
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.process.Stop(10 * time.Second); err != nil {
			t.Errorf("the daemon ended with %v:\n%s", err, d.process.Tail(20))
		}
	})
	return d
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// chartLimit is the memory limit that the chart sets by default, in bytes.
func chartLimit(t *testing.T) int64 {
	t.Helper()
	checkout, err := built.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	values, err := os.ReadFile(filepath.Join(checkout, "charts/lagscaler/values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`limits: \{memory: (\d+)Mi\}`).FindSubmatch(values)
	if found == nil {
		t.Fatal("the chart has no memory limit")
	}
	mebibytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return mebibytes << 20
}

// clusterStatus is a part of what the API says of a cluster.
type clusterStatus struct {
	Cluster     string
	Groups      int
	LastPoll    *time.Time
	LastSuccess *time.Time
	Polls       int64
	Errors      []struct {
		Name  string
		Count int64
	}
}

func (d *besieged) status() map[string]clusterStatus {
	d.t.Helper()
	text, err := child.Fetch(d.t.Context(), d.url+"/api/v1/status")
	if err != nil {
		d.t.Fatalf("%v; the log ends with\n%s", err, d.process.Tail(20))
	}
	var all struct{ Clusters []clusterStatus }
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		d.t.Fatal(err)
	}
	by := map[string]clusterStatus{}
	for _, c := range all.Clusters {
		by[c.Cluster] = c
	}
	return by
}

// healthy fails the test if a poll of the healthy cluster missed or failed.
func (d *besieged) healthy() {
	d.t.Helper()
	c := d.status()["healthy"]
	due := int64(time.Since(d.began)/hostileInterval) - 1 // the first began a little later than the process
	if c.Polls < due || c.LastSuccess == nil || !c.LastSuccess.Equal(*c.LastPoll) && c.LastPoll.After(*c.LastSuccess) && c.LastPoll.Sub(*c.LastSuccess) > hostileInterval {
		d.t.Errorf("the healthy cluster: %+v, %d polls were due", c, due)
	}
	for _, e := range c.Errors {
		if e.Count > 0 {
			d.t.Errorf("the healthy cluster: %d errors in %s\n%s", e.Count, e.Name, d.logged("healthy"))
		}
	}
}

// causes fails the test unless the log names what is wrong with every hostile broker.
func (d *besieged) causes() {
	d.t.Helper()
	for _, b := range d.brokers {
		if all := d.logged(b.Mode.Name); !strings.Contains(all, b.Mode.Cause) {
			d.t.Errorf("%s: the log does not say %q:\n%s", b.Mode.Name, b.Mode.Cause, all)
		}
	}
}

// logged is what the daemon logged about a cluster.
func (d *besieged) logged(cluster string) string {
	d.t.Helper()
	log, err := os.ReadFile(d.log)
	if err != nil {
		d.t.Fatal(err)
	}
	var lines strings.Builder
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "kafka_cluster="+cluster+" ") && !strings.Contains(line, "a risk of") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func (d *besieged) heal() {
	for name, c := range d.status() {
		d.before[name] = c.Polls
	}
	for _, b := range d.brokers {
		b.Heal()
	}
}

// healed fails the test unless the second poll that began after a broker healed has read it.
func (d *besieged) healed(which func(*hostile.Broker) bool) {
	d.t.Helper()
	now := d.status()
	for _, b := range d.brokers {
		if !which(b) {
			continue
		}
		c := now[b.Mode.Name]
		if begun := d.before[b.Mode.Name] + 1; b.Mode.Heals() && (c.LastSuccess == nil || c.Groups == 0 || c.Polls < begun+2) {
			d.t.Errorf("%s answers as it should, and is not read: %+v, polls before: %d", b.Mode.Name, c, begun)
		}
	}
}

// memory fails the test if the daemon ever had more memory than the chart's default limit.
func (d *besieged) memory() {
	d.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.process.Pid()))
	if err != nil {
		d.t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		d.t.Fatalf("no VmHWM in %s", status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Logf("at most %d MiB of memory", kib>>10)
	if kib<<10 >= chartLimit(d.t) {
		d.t.Errorf("%d MiB of memory, the limit is %d MiB", kib>>10, chartLimit(d.t)>>20)
	}
}
