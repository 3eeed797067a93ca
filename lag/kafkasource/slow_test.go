package kafkasource_test

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// slowed makes every answer of a kind take a while.
func (r *rig) slowed(key kmsg.Key, by time.Duration) {
	r.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		r.SleepControl(func() { time.Sleep(by) })
		return nil, nil, false
	})
}

// TestSlowCluster: an answer that takes longer than the timeout is called slow, not unreachable, and what was asked for is
// unknown. With a timeout that is long enough, or an interval, everything is read. The twin is TestBrokerHangs: a broker
// that answers nothing.
func TestSlowCluster(t *testing.T) {
	const takes = 300 * time.Millisecond
	for _, tt := range []struct {
		name   string
		limits kafkasource.Limits
		want   lag.ErrorCode
	}{
		{"timeout", kafkasource.LimitsOf(time.Second, 100*time.Millisecond), lag.Slow},
		{"a longer timeout", kafkasource.LimitsOf(time.Second, 700*time.Millisecond), lag.OK},
		{"a longer interval", kafkasource.LimitsOf(3*time.Second, 0), lag.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{Limits: tt.limits})
			r.fill(3)
			r.slowed(kmsg.ListOffsets, takes)
			var snap *lag.Snapshot
			for range 2 {
				o := r.observe()
				snap = lag.Compute(o, snap, nil)
				if tt.want == lag.OK {
					quiet(t, o)
				}
				for _, e := range o.Errors {
					if e.Code != tt.want || e.Stage != lag.StageOffsets {
						t.Errorf("error %+v", e)
					}
				}
				if tt.want != lag.OK && len(o.Errors) == 0 {
					t.Error("no errors")
				}
			}
			for _, g := range snap.Groups {
				sum := g.Summary()
				if known := sum.Known > 0; known != (tt.want == lag.OK) || known && sum.Total != 6 || sum.Complete != known {
					t.Errorf("%s: %+v", g.Group, sum)
				}
			}
		})
	}
}

// TestSlowFromTheFirstRequest: a broker that needs long for the first request of a poll has answered nothing in it. The next
// poll opens a connection, whose handshake it answers.
func TestSlowFromTheFirstRequest(t *testing.T) {
	r := newRig(t, kafkasource.Config{Limits: kafkasource.LimitsOf(time.Second, 100*time.Millisecond)})
	r.fill(3)
	quiet(t, r.observe())
	r.slowed(kmsg.ListGroups, 300*time.Millisecond)
	var last []lag.ReadError
	for range 4 { // until no connection of before is left
		last = r.observe().Errors
	}
	if len(last) == 0 || slices.ContainsFunc(last, func(e lag.ReadError) bool { return e.Code != lag.Slow }) {
		t.Errorf("errors %+v", last)
	}
}

// TestSlowInEverything: a broker whose every answer comes later than the timeout, as from far away, answers no request in time. Its
// handshakes, which have their own time, show that it is up. The twin is TestBrokerHangs.
func TestSlowInEverything(t *testing.T) {
	t.Parallel() // most of it is waiting
	r := newRig(t, kafkasource.Config{Limits: kafkasource.LimitsOf(10*time.Second, 300*time.Millisecond)})
	r.fill(30)
	r.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		if r.CurrentNode() == 1 {
			r.SleepControl(func() { time.Sleep(500 * time.Millisecond) })
		}
		return nil, nil, false
	})
	said := map[lag.ErrorCode]int{}
	for range 12 {
		for _, e := range r.observe().Errors {
			if e.Broker == 1 {
				said[e.Code]++
			}
		}
	}
	if said[lag.Slow] == 0 || len(said) > 2 || len(said) == 2 && said[lag.Unreachable] == 0 {
		t.Errorf("errors of broker 1: %v", said)
	}
}

func TestLimitsFollowTheInterval(t *testing.T) {
	for _, tt := range []struct {
		interval, timeout           time.Duration
		request, poll, sample, dial time.Duration
	}{
		{10 * time.Second, 0, 4 * time.Second, 8 * time.Second, 2 * time.Second, 3 * time.Second},
		{10 * time.Second, 7 * time.Second, 7 * time.Second, 8 * time.Second, 7 * time.Second, 3 * time.Second},
		{time.Minute, 0, 24 * time.Second, 48 * time.Second, 12 * time.Second, 10 * time.Second},
		{time.Second, 0, 400 * time.Millisecond, 800 * time.Millisecond, 2 * time.Second, 3 * time.Second},
	} {
		l := kafkasource.LimitsOf(tt.interval, tt.timeout)
		if l.Request != tt.request || l.Poll != tt.poll || l.Sample != tt.sample || l.Dial != tt.dial {
			t.Errorf("%v, %v: %+v", tt.interval, tt.timeout, l)
		}
	}
}
