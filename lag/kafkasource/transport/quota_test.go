package transport

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// Requests have their turns one after another, however many want one at once; what a handshake sends counts, too.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, began := newQuota(10), time.Now()
		q.spend()
		for range 10 {
			go func() { _ = q.turn(t.Context()) }()
		}
		time.Sleep(550 * time.Millisecond)
		synctest.Wait()
		if n := q.queued.Load(); n != 5 {
			t.Errorf("after %v, %d of 10 requests wait", time.Since(began), n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := q.queued.Load(); n != 0 || q.used.Paced != 5500*time.Millisecond {
			t.Errorf("%d requests wait; they waited %v in all", n, q.used.Paced)
		}
	})
}

// A turn that comes after the deadline is not waited for, and takes nothing from others.
func TestTurnComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(0.5)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.turn(ctx); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := q.turn(ctx); Code(err) != lag.Slow || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := q.turn(t.Context()); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("the next one: %v after %v", err, time.Since(began))
		}
	})
	if err := newQuota(0).turn(t.Context()); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

// What an answer says of quotas: its throttle time, and the code in any part of it.
func TestAnswersOfQuotas(t *testing.T) {
	throttled := &kmsg.ListGroupsResponse{ThrottleMillis: 700}
	refused := &kmsg.ListGroupsResponse{ErrorCode: quotaExceeded}
	groups := &kmsg.DescribeGroupsResponse{ThrottleMillis: 3000, Groups: []kmsg.DescribeGroupsResponseGroup{{}, {ErrorCode: quotaExceeded}}}
	commits := &wire.OffsetFetchResponse{Groups: []wire.GroupCommits{{Code: quotaExceeded}}}
	ends := &wire.ListOffsetsResponse{Offsets: []wire.Offset{{}, {Code: lag.QuotaExceeded}}}
	finds := &kmsg.FindCoordinatorResponse{Coordinators: []kmsg.FindCoordinatorResponseCoordinator{{ErrorCode: quotaExceeded}}}
	weeks := &kmsg.MetadataResponse{ThrottleMillis: 1 << 30}
	wrong := &kmsg.MetadataResponse{ThrottleMillis: -5, Topics: []kmsg.MetadataResponseTopic{{ErrorCode: 3}}}
	for i, c := range []struct {
		resp    kmsg.Response
		pause   time.Duration
		refused bool
	}{
		{throttled, 700 * time.Millisecond, false},
		{refused, time.Second, true},
		{groups, 3 * time.Second, true},
		{commits, time.Second, true},
		{ends, time.Second, true},
		{finds, time.Second, true},
		{weeks, longestThrottle, false},
		{wrong, 0, false},
		{&kmsg.ListGroupsResponse{}, 0, false},
	} {
		q := newQuota(0)
		pause, refused := q.asked(c.resp)
		if pause != c.pause || refused != c.refused || q.used.Throttled != c.pause || (q.used.Exceeded == 1) != c.refused {
			t.Errorf("%d: %v, %v, %+v", i, pause, refused, q.used)
		}
	}
}

// A pause that was asked for does not end because another answer asks for a shorter one.
func TestLongerPauseHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limits{inFlight: 2}
		l.throttle(1, 3*time.Second)
		l.throttle(1, time.Second)
		began := time.Now()
		if err := l.waitThrottled(t.Context(), 1); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func asks(t *testing.T, broker int32) context.Context {
	return context.WithValue(t.Context(), asker{}, broker)
}

// One connection of those that are allowed is for the list of brokers. A request finds none and is told so; the list waits.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewConnections(3)
		var data []*place
		for range 2 {
			p, err := c.begin(asks(t, 1), "a:1")
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, p)
		}
		if _, err := c.begin(asks(t, 1), "a:1"); !errors.Is(err, errFull) {
			t.Errorf("a third one for requests: %v", err)
		}
		if _, err := c.begin(asks(t, 2), "b:1"); err != nil {
			t.Errorf("another broker: %v", err)
		}
		list, err := c.begin(t.Context(), "a:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.begin(asks(t, AnyBroker), "a:1"); !errors.Is(err, errFull) {
			t.Errorf("a second one for the list: %v", err)
		}
		time.AfterFunc(time.Second, func() { list.end(); list.end() })
		began := time.Now()
		if _, err := c.begin(t.Context(), "a:1"); err != nil || time.Since(began) != time.Second {
			t.Errorf("the list waited %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.begin(ctx, "a:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the list without a place: %v", err)
		}
		if now, _ := c.take(); now != 4 {
			t.Errorf("%d are open", now)
		}
		data[0].end()
		if _, err := c.begin(asks(t, 1), "a:1"); err != nil {
			t.Errorf("after one has ended: %v", err)
		}
	})
}

// A broker that closes a new connection while others are open has a limit, for a while. One that has closed them all has none that
// anybody knows of.
func TestRefusedPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewConnections(0)
		begin := func() *place {
			t.Helper()
			p, err := c.begin(asks(t, 1), "a:1")
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		alone := begin()
		alone.refused()
		alone.end()
		if _, refused := c.take(); refused != 0 {
			t.Error("a broker that answers nothing has no limit")
		}
		first, second := begin(), begin()
		first.answers()
		second.refused()
		second.end()
		if now, refused := c.take(); now != 1 || refused != 1 {
			t.Errorf("%d are open, %d were refused", now, refused)
		}
		if _, err := c.begin(asks(t, 1), "a:1"); !errors.Is(err, errFull) {
			t.Errorf("another one at once: %v", err)
		}
		time.Sleep(fewerFor)
		third := begin()
		third.refused()
		third.end()
		first.end()
		begin().end()
		if len(c.to) != 0 {
			t.Errorf("%d addresses are remembered", len(c.to))
		}
	})
}

// The time of a session is the last field of SaslAuthenticate version 1; version 0, and what is no answer, have none.
func TestSessionOfSASL(t *testing.T) {
	whole := []byte{0, 0, 0xff, 0xff, 0, 0, 0, 1, 'x', 0, 0, 0, 0, 0, 0x0d, 0xbb, 0xa0}
	for cut, want := range map[int]int64{len(whole): 900_000, len(whole) - 8: 0, len(whole) - 1: 0, 3: 0, 0: 0} {
		q := newQuota(0)
		if q.authenticated(whole[:cut]); q.session.Load() != want {
			t.Errorf("%d bytes: %d ms", cut, q.session.Load())
		}
	}
}
