package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
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
		l := limits{inFlight: 2}
		first, err := l.acquire(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.acquire(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.acquire(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third slot: %v", err)
		}
		if _, err := l.acquire(t.Context(), 2); err != nil {
			t.Errorf("another broker: %v", err)
		}
		first()
		if _, err := l.acquire(t.Context(), 1); err != nil {
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

func TestEndlessDecodingIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e := endless{kmsg.NewPtrShareGroupDescribeResponse(), make(chan struct{})}
		began := time.Now()
		if err := decode(ctx, e, e.AppendTo(nil)); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		close(e.until)
	})
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
