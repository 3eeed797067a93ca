package scale

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// These break a server, so they have one of their own.

// A broker that does not answer leaves a lower bound: nothing scales down on it.
func TestABrokerIsDown(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Kafka: kafka.Start(t, kafka.Config{Version: kafka.V43}), Rate: 120, Replicas: 4})
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	s.Load.Set(30) // fewer would do from now on
	sizes := s.WatchSize()
	node := s.Kafka.Node(t, 3)
	node.Pause(t)
	s.awaitDecision(d, "partial or stale data", func(got scalerReport) bool {
		return slices.Contains([]scaler.Reason{scaler.DataPartial, scaler.DataStale}, got.Decision.Verdict)
	})
	time.Sleep(15 * time.Second) // a third of the window, in which nothing may scale down
	got := sizes()
	if !slices.IsSortedFunc(got, func(a, b kube.Size) int { return cmp.Compare(a.Replicas, b.Replicas) }) { // a backlog may scale up
		t.Errorf("sizes %v were written on partial data", got)
	}
	node.Resume(t)
	s.awaitDecision(d, "everything to be read again", func(got scalerReport) bool {
		return !slices.Contains([]scaler.Reason{scaler.DataPartial, scaler.DataStale, scaler.Fallback}, got.Decision.Verdict)
	})
}

// Without the API server decisions go on from what was known; when it is back, each is written once.
func TestTheAPIServerIsDown(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Kube: kube.Start(t, kube.Config{}), Rate: 40, Replicas: 2})
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	sizes := s.WatchSize() // it comes back by itself, some time after the server does
	s.StopAPIServer(t)
	began := time.Now()
	s.Load.Set(150)
	s.awaitDecision(d, "a write that fails, or a lease that is lost", func(got scalerReport) bool {
		return slices.Contains([]scaler.Disposition{scaler.Failed, scaler.Follower}, got.Disposition)
	})
	time.Sleep(30*time.Second - time.Since(began))
	if !d.Alive() {
		t.Fatal("the daemon ended")
	}
	s.StartAPIServer(t)
	awaitFor(t, 3*time.Minute, "a size that carries 150/s", func() error { // an informer tries again up to a minute after an outage
		if n := s.Size(); n < 4 {
			return fmt.Errorf("it asks for %d", n)
		}
		return nil
	})
	s.awaitDecision(d, "a decision after the write", func(got scalerReport) bool {
		return got.Decision.Current >= 4 && got.Decision.Desired == got.Decision.Current
	})
	await(t, "each decision to change to be one size", func() error {
		want := []int32{2}
		for _, change := range steps(d.History(), s.Name()) {
			want = append(want, change.To)
		}
		var got []int32
		for _, size := range sizes() {
			got = append(got, size.Replicas)
		}
		before := max(0, len(want)-len(got)) // steps that were over when the watch began
		if !slices.Equal(got, want[before:]) {
			return fmt.Errorf("sizes %v were written, %v decided", got, want)
		}
		return nil
	})
}

// The leader is killed: a successor leads within the lease, and takes no step twice.
func TestTheLeaderIsKilled(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 40})
	sizes := s.WatchSize()
	first := s.start()
	s.awaitVerdict(first, scaler.Steady)
	s.Daemon.Identity = "second"
	second := s.start()
	s.awaitDecision(second, "a follower that decides what its leader does", func(got scalerReport) bool {
		return got.Disposition == scaler.Follower && got.Decision.Verdict == scaler.Steady
	})
	before := s.awaitCalm(first)
	s.Load.Set(200)
	s.awaitSize("the leader's step", atLeast(4))
	await(t, "the leader to report its step", func() error { // it does so after the write
		if len(steps(first.History(), s.Name())) == 0 {
			return errors.New("it has reported none")
		}
		return nil
	})
	first.Kill()
	killed := time.Now()
	s.Load.Set(280)
	awaitFor(t, 30*time.Second, "the follower to lead", func() error {
		if all := second.History(); !all[len(all)-1].Leader {
			return fmt.Errorf("it follows, %v after the leader's end", time.Since(killed))
		}
		return nil
	})
	t.Logf("the successor leads after %v", time.Since(killed).Round(100*time.Millisecond))
	s.awaitSize("a size that carries 280/s", atLeast(6))
	await(t, "the lag to be gone", func() error { return s.caughtUp(second) })
	changes := slices.Concat(steps(first.History(), s.Name()), steps(second.History(), s.Name()))
	s.checkDelays(sizes(), changes)
	s.checkLate(before, 0.6)
}

// What was learned outlives the leader that learned it.
func TestTheMemoryIsHandedOver(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 120, Partitions: 2, Replicas: 2, Scaler: func(s *closedloop.Loop) string {
		return strings.Replace(s.Scaler(), "processingTime: 20ms", "processingTime: 5ms", 1) // a quarter of the truth
	}})
	first := s.start()
	learned := s.awaitDecision(first, "the capacity to be learned", func(got scalerReport) bool {
		need, ok := got.Decision.Need()
		return ok && need.Capacity == learn.Learned && need.PerConsumer < 80
	})
	was, _ := learned.Decision.Need()
	if err := first.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	s.Daemon.Identity = "second"
	second := s.start()
	got := s.awaitDecision(second, "a decision of the successor", func(got scalerReport) bool {
		need, ok := got.Decision.Need()
		return ok && need.RateKnown && got.Disposition != scaler.Follower
	})
	if is, _ := got.Decision.Need(); is.Capacity != learn.Learned || is.PerConsumer > 1.3*was.PerConsumer {
		t.Errorf("the successor takes a consumer for %.0f/s (%s); learned were %.0f/s", is.PerConsumer, is.Capacity, was.PerConsumer)
	}
}
