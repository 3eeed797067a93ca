package kafkasource_test

import (
	"context"
	"encoding/binary"
	"io"
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
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// call is one request as a wrong broker sees it.
type call struct {
	key, version int16
	body         []byte
}

// wrong is a broker that answers as it should, but for what answer says. It holds one empty group g.
type wrong struct {
	net.Listener
	answer func(call) (body []byte, ok bool) // ok is false: as it should; nil body: never
}

func listenWrong(t *testing.T, answer func(call) ([]byte, bool)) *wrong {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wrong{l, answer}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			wg.Go(func() { w.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); stop(); wg.Wait() })
	return w
}

func (w *wrong) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [4]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		q := call{int16(binary.BigEndian.Uint16(b)), int16(binary.BigEndian.Uint16(b[2:])), b[8:]}
		body, ok := w.answer(q)
		if !ok {
			body = w.right(q)
		} else if body == nil {
			continue
		}
		frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))
		frame = append(frame, b[4:8]...)
		if _, err := c.Write(append(frame, body...)); err != nil {
			return
		}
	}
}

// packed are the values one after the other, as in versions that are not flexible; text is as it is.
func packed(values ...any) (b []byte) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = append(b, v...)
		default:
			b, _ = binary.Append(b, binary.BigEndian, v)
		}
	}
	return b
}

func short(s string) string   { return string(packed(int16(len(s)))) + s }
func compact(s string) string { return string(rune(len(s)+1)) + s }

// right answers as a broker with one topic, orders, and one group.
func (w *wrong) right(q call) []byte {
	host, port, _ := net.SplitHostPort(w.Addr().String())
	number, _ := net.LookupPort("tcp", port)
	switch q.key {
	case 18:
		apis := [][3]int16{{0, 0, 8}, {2, 2, 5}, {3, 0, 1}, {9, 2, 5}, {10, 0, 2}, {15, 0, 4}, {16, 0, 5}, {17, 0, 1}, {18, 0, 0}, {36, 0, 0}}
		return packed(int16(0), int32(len(apis)), apis)
	case 3:
		b := packed(int32(1), int32(1), short(host), int32(number), int16(-1), int32(1))
		if strings.Contains(string(q.body), "orders") {
			return append(b, packed(int32(1), int16(0), short("orders"), "\x00", int32(1), int16(0), int32(0), int32(1), int32(1), int32(1), int32(1), int32(1))...)
		}
		return append(b, packed(int32(0))...)
	case 17:
		return packed(int16(0), int32(1), short("PLAIN"))
	case 36:
		return packed(int16(0), int16(-1), int32(0))
	case 16:
		return packed("\x00", int32(0), int16(0), "\x02", compact("g"), compact("consumer"), compact("Empty"), compact("classic"), "\x00\x00")
	case 9:
		return commits(0)
	case 2:
		return packed(int32(0), int32(1), short("orders"), int32(1), int32(0), int16(0), int64(-1), int64(9), int32(0))
	}
	return []byte{}
}

// commits is an OffsetFetch v5 response with one commit, at 5.
func commits(partition int32) []byte {
	return packed(int32(0), int32(1), short("orders"), int32(1), partition, int64(5), int32(-1), short(""), int16(0), int16(0))
}

// only answers one API wrongly.
func only(key int16, body []byte) func(call) ([]byte, bool) {
	return func(q call) ([]byte, bool) { return body, q.key == key }
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
		o := observeWrong(t, listenWrong(t, func(call) ([]byte, bool) { return nil, false }), sasl)
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
		"brokers":        {3, packed(int32(1<<31 - 1)), false},
		"topics":         {3, packed(int32(0), int32(1), int32(1<<31-1)), false},
		"APIs":           {18, packed(int16(0), int32(1<<31-1)), false},
		"mechanisms":     {17, packed(int16(0), int32(1<<31-1)), true},
		"a mechanism":    {17, packed(int16(0), int32(1), int16(1<<15-1)), true},
		"authentication": {36, packed(int16(0), int16(-1), int32(1<<31-1)), true},
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

// Negative broker ids have a meaning of their own here, so that such an answer is refused.
func TestABrokerThatCannotBe(t *testing.T) {
	body := packed(int32(1), int32(-7), short("127.0.0.1"), int32(1), int16(-1), int32(1), int32(0))
	o := observeWrong(t, listenWrong(t, only(3, body)), false)
	if len(o.Errors) == 0 || o.Errors[0].Code != lag.Garbled {
		t.Errorf("errors %+v", o.Errors)
	}
}

// Counts and tags that are not there cost neither memory nor time.
func TestWhatAnAnswerCosts(t *testing.T) {
	const size = 4 << 20
	for name, body := range map[string][]byte{
		"groups": packed("\x00", int32(0), int16(0), "\x80\x80\x80\x02", strings.Repeat("\xff", size)),
		"tags":   packed("\x00", int32(0), int16(0), "\x00\x01\xff\xff\xff\xff\x0f"),
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

// A broker that hangs in SASL is read again soon after it returns.
func TestABrokerHangsInSASL(t *testing.T) {
	for _, key := range []int16{17, 36} {
		t.Run(kmsg.NameForKey(key), func(t *testing.T) {
			t.Parallel()
			var hangs atomic.Bool
			hangs.Store(true)
			s := sourceOf(t, listenWrong(t, func(q call) ([]byte, bool) { return nil, q.key == key && hangs.Load() }), true)
			if o := s.Observe(t.Context()); len(o.Errors) == 0 || len(o.Groups) != 0 {
				t.Fatalf("while it hangs: %+v", o)
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
