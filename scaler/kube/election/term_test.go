package election

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// A renewal counts for renewDeadline, to the nanosecond: then nobody leads, nothing may be written, and what is being written ends. A
// renewal after that goes on with the term; only a lost lease ends it, once.
func TestATerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := New(access.NewAPI(access.Clients{Kubernetes: fake.NewClientset()}, own, slog.New(slog.NewTextHandler(&log, nil))), "first", "", func() []string { return nil })
		refused := func(when string) {
			t.Helper()
			if _, _, err := e.Bound(t.Context()); !errors.Is(err, ErrNotLeading) || e.Leading() {
				t.Errorf("%s: leads %v, a write %v", when, e.Leading(), err)
			}
		}
		allowed := func(when string) (context.Context, context.CancelFunc) {
			t.Helper()
			write, release, err := e.Bound(t.Context())
			if err != nil || !e.Leading() {
				t.Fatalf("%s: leads %v, a write %v", when, e.Leading(), err)
			}
			return write, release
		}
		refused("before the first term")
		e.held(time.Now())
		e.held(time.Now())
		write, release := allowed("renewed")
		defer release()
		if until, ok := write.Deadline(); !ok || !until.Equal(time.Now().Add(renewDeadline)) {
			t.Errorf("a write may last until %v", until)
		}
		time.Sleep(renewDeadline - 1)
		short, done := allowed("a nanosecond before the renewal is too old")
		if done(); short.Err() == nil {
			t.Error("a write that has ended keeps its context")
		}
		time.Sleep(time.Nanosecond)
		refused("the renewal is too old")
		synctest.Wait()
		if !errors.Is(context.Cause(write), errLeaseLost) {
			t.Errorf("a write ended because of %v", context.Cause(write))
		}
		if !e.holds() || e.Term() != 1 {
			t.Errorf("nobody else has written the Lease: it is held %v, term %d", e.holds(), e.Term())
		}
		e.held(time.Now())
		write, release = allowed("renewed late")
		defer release()
		if e.Term() != 1 {
			t.Errorf("a late renewal begins term %d", e.Term())
		}
		e.lost()
		e.lost()
		synctest.Wait()
		if write.Err() == nil || e.holds() {
			t.Errorf("lost: a write goes on %v, the Lease is held %v", write.Err() == nil, e.holds())
		}
		refused("lost")
		e.held(time.Now())
		if e.Term() != 2 {
			t.Errorf("the next term is number %d", e.Term())
		}
		ctx, cancel := context.WithCancel(t.Context())
		write, release, err := e.Bound(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if cancel(); write.Err() == nil {
			t.Error("a write goes on though its caller has ended")
		}
		if n, m := strings.Count(log.String(), "msg=leading"), strings.Count(log.String(), `msg="no longer leading"`); n != 2 || m != 1 {
			t.Errorf("the log says %d times that it leads, %d times that it does not:\n%s", n, m, &log)
		}
	})
}

// Nobody leads while the Lease is being given back: the write under way may make another one the leader at once.
func TestNobodyLeadsWhileTheLeaseIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		first := candidate(server, "first")
		var given atomic.Int32
		server.PrependReactor("update", "leases", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if u, ok := a.(clienttesting.UpdateAction); ok && holder(u.GetObject()) == "" {
				if given.Add(1); first.Leading() || first.holds() {
					t.Error("it leads while it gives the Lease back")
				}
			}
			return false, nil, nil
		})
		ctx, end := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- first.Run(ctx) }()
		settle()
		end()
		if err := <-done; err != nil || given.Load() != 1 {
			t.Errorf("%v; the Lease was given back %d times", err, given.Load())
		}
	})
}

// notes is what a Marker was told.
type notes struct {
	mu   sync.Mutex
	told told
}

type told struct {
	marks        []string
	marked, read int
}

func (n *notes) Mark(annotations map[string]string, held, fresh bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	annotations["lagscaler.io/test"] = fmt.Sprint(len(n.told.marks))
	n.told.marks = append(n.told.marks, fmt.Sprintf("held %v, fresh %v", held, fresh))
}

func (n *notes) Marked() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told.marked++
}

func (n *notes) Read(map[string]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told.read++
}

// soFar is what it was told until now.
func (n *notes) soFar() told {
	n.mu.Lock()
	defer n.mu.Unlock()
	return told{slices.Clone(n.told.marks), n.told.marked, n.told.read}
}

// A Marker is told whether the Lease is new and whether this replica holds it already; of a write that failed it is not told that it is
// written.
func TestMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		var cut atomic.Bool
		server.PrependReactor("update", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			return cut.Load(), nil, errors.New("connection refused")
		})
		var n notes
		first := candidate(server, "first")
		first.MarkWith(&n)
		ctx, end := context.WithCancel(t.Context())
		defer end()
		go func() { _ = first.Run(ctx) }()
		settle()
		time.Sleep(2 * longestRetry)
		synctest.Wait()
		begun := n.soFar()
		if len(begun.marks) < 2 || begun.marks[0] != "held false, fresh true" || slices.ContainsFunc(begun.marks[1:], func(m string) bool { return m != "held true, fresh false" }) {
			t.Errorf("marks of a new Lease: %q", begun.marks)
		}
		if begun.marked != len(begun.marks) || begun.read < begun.marked {
			t.Errorf("%d marks, %d of them written, read %d times", len(begun.marks), begun.marked, begun.read)
		}
		lease, err := server.CoordinationV1().Leases(own.Namespace).Get(ctx, own.Lease, metav1.GetOptions{})
		if err != nil || lease.Annotations["lagscaler.io/test"] != fmt.Sprint(len(begun.marks)-1) {
			t.Errorf("%v, the Lease says %v", err, lease.Annotations)
		}
		cut.Store(true)
		time.Sleep(3 * renewDeadline)
		synctest.Wait()
		failed := n.soFar()
		if failed.marked != begun.marked || first.Leading() {
			t.Errorf("of failed writes %d count as written; it leads %v", failed.marked-begun.marked, first.Leading())
		}
		cut.Store(false)
		time.Sleep(2 * (leaseDuration + longestRetry))
		synctest.Wait()
		again := n.soFar().marks[len(failed.marks):]
		if !first.Leading() || !slices.Contains(again, "held false, fresh false") {
			t.Errorf("leads again %v, marks %q", first.Leading(), again)
		}
	})
}

// The address at which the leader answers is known from the Lease of whoever leads, and is nothing while nobody does.
func TestWhereTheLeaderAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fake.NewClientset()
		at := func(identity, answers string) *Election {
			return New(access.NewAPI(access.Clients{Kubernetes: server}, own, slog.New(slog.DiscardHandler)), identity, answers, func() []string { return []string{"shop", "pay"} })
		}
		first, second := at("first", "10.0.0.1:9090"), at("second", "")
		leading, end := context.WithCancel(t.Context())
		go func() { _ = first.Run(leading) }()
		settle()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = second.Run(ctx) }()
		time.Sleep(2 * longestRetry)
		synctest.Wait()
		if first.LeaderAnswersAt() != "10.0.0.1:9090" || second.LeaderAnswersAt() != "10.0.0.1:9090" {
			t.Errorf("the leader answers at %q, and as the other one knows at %q", first.LeaderAnswersAt(), second.LeaderAnswersAt())
		}
		lease, err := server.CoordinationV1().Leases(own.Namespace).Get(ctx, own.Lease, metav1.GetOptions{})
		if err != nil || !Keeps(lease, "pay") || !Keeps(lease, "shop") || Keeps(lease, "other") {
			t.Errorf("%v, the Lease says %v", err, lease.Annotations)
		}
		end()
		time.Sleep(2 * longestRetry)
		synctest.Wait()
		if !second.Leading() || second.LeaderAnswersAt() != "" {
			t.Errorf("a leader without an address, which leads %v, answers at %q", second.Leading(), second.LeaderAnswersAt())
		}
		nobody := &coordinationv1.Lease{}
		nobody.Annotations = map[string]string{annotationAnswersAt: "10.0.0.1:9090"}
		empty := ""
		for _, by := range []*string{nil, &empty} {
			if nobody.Spec.HolderIdentity = by; AnswersAt(nobody) != "" {
				t.Error("a Lease that nobody holds has an address")
			}
		}
	})
}
