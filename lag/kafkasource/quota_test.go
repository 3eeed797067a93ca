package kafkasource_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// A gateway that refuses requests because of a quota is asked again after the time that it names, and the poll is complete.
// One that refuses for longer leaves what was asked for unknown, and says why.
func TestRefusedByAQuota(t *testing.T) {
	t.Parallel() // most of it is waiting
	for _, c := range []struct {
		name   string
		refuse int32 // of the requests to list groups, the first ones
		pause  time.Duration
		want   lag.ErrorCode
	}{
		{"once at each broker", 3, 200 * time.Millisecond, lag.OK},
		{"again and again", 1 << 30, 50 * time.Millisecond, lag.QuotaExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{})
			r.fill(6)
			var asked atomic.Int32
			r.ControlKey(int16(kmsg.ListGroups), func(req kmsg.Request) (kmsg.Response, error, bool) {
				r.KeepControl()
				if asked.Add(1) > c.refuse {
					return nil, nil, false
				}
				resp := req.ResponseKind().(*kmsg.ListGroupsResponse)
				resp.ErrorCode, resp.ThrottleMillis = kerr.ThrottlingQuotaExceeded.Code, int32(c.pause.Milliseconds())
				return resp, nil, true
			})
			began := time.Now()
			o := r.observe()
			if took := time.Since(began); took < c.pause {
				t.Errorf("the poll took %v: a refused request was made again before its time", took)
			}
			if c.want == lag.OK {
				quiet(t, o)
			}
			for _, e := range o.Errors {
				if e.Code != c.want || e.Stage != lag.StageList {
					t.Errorf("%+v", e)
				}
			}
			if (len(o.Errors) > 0) != (c.want != lag.OK) {
				t.Errorf("errors %+v", o.Errors)
			}
			if q := o.Quota; q.Exceeded < 3 || q.Throttles < 3 || q.Throttled < 3*time.Second || !q.Bites() {
				t.Errorf("%+v", q) // a pause that is shorter than a second is one second
			}
		})
	}
}

// With few requests a second a poll takes its time and is complete; it does not count as slow, however short the time is that a broker
// has to answer. Samples are left out meanwhile.
func TestRequestsPerSecond(t *testing.T) {
	const perSecond = 20
	r := newRig(t, kafkasource.Config{Limits: kafkasource.Limits{PerSecond: perSecond, Request: 200 * time.Millisecond, Poll: 20 * time.Second, Dial: 5 * time.Second}})
	r.fill(30)
	quiet(t, r.observe())
	ended := make(chan lag.Observation)
	began := time.Now()
	go func() { ended <- r.source.Observe(t.Context()) }()
	leftOut := 0
	for {
		select {
		case o := <-ended:
			quiet(t, o)
			sent := int64(0)
			for _, q := range o.Requests {
				sent += q.Count
			}
			if least := time.Duration(sent-1) * time.Second / perSecond; time.Since(began) < least*9/10 {
				t.Errorf("%d requests within %v", sent, time.Since(began))
			}
			if o.Quota.Paced == 0 || o.Quota.Bites() {
				t.Errorf("%+v", o.Quota)
			}
			if leftOut == 0 {
				t.Error("no sample was left out")
			}
			return
		case <-time.After(50 * time.Millisecond):
			if s := r.source.Sample(t.Context()); s.LeftOut {
				leftOut++
			}
		}
	}
}

// counted are the connections to each address.
type counted struct {
	mu      sync.Mutex
	open    map[string]int
	most    map[string]int
	accepts int    // to one address at once; a further one is closed before it is answered; 0: all
	full    string // an address where each connection is closed at once
	closed  int
}

func (c *counted) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.accepts > 0 && c.open[address] >= c.accepts {
		c.closed++
		return new(net.Dialer).DialContext(ctx, network, c.full)
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.open[address]++
	c.most[address] = max(c.most[address], c.open[address])
	return &countedConn{Conn: conn, ended: sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open[address]--
	})}, nil
}

type countedConn struct {
	net.Conn
	ended func()
}

func (c *countedConn) Close() error { c.ended(); return c.Conn.Close() }

// busy polls and samples at the same time, so that many requests want a connection.
func busy(t *testing.T, r *rig, polls int) (last lag.Observation) {
	t.Helper()
	for range polls {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if s := r.source.Sample(t.Context()); len(s.Errors) > 0 {
					t.Errorf("sample: %+v", s.Errors)
				}
			})
		}
		last = r.observe()
		quiet(t, last)
		wg.Wait()
	}
	return last
}

// TestClosedWhilePolling: connections that a poll opens after its source was closed do not stay.
func TestClosedWhilePolling(t *testing.T) {
	c := &counted{open: map[string]int{}, most: map[string]int{}}
	r := newRig(t, kafkasource.Config{Dial: c.dial})
	r.fill(6)
	r.slowed(kmsg.ListOffsets, 200*time.Millisecond)
	for range 3 {
		s := source(t, kafkasource.Config{Brokers: r.ListenAddrs(), Dial: c.dial})
		ended := make(chan lag.Observation)
		go func() { ended <- s.Observe(t.Context()) }()
		time.Sleep(50 * time.Millisecond)
		s.Close()
		quiet(t, <-ended)
	}
	r.source.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		open := 0
		for _, n := range c.open {
			open += n
		}
		c.mu.Unlock()
		if open == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections stay open", open)
		}
	}
}

// No more connections to a broker are open at once than configured, and everything is read over them.
func TestConnectionsToABroker(t *testing.T) {
	for _, most := range []int{2, 3, 0} {
		c := &counted{open: map[string]int{}, most: map[string]int{}}
		r := newRig(t, kafkasource.Config{Dial: c.dial, Limits: kafkasource.Limits{Connections: most, Groups: 5, InFlight: 4}})
		r.fill(60)
		o := busy(t, r, 5)
		c.mu.Lock()
		greatest, open := 0, 0
		for _, n := range c.most {
			greatest = max(greatest, n)
		}
		for _, n := range c.open {
			open += n
		}
		c.mu.Unlock()
		if most > 0 && greatest > most || most == 0 && greatest < 4 {
			t.Errorf("limit %d: %d connections to one broker were open", most, greatest)
		}
		if o.Quota.Connections != open {
			t.Errorf("limit %d: %d connections are shown, %d are open", most, o.Quota.Connections, open)
		}
	}
}

// Before Kafka 3.0 each group takes a request of its own, and more of them are under way at once. Twin: later brokers, with the same
// groups, one in each batch.
func TestSingleGroupsAreReadAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		version *kversion.Versions
		most    func(greatest int) bool
	}{
		"2.8": {kversion.V2_8_0(), func(n int) bool { return n > 4 }},
		"3.0": {kversion.V3_0_0(), func(n int) bool { return n <= 4 }}, // two of the poll, and kafka-go's list of brokers
	} {
		dialled := &counted{open: map[string]int{}, most: map[string]int{}}
		r := newRig(t, kafkasource.Config{Dial: dialled.dial, Limits: kafkasource.Limits{Groups: 1}}, kfake.MaxVersions(c.version))
		r.fill(60)
		o := r.observe()
		quiet(t, o)
		if len(o.Groups) != 60 {
			t.Errorf("%s: %d groups", name, len(o.Groups))
		}
		dialled.mu.Lock()
		greatest := 0
		for _, n := range dialled.most {
			greatest = max(greatest, n)
		}
		dialled.mu.Unlock()
		if !c.most(greatest) {
			t.Errorf("%s: %d connections to a broker", name, greatest)
		}
	}
}

// A broker that accepts few connections is read over these, and it is said that it refuses more. The twin is TestBrokerDown.
func TestBrokerRefusesConnections(t *testing.T) {
	c := &counted{open: map[string]int{}, most: map[string]int{}}
	r := newRig(t, kafkasource.Config{Dial: c.dial, Limits: kafkasource.Limits{Groups: 5, InFlight: 4}})
	r.fill(60)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			refused, err := l.Accept()
			if err != nil {
				return
			}
			_ = refused.Close()
		}
	}()
	c.accepts, c.full = 3, l.Addr().String()
	refused := 0
	for range 4 {
		refused += r.observe().Quota.Refused
	}
	before := c.closed
	if o := busy(t, r, 3); o.Quota.Connections > 9 {
		t.Errorf("%d connections", o.Quota.Connections)
	}
	if refused == 0 || c.closed-before > 3 {
		t.Errorf("%d refusals were seen, and %d more connections were tried", refused, c.closed-before)
	}
}

// Check says what a cluster is asked at its pace, and warns of what exceeds the quota.
func TestPaceIsChecked(t *testing.T) {
	for _, c := range []struct {
		name   string
		pace   kafkasource.Pace
		limits kafkasource.Limits
		want   []string // in the warnings, in order
	}{
		{name: "nothing is known", pace: kafkasource.Pace{Interval: 10 * time.Second, Samples: time.Second}},
		{
			name: "a generous quota",
			pace: kafkasource.Pace{Interval: 10 * time.Second, Samples: time.Second, RequestsPerSecond: 100, ConnectionsPerSecond: 1, Connections: 100},
		},
		{
			name: "too many requests and connections",
			pace: kafkasource.Pace{Interval: time.Second, Samples: 100 * time.Millisecond, RequestsPerSecond: 10, Connections: 2},
			want: []string{"are above quota.requestsPerSecond, which is 10", "are above quota.connections, which is 2"},
		},
		{
			name: "few connections a second, opened for each poll",
			pace: kafkasource.Pace{Interval: 10 * time.Minute, ConnectionsPerSecond: 0.001},
			want: []string{"are above quota.connectionsPerSecond, which is 0.001"},
		},
		{
			name: "an own limit that cannot be kept, and is above the quota", limits: kafkasource.Limits{PerSecond: 30},
			pace: kafkasource.Pace{Interval: time.Second, Samples: 50 * time.Millisecond, RequestsPerSecond: 20},
			want: []string{"are above quota.requestsPerSecond", "requestsPerSecond, which is 30, is above quota.requestsPerSecond, which is 20", "polls fall behind"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{Pace: c.pace, Limits: c.limits})
			r.fill(6)
			var said string
			var warnings []string
			for _, f := range r.source.Check(t.Context()).Findings {
				switch {
				case f.Subject != "pace":
				case f.Warning:
					warnings = append(warnings, f.Detail)
				default:
					said = f.Detail
				}
			}
			if !strings.Contains(said, "requests a second") || !strings.Contains(said, c.pace.Interval.String()) {
				t.Errorf("%q", said)
			}
			if len(warnings) != len(c.want) {
				t.Fatalf("%d warnings: %q, want %q", len(warnings), warnings, c.want)
			}
			for i, w := range warnings {
				if !strings.Contains(w, c.want[i]) {
					t.Errorf("%q, want %q", w, c.want[i])
				}
			}
		})
	}
}
