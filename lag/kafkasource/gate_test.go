package kafkasource

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
		g := gates{limit: 2}
		g.throttle(1, 300*time.Millisecond)
		g.throttle(2, 0)
		began := time.Now()
		if err := g.wait(t.Context(), 2); err != nil || time.Since(began) != 0 {
			t.Errorf("another broker: %v after %v", err, time.Since(began))
		}
		if err := g.wait(t.Context(), 1); err != nil || time.Since(began) != 300*time.Millisecond {
			t.Errorf("throttled broker: %v after %v", err, time.Since(began))
		}
		if err := g.wait(t.Context(), 1); err != nil || time.Since(began) != 300*time.Millisecond {
			t.Errorf("afterwards: %v after %v", err, time.Since(began))
		}
	})
}

func TestThrottleLongerThanPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gates{limit: 2}
		g.throttle(1, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := g.wait(ctx, 1); err == nil || time.Since(began) != 0 {
			t.Errorf("%v after %v: there is no use in waiting", err, time.Since(began))
		}
	})
}

func TestInFlightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Source{gates: gates{limit: 2}}
		first, err := s.inFlight(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.inFlight(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.inFlight(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third place: %v", err)
		}
		if _, err := s.inFlight(t.Context(), 2); err != nil {
			t.Errorf("another broker: %v", err)
		}
		first()
		if _, err := s.inFlight(t.Context(), 1); err != nil {
			t.Errorf("a place that was given back: %v", err)
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
		e := endless{kmsg.NewPtrListGroupsResponse(), make(chan struct{})}
		began := time.Now()
		if err := decode(ctx, e, nil); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		close(e.until)
	})
}

func TestCodeOf(t *testing.T) {
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
		{garbled("nonsense"), lag.Garbled, false},
		{answered(14), lag.CoordinatorLoading, false},
		{fmt.Errorf("ListGroups: %w", answered(31)), lag.ClusterDenied, false},
	} {
		if got := codeOf(c.err); got != c.want || isLost(c.err) != c.lost {
			t.Errorf("codeOf(%v) = %s, lost %v; want %s, %v", c.err, got, isLost(c.err), c.want, c.lost)
		}
	}
}

func TestInternerKnowsATopicOnce(t *testing.T) {
	asked := 0
	in := &interner{keep: func(name string) bool { asked++; return name == "orders" }}
	for range 3 {
		if name, kept := in.topic([]byte("orders")); name != "orders" || !kept {
			t.Errorf("%q, %v", name, kept)
		}
		if _, kept := in.topic([]byte("other")); kept {
			t.Error("a topic that is left out is kept")
		}
	}
	if asked != 2 {
		t.Errorf("the filter was asked %d times", asked)
	}
}
