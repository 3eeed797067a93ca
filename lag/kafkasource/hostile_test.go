package kafkasource_test

import (
	"context"
	"fmt"
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

// wrong is a broker that answers as it should, but for what answer says. It holds one empty group g.
type wrong struct {
	net.Listener
	answer func(framing.Request) (body []byte, ok bool) // ok is false: as it should; nil body: never

	mu   sync.Mutex
	open []net.Conn
	now  atomic.Int64 // connections that the client has not closed
	most atomic.Int64
}

// dropAll closes all connections.
func (w *wrong) dropAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

func listenWrong(t *testing.T, answer func(framing.Request) ([]byte, bool)) *wrong {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wrong{Listener: l, answer: answer}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			w.mu.Lock()
			w.open = append(w.open, c)
			w.mu.Unlock()
			wg.Go(func() { w.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); stop(); wg.Wait() })
	return w
}

func (w *wrong) serve(c net.Conn) {
	defer c.Close()
	for now := w.now.Add(1); now > w.most.Load(); now = w.now.Load() {
		w.most.Store(now)
	}
	defer w.now.Add(-1)
	for {
		q, err := framing.Read(c)
		if err != nil {
			return
		}
		body, ok := w.answer(q)
		if !ok {
			body = w.right(q)
		} else if body == nil {
			continue
		}
		if _, err := c.Write(q.Answer(body)); err != nil {
			return
		}
	}
}

// right answers as a broker with one topic, orders, and one group.
func (w *wrong) right(q framing.Request) []byte {
	host, port, _ := net.SplitHostPort(w.Addr().String())
	number, _ := net.LookupPort("tcp", port)
	switch q.Key {
	case 18:
		apis := [][3]int16{{0, 0, 8}, {2, 2, 5}, {3, 0, 1}, {9, 2, 5}, {10, 0, 2}, {15, 0, 4}, {16, 0, 5}, {17, 0, 1}, {18, 0, 0}, {36, 0, 0}}
		return framing.Pack(int16(0), int32(len(apis)), apis)
	case 3:
		b := framing.Pack(int32(1), int32(1), framing.String(host), int32(number), int16(-1), int32(1))
		if strings.Contains(string(q.Body), "orders") {
			return append(b, framing.Pack(int32(1), int16(0), framing.String("orders"), "\x00", int32(1), int16(0), int32(0), int32(1), int32(1), int32(1), int32(1), int32(1))...)
		}
		return append(b, framing.Pack(int32(0))...)
	case 17:
		return framing.Pack(int16(0), int32(1), framing.String("PLAIN"))
	case 36:
		return framing.Pack(int16(0), int16(-1), int32(0))
	case 16:
		return framing.Pack("\x00", int32(0), int16(0), "\x02", framing.CompactString("g"), framing.CompactString("consumer"), framing.CompactString("Empty"), framing.CompactString("classic"), "\x00\x00")
	case 9:
		return commits(0)
	case 2:
		return framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), int32(0), int16(0), int64(-1), int64(9), int32(0))
	}
	return []byte{}
}

// commits is an OffsetFetch v5 response with one commit, at 5.
func commits(partition int32) []byte {
	return framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), partition, int64(5), int32(-1), framing.String(""), int16(0), int16(0))
}

// only answers one API wrongly.
func only(key int16, body []byte) func(framing.Request) ([]byte, bool) {
	return func(q framing.Request) ([]byte, bool) { return body, q.Key == key }
}

func observeWrong(t *testing.T, w *wrong, sasl bool) lag.Observation {
	t.Helper()
	s := sourceOf(t, w, sasl)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	return s.Observe(ctx)
}

func sourceOf(t *testing.T, w *wrong, sasl bool) *kafkasource.Source {
	t.Helper()
	cfg := kafkasource.Config{Brokers: []string{w.Addr().String()}, Limits: kafkasource.Limits{Dial: time.Second}}
	if sasl {
		cfg.SASL = &transport.SASL{Mechanism: "PLAIN", Username: "u", Password: "p"}
	}
	s, err := kafkasource.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestARightBroker(t *testing.T) {
	for _, sasl := range []bool{false, true} {
		o := observeWrong(t, listenWrong(t, func(framing.Request) ([]byte, bool) { return nil, false }), sasl)
		if len(o.Errors) != 0 || len(o.Groups) != 1 || len(o.Topics) != 1 || o.Topics[0].Partitions[0].End != 9 {
			t.Fatalf("with SASL %v: %+v", sasl, o)
		}
	}
}

// A few bytes that kafka-go would decode, and that claim to be gigabytes, are refused.
func TestLengthsThatAFrameCannotHold(t *testing.T) {
	for name, c := range map[string]struct {
		key  int16
		body []byte
		sasl bool
	}{
		"brokers":        {3, framing.Pack(int32(1<<31 - 1)), false},
		"topics":         {3, framing.Pack(int32(0), int32(1), int32(1<<31-1)), false},
		"APIs":           {18, framing.Pack(int16(0), int32(1<<31-1)), false},
		"mechanisms":     {17, framing.Pack(int16(0), int32(1<<31-1)), true},
		"a mechanism":    {17, framing.Pack(int16(0), int32(1), int16(1<<15-1)), true},
		"authentication": {36, framing.Pack(int16(0), int16(-1), int32(1<<31-1)), true},
	} {
		t.Run(name, func(t *testing.T) {
			o := observeWrong(t, listenWrong(t, only(c.key, c.body)), c.sasl)
			if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled {
				t.Errorf("errors %+v", o.Errors)
			}
		})
	}
}

// A commit of a partition that no topic can have is its group's error, and nobody else's.
func TestACommitOfAPartitionThatCannotBe(t *testing.T) {
	for _, partition := range []int32{-1, -1 << 31, 1 << 20, 1<<31 - 1} {
		o := observeWrong(t, listenWrong(t, only(9, commits(partition))), false)
		if len(o.Groups) != 1 || o.Groups[0].Err != lag.Garbled || len(o.Groups[0].Commits) != 0 {
			t.Errorf("partition %d: %+v", partition, o.Groups)
		}
		s := lag.Compute(o, nil, nil)
		if g, ok := s.Group("g"); !ok || g.Err != lag.Garbled {
			t.Errorf("partition %d: lag %+v", partition, g)
		}
	}
}

// Offsets that no partition can have are errors of their partition: differences and sums of them would be wrong.
func TestOffsetsThatCannotBe(t *testing.T) {
	end := func(offset int64) []byte {
		return framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), int32(0), int16(0), int64(-1), offset, int32(0))
	}
	for _, offset := range []int64{lag.MaxOffset + 1, 1<<63 - 1, -2, -1 << 63} {
		o := observeWrong(t, listenWrong(t, only(2, end(offset))), false)
		if p := o.Topics[0].Partitions[0]; p.Err != lag.Garbled || p.Known != 0 {
			t.Errorf("end %d: %+v", offset, p)
		}
		s := lag.Compute(o, nil, nil)
		if g, _ := s.Group("g"); g == nil || g.Summary().Complete || g.Summary().Known > 0 {
			t.Errorf("end %d: lag %+v", offset, g)
		}
	}
	commit := framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), int32(0), lag.MaxOffset+1, int32(-1), framing.String(""), int16(0), int16(0))
	o := observeWrong(t, listenWrong(t, only(9, commit)), false)
	if c := o.Groups[0].Commits[0].Partitions[0]; c.Err != lag.Garbled || c.Known != 0 {
		t.Errorf("commit %+v", c)
	}
}

// Negative broker ids have a meaning of their own here, so that such an answer is refused.
func TestABrokerThatCannotBe(t *testing.T) {
	body := framing.Pack(int32(1), int32(-7), framing.String("127.0.0.1"), int32(1), int16(-1), int32(1), int32(0))
	o := observeWrong(t, listenWrong(t, only(3, body)), false)
	if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled {
		t.Errorf("errors %+v", o.Errors)
	}
}

// kafka-go takes a host with a comma for several addresses, and panics in a goroutine of its own, which would end the process.
func TestAHostThatIsSeveralAddresses(t *testing.T) {
	for _, host := range []string{",", "a,b", "127.0.0.1,127.0.0.1", "\x1c,\x1c"} {
		body := framing.Pack(int32(1), int32(1), framing.String(host), int32(1), int16(-1), int32(1), int32(0))
		o := observeWrong(t, listenWrong(t, only(3, body)), false)
		if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled || !strings.Contains(o.Errors[0].Detail, fmt.Sprintf("%q", host)) {
			t.Errorf("host %q: errors %+v", host, o.Errors)
		}
	}
	if _, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: []string{"a,b:9092"}}); err == nil {
		t.Error("a bootstrap address of two is accepted")
	}
}

// Brokers that a cluster cannot have cost no connection.
func TestMoreBrokersThanAClusterHas(t *testing.T) {
	body := framing.Pack(int32(5000))
	for i := range int32(5000) {
		body = append(body, framing.Pack(i+1, framing.String("127.0.0.1"), int32(1), int16(-1))...)
	}
	body = append(body, framing.Pack(int32(1), int32(0))...)
	before := runtime.NumGoroutine()
	o := observeWrong(t, listenWrong(t, only(3, body)), false)
	if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled || !strings.Contains(o.Errors[0].Detail, "1000") || len(o.Brokers) != 0 {
		t.Errorf("%d brokers, errors %+v", len(o.Brokers), o.Errors)
	}
	if n := runtime.NumGoroutine() - before; n > 50 {
		t.Errorf("%d goroutines", n)
	}
}

// A broker that advertises the metadata service of a cloud does not make us connect to it.
func TestAnAdvertisedAddressThatIsRefused(t *testing.T) {
	body := framing.Pack(int32(1), int32(1), framing.String("169.254.169.254"), int32(80), int16(-1), int32(1), int32(0))
	o := observeWrong(t, listenWrong(t, only(3, body)), false)
	if len(o.Errors) == 0 || o.Errors[0].Code != lag.AddressRefused || !strings.Contains(o.Errors[0].Detail, "169.254.169.254:80") {
		t.Errorf("errors %+v", o.Errors)
	}
}

// Counts and tags that are not there cost neither memory nor time.
func TestWhatAnAnswerCosts(t *testing.T) {
	const size = 4 << 20
	for name, body := range map[string][]byte{
		"groups": framing.Pack("\x00", int32(0), int16(0), "\x80\x80\x80\x02", strings.Repeat("\xff", size)),
		"tags":   framing.Pack("\x00", int32(0), int16(0), "\x00\x01\xff\xff\xff\xff\x0f"),
	} {
		t.Run(name, func(t *testing.T) {
			w := listenWrong(t, only(16, body))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			o := observeWrong(t, w, false)
			runtime.ReadMemStats(&after)
			if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled || time.Since(began) > 4*time.Second {
				t.Errorf("after %v: %+v", time.Since(began), o.Errors)
			}
			if cost := after.TotalAlloc - before.TotalAlloc; cost > uint64(16*len(body)+8<<20) {
				t.Errorf("an answer of %d bytes costs %d", len(body), cost)
			}
		})
	}
}

// A broker that hangs in the handshake is named with what it does not do, and is read again soon after it returns.
func TestABrokerHangsInTheHandshake(t *testing.T) {
	for _, key := range []int16{18, 17, 36, 3} {
		t.Run(kmsg.NameForKey(key), func(t *testing.T) {
			t.Parallel()
			var hangs atomic.Bool
			hangs.Store(true)
			s := sourceOf(t, listenWrong(t, func(q framing.Request) ([]byte, bool) { return nil, q.Key == key && hangs.Load() }), true)
			want := "does not answer " + kmsg.NameForKey(key)
			if o := s.Observe(t.Context()); len(o.Errors) == 0 || len(o.Groups) != 0 || !strings.Contains(o.Errors[0].Detail, want) {
				t.Fatalf("while it hangs: %+v, want %q", o, want)
			}
			hangs.Store(false)
			for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
				o := s.Observe(t.Context())
				if len(o.Errors) == 0 && len(o.Groups) == 1 {
					return
				}
				if time.Since(began) > 20*time.Second { // two polls
					t.Fatalf("after its return: %+v", o.Errors)
				}
			}
		})
	}
}
