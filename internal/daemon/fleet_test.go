package daemon

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// longVariable lets tests run longer than make check does: make test, and make long.
const longVariable = "LAGSCALER_LONG"

// wires counts the connections to brokers that are open.
type wires struct{ open atomic.Int64 }

func (w *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.open.Add(1)
	return &wireConn{Conn: c, w: w}, nil
}

type wireConn struct {
	net.Conn
	w      *wires
	closed atomic.Bool
}

func (c *wireConn) Close() error {
	if !c.closed.Swap(true) {
		c.w.open.Add(-1)
	}
	return c.Conn.Close()
}

// shop is an embedded cluster with one group, whose lag is known.
func shop(t *testing.T, lagOf int) []string {
	t.Helper()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"), kfake.ClusterID(fmt.Sprintf("shop-%d", lagOf)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	k := lagtest.Kafka(t, nil, kafka.ListenAddrs())
	k.Append("orders", 0, int64(lagOf)+1)
	k.Commit("workers", "orders", 0, 1)
	return kafka.ListenAddrs()
}

// page is what a path of the daemon answers.
func (s *started) page(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// until waits until something is so.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// A hundred clusters come by reload, are read, and go again, twenty at a time (forty without LAGSCALER_LONG). Nothing of them stays: no
// goroutine, no connection, no series, no row of a page.
func TestClustersComeAndGo(t *testing.T) {
	const each = 20
	times := 2
	if os.Getenv(longVariable) != "" {
		times = 5
	}
	var w wires
	shops := make([][]string, each)
	for i := range shops {
		shops[i] = shop(t, i)
	}
	d := start(t, func(c *config.Config) {
		c.Interval, c.SampleInterval = config.Duration(time.Second), config.Samples(time.Second)
	},
		func(o *Options) { o.Dial = w.dial })
	base := *d.config.Load()
	until(t, "the first cluster is read over all its connections", func() bool { return len(d.engine.Latest().Polls) == 1 && d.engine.Latest().Polls[0].Polls >= 3 })
	d.page(t, "/metrics")
	http.DefaultClient.CloseIdleConnections()
	goroutines, connections := runtime.NumGoroutine(), w.open.Load()
	for round := range times {
		c := base
		for i := range each {
			one := config.Cluster{Name: fmt.Sprintf("guest-%d-%d", round, i), Brokers: shops[i], ClientID: "l"}
			if i%2 == 1 {
				one.Interval, one.SampleInterval = config.Duration(2*time.Second), config.NoSamples
			}
			c.Clusters = append(c.Clusters[:len(c.Clusters):len(c.Clusters)], one)
		}
		if err := d.apply(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
		until(t, "all guests are read twice", func() bool {
			read := 0
			for _, p := range d.engine.Latest().Polls {
				if p.Polls >= 2 && !p.LastSuccess.IsZero() {
					read++
				}
			}
			return read == each+1
		})
		for _, guest := range d.engine.Latest().Clusters {
			if !strings.HasPrefix(guest.Name, "guest-") {
				continue
			}
			g, ok := guest.Snapshot.Group("workers")
			if !ok {
				t.Fatalf("%s has no group: %+v", guest.Name, guest.Snapshot.Errors)
			}
			var want int64
			_, _ = fmt.Sscanf(guest.Name, fmt.Sprintf("guest-%d-%%d", round), &want)
			if n, known := g.Total(); n != want || !known {
				t.Errorf("%s: a lag of %d, want %d", guest.Name, n, want)
			}
		}
		if !strings.Contains(d.page(t, "/metrics"), "guest-") {
			t.Error("the guests have no series")
		}
		if err := d.apply(t.Context(), &base); err != nil {
			t.Fatal(err)
		}
		until(t, "the guests are gone", func() bool { return len(d.engine.Latest().Clusters) == 1 })
		for _, path := range []string{"/metrics", "/api/v1/status", "/api/v1/lag"} {
			if _, rest, still := strings.Cut(d.page(t, path), "guest-"); still {
				t.Errorf("%s still has guest-%s", path, rest[:min(40, len(rest))])
			}
		}
	}
	until(t, fmt.Sprintf("%d connections as before", connections), func() bool { return w.open.Load() <= connections })
	until(t, fmt.Sprintf("%d goroutines as before", goroutines), func() bool {
		http.DefaultClient.CloseIdleConnections()
		return runtime.NumGoroutine() <= goroutines
	})
}

// listen accepts connections until the test ends, and gives each to serve.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer func() { _ = c.Close() }(); serve(c) }()
		}
	}()
	return l.Addr().String()
}

// slowed passes everything on to a broker and keeps each answer back for longer than a request may take.
func slowed(t *testing.T, broker string, by time.Duration) string {
	return listen(t, func(c net.Conn) {
		to, err := net.Dial("tcp", broker)
		if err != nil {
			return
		}
		defer func() { _ = to.Close() }()
		go func() { _, _ = io.Copy(to, c) }()
		buf := make([]byte, 64<<10)
		for {
			n, err := to.Read(buf)
			if err != nil {
				return
			}
			time.Sleep(by)
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	})
}

// One dead, one slow and one hostile cluster of fifty cost the others nothing: these are polled in every interval, within their time,
// completely and exactly, for four intervals, or for ten with LAGSCALER_LONG. Each of the three is a line of the status.
func TestOthersPayNothing(t *testing.T) {
	t.Parallel() // most of it is waiting
	const all, interval = 50, 2 * time.Second
	intervals := 4
	if os.Getenv(longVariable) != "" {
		intervals = 10
	}
	const dead = "127.0.0.1:1" // nobody listens there; a port that was free a moment ago may be that of another test
	slow := slowed(t, shop(t, 1000)[0], 3*time.Second)
	hostile := listen(t, func(c net.Conn) { // it claims an answer of 2 GB, and sends as much of it as is read
		junk := make([]byte, 1<<16)
		for i := range junk {
			junk[i] = 0x7f
		}
		for {
			if _, err := c.Write(junk); err != nil {
				return
			}
		}
	})
	faulty := map[string]string{"dead": dead, "slow": slow, "hostile": hostile}
	d := start(t, func(c *config.Config) {
		c.Interval, c.SampleInterval = config.Duration(interval), config.Samples(time.Second)
		c.Clusters = nil
		for i := range all - len(faulty) {
			c.Clusters = append(c.Clusters, config.Cluster{Name: fmt.Sprintf("good-%d", i), Brokers: shop(t, i), ClientID: "l"})
		}
		for name, address := range faulty {
			c.Clusters = append(c.Clusters, config.Cluster{Name: name, Brokers: []string{address}, ClientID: "l"})
		}
	})
	good := func(r *engine.Report, each func(*engine.ClusterReport, *engine.PollStats)) {
		for i := range r.Clusters {
			if _, bad := faulty[r.Clusters[i].Name]; !bad {
				each(r.Clusters[i], &r.Polls[i])
			}
		}
	}
	polls := func(r *engine.Report) map[string]uint64 {
		n := map[string]uint64{}
		good(r, func(c *engine.ClusterReport, p *engine.PollStats) { n[c.Name] = p.Polls })
		return n
	}
	until(t, "all are polled", func() bool {
		n := 0
		for _, p := range d.engine.Latest().Polls {
			n += int(min(2, p.Polls))
		}
		return n == 2*all
	})
	before, began := polls(d.engine.Latest()), time.Now()
	time.Sleep(time.Duration(intervals) * interval)
	r, passed := d.engine.Latest(), time.Since(began)
	least := uint64(passed/interval) - 1
	good(r, func(c *engine.ClusterReport, p *engine.PollStats) {
		var want int64
		_, _ = fmt.Sscanf(c.Name, "good-%d", &want)
		g, ok := c.Snapshot.Group("workers")
		if !ok || len(c.Snapshot.Errors) > 0 {
			t.Errorf("%s: %+v", c.Name, c.Snapshot.Errors)
			return
		}
		if n, known := g.Total(); n != want || !known {
			t.Errorf("%s: a lag of %d (known %v), want %d", c.Name, n, known, want)
		}
		if n := p.Polls - before[c.Name]; n < least {
			t.Errorf("%s: %d polls in %v", c.Name, n, passed)
		}
	})
	for name, codes := range map[string][]lag.ErrorCode{"dead": {lag.Unreachable}, "slow": {lag.Slow, lag.Unreachable}, "hostile": {lag.Garbled}} {
		c, ok := r.Cluster(name)
		if !ok || len(c.Snapshot.Errors) == 0 {
			t.Errorf("%s has no errors", name)
			continue
		}
		found := false
		for _, code := range codes {
			found = found || c.Snapshot.Errors[0].Code == code
		}
		if status := d.page(t, "/api/v1/status"); !found || !strings.Contains(status, `"where": "`+name+`"`) && !strings.Contains(status, `"where":"`+name+`"`) {
			t.Errorf("%s: %+v; in the status: %v", name, c.Snapshot.Errors, strings.Contains(status, name))
		}
	}
}
