package kafkasource_test

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/kafkasource/framing"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// pair are two brokers of one cluster with SASL, each with a group. The second one can hang in a request of the handshake.
type pair struct {
	well, ill *wrong
	hangs     atomic.Int32 // the key of the request that the second one does not answer; -1: it answers all
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{}
	p.hangs.Store(-1)
	p.well = listenWrong(t, func(q framing.Request) ([]byte, bool) { return p.answer(q, "well") })
	p.ill = listenWrong(t, func(q framing.Request) ([]byte, bool) {
		if int32(q.Key) == p.hangs.Load() {
			return nil, true
		}
		return p.answer(q, "ill")
	})
	return p
}

func (p *pair) answer(q framing.Request, group string) ([]byte, bool) {
	switch q.Key {
	case 3:
		return p.metadata(strings.Contains(string(q.Body), "orders")), true
	case 10:
		return framing.Pack(int32(0), int16(0), framing.String(""), p.coordinator(q), framing.String("127.0.0.1"), int32(1)), true
	case 16:
		return framing.Pack("\x00", int32(0), int16(0), "\x02", framing.CompactString(group), framing.CompactString("consumer"), framing.CompactString("Empty"), framing.CompactString("classic"), "\x00\x00"), true
	}
	return nil, false
}

// metadata are the two brokers, and the topic if it is asked for.
func (p *pair) metadata(topic bool) []byte {
	body := framing.Pack(int32(2))
	for i, b := range []*wrong{p.well, p.ill} {
		host, port, _ := net.SplitHostPort(b.Addr().String())
		number, _ := net.LookupPort("tcp", port)
		body = append(body, framing.Pack(int32(i+1), framing.String(host), int32(number), int16(-1))...)
	}
	if !topic {
		return append(body, framing.Pack(int32(1), int32(0))...)
	}
	return append(body, framing.Pack(int32(1), int32(1), int16(0), framing.String("orders"), "\x00", int32(1), int16(0), int32(0), int32(1), int32(1), int32(1), int32(1), int32(1))...)
}

// coordinator is the number of the broker whose group FindCoordinator is asked for.
func (p *pair) coordinator(q framing.Request) int32 {
	if strings.Contains(string(q.Body), "ill") {
		return 2
	}
	return 1
}

func (p *pair) source(t *testing.T, limits kafkasource.Limits) *kafkasource.Source {
	t.Helper()
	s, err := kafkasource.New(kafkasource.Config{
		Brokers: []string{p.well.Addr().String(), p.ill.Addr().String()}, Limits: limits,
		SASL: &transport.SASL{Mechanism: "PLAIN", Username: "u", Password: "p"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// has reports whether a group was read in a poll.
func has(o lag.Observation, group string) bool {
	for _, g := range o.Groups {
		if g.Group == group && g.Err == lag.OK {
			return true
		}
	}
	return false
}

// within polls until a condition holds, at most so often.
func within(t *testing.T, polls int, s *kafkasource.Source, what string, holds func(lag.Observation) bool) {
	t.Helper()
	var o lag.Observation
	for range polls {
		began := time.Now()
		o = s.Observe(t.Context())
		if holds(o) {
			return
		}
		time.Sleep(pollEvery - time.Since(began))
	}
	t.Fatalf("%s: not within %d polls: %d groups, errors %+v", what, polls, len(o.Groups), o.Errors)
}

const pollEvery = 2 * time.Second

func named(o lag.Observation, text string) bool {
	for _, e := range o.Errors {
		if strings.Contains(e.Detail, text) {
			return true
		}
	}
	return false
}

// A session that ends costs a broker its connection (KIP-368), and the next one is authenticated again: a broker that hangs in that
// costs its own groups, at once and at a start, and is read again within two polls. The twin is the session that ends and goes on.
func TestABrokerHangsWhenItAuthenticatesAgain(t *testing.T) {
	limits := kafkasource.Limits{Dial: 600 * time.Millisecond, Request: 800 * time.Millisecond, Poll: 1600 * time.Millisecond} // as with 10 s
	for _, key := range []int16{17, 36} {
		t.Run(kmsg.NameForKey(key), func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			s := p.source(t, limits)
			both := func(o lag.Observation) bool { return has(o, "well") && has(o, "ill") && len(o.Errors) == 0 }
			ill := func(o lag.Observation) bool {
				return has(o, "well") && !has(o, "ill") && named(o, "does not answer "+kmsg.NameForKey(key))
			}
			within(t, 2, s, "all is well", both)

			p.ill.dropAll()
			within(t, 1, s, "its sessions ended", both)

			p.hangs.Store(int32(key))
			p.ill.dropAll()
			within(t, 1, s, "it hangs", ill)
			fresh := p.source(t, limits)
			within(t, 2, fresh, "it hangs at a start", func(o lag.Observation) bool { return has(o, "well") && !has(o, "ill") })
			within(t, 1, fresh, "it is named", ill)

			p.hangs.Store(-1)
			within(t, 2, s, "it is back", both)
			within(t, 2, fresh, "it is back after a start", both)
		})
	}
}

// Polls and samples hold few connections to a broker and few goroutines, whatever it does not answer.
func TestConnectionsAreBounded(t *testing.T) {
	limits := kafkasource.Limits{
		Dial: 300 * time.Millisecond, Request: 400 * time.Millisecond, Poll: 800 * time.Millisecond, Sample: 200 * time.Millisecond, // a tenth of the defaults
	}
	for _, key := range []int16{-1, 17, 36, 16} {
		t.Run(kmsg.NameForKey(key), func(t *testing.T) {
			w := listenWrong(t, func(q framing.Request) ([]byte, bool) { return nil, q.Key == key })
			s, err := kafkasource.New(kafkasource.Config{
				Brokers: []string{w.Addr().String()}, Limits: limits, SASL: &transport.SASL{Mechanism: "PLAIN", Username: "u", Password: "p"},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			before := runtime.NumGoroutine()
			most := 0
			ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer stop()
			var polls sync.WaitGroup
			polls.Go(func() {
				for ctx.Err() == nil {
					s.Observe(ctx)
					most = max(most, runtime.NumGoroutine()-before)
				}
			})
			for ctx.Err() == nil {
				s.Sample(ctx)
				time.Sleep(100 * time.Millisecond)
			}
			polls.Wait()
			if n := w.most.Load(); n > 8 || most > 40 { // as docs/security.md says; the broker of this test has goroutines, too
				t.Errorf("%d connections, %d goroutines", n, most)
			}
		})
	}
}
