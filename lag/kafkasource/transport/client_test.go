package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

func TestThrottleTimeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{inFlight: 2}
		l.throttle(1, 300*time.Millisecond)
		l.throttle(2, 0)
		began := time.Now()
		if err := l.waitThrottled(t.Context(), 2); err != nil || time.Since(began) != 0 {
			t.Errorf("another broker: %v after %v", err, time.Since(began))
		}
		if err := l.waitThrottled(t.Context(), 1); err != nil || time.Since(began) != 300*time.Millisecond {
			t.Errorf("throttled broker: %v after %v", err, time.Since(began))
		}
		if err := l.waitThrottled(t.Context(), 1); err != nil || time.Since(began) != 300*time.Millisecond {
			t.Errorf("afterwards: %v after %v", err, time.Since(began))
		}
	})
}

// A broker that asks for weeks is asked again soon.
func TestThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{inFlight: 2}
		l.throttle(1, 24*24*time.Hour)
		began := time.Now()
		if err := l.waitThrottled(t.Context(), 1); err != nil || time.Since(began) != longestThrottle {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestThrottleLongerThanPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{inFlight: 2}
		l.throttle(1, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := l.waitThrottled(ctx, 1); err == nil || time.Since(began) != 0 {
			t.Errorf("%v after %v: there is no use in waiting", err, time.Since(began))
		}
	})
}

func TestInFlightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{inFlight: 2, single: 3}
		first, err := l.acquire(t.Context(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.acquire(t.Context(), 1, false); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.acquire(ctx, 1, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third slot: %v", err)
		}
		if _, err := l.acquire(t.Context(), 2, false); err != nil {
			t.Errorf("another broker: %v", err)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for i := range 4 {
			if _, err := l.acquire(soon, 1, true); (err == nil) != (i < 3) {
				t.Errorf("request %d about one group: %v", i, err)
			}
		}
		first()
		if _, err := l.acquire(t.Context(), 1, false); err != nil {
			t.Errorf("a slot that was released: %v", err)
		}
	})
}

// endless is an answer whose decoding does not end.
type endless struct {
	kmsg.Response
	until chan struct{}
}

func (e endless) ReadFrom([]byte) error {
	<-e.until
	return nil
}

// Decoding that does not end is given up. A few of them may run, and when they end, there is place again.
func TestEndlessDecodingIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := make(decoders, mostDecoders)
		e := endless{kmsg.NewPtrShareGroupDescribeResponse(), make(chan struct{})}
		for i := range mostDecoders + 1 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err := d.decode(ctx, e, e.AppendTo(nil))
			if err == nil || time.Since(began) != time.Second || strings.Contains(err.Error(), "before it") != (i == mostDecoders) {
				t.Errorf("%d: %v after %v", i, err, time.Since(began))
			}
		}
		close(e.until)
		if err := d.decode(t.Context(), e, e.AppendTo(nil)); err != nil {
			t.Errorf("when the others have ended: %v", err)
		}
	})
}

// An answer that came just before the deadline is late, and not wrong: a machine that is busy has no time left to decode it. Its
// twin is TestEndlessDecodingIsLeftAlone.
func TestAnAnswerJustBeforeTheDeadline(t *testing.T) {
	for name, blocked := range map[string]int{"it is being decoded": 0, "others are being decoded": mostDecoders} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, e := make(decoders, mostDecoders), endless{kmsg.NewPtrShareGroupDescribeResponse(), make(chan struct{})}
				for range blocked {
					d <- struct{}{}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				err := notDecoded(&rawResponse{key: e.Key(), version: 1}, d.decode(ctx, e, e.AppendTo(nil)))
				if want := "ShareGroupDescribe v1: the answer came just before the deadline: it had 20ms to be decoded"; Code(err) != lag.Slow || err.Error() != want {
					t.Errorf("%s: %v, want %s", Code(err), err, want)
				}
				close(e.until)
			})
		})
	}
}

func TestCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want lag.ErrorCode
		lost bool
	}{
		{nil, lag.OK, false},
		{io.EOF, lag.Unreachable, true},
		{fmt.Errorf("reading: %w", syscall.ECONNRESET), lag.Unreachable, true},
		{syscall.ECONNREFUSED, lag.Unreachable, false},
		{context.DeadlineExceeded, lag.Unreachable, false},
		{kafka.BrokerNotAvailable, lag.Unreachable, false},
		{fmt.Errorf("%w: bad password", kafka.SASLAuthenticationFailed), lag.AuthenticationError, false},
		{kafka.UnsupportedSASLMechanism, lag.AuthenticationError, false},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(116)}, lag.AuthenticationError, false},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, lag.Unreachable, true},
		{Garbled("nonsense"), lag.Garbled, false},
		{ErrorOf(14), lag.CoordinatorLoading, false},
		{fmt.Errorf("ListGroups: %w", ErrorOf(31)), lag.ClusterDenied, false},
	} {
		if got := Code(c.err); got != c.want || IsLost(c.err) != c.lost {
			t.Errorf("Code(%v) = %s, lost %v; want %s, %v", c.err, got, IsLost(c.err), c.want, c.lost)
		}
	}
}
