package engine

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// defect is a cluster whose reading panics, or what is read of it.
type defect struct {
	*kafka
	reading, answer bool
}

func (d *defect) Sample(ctx context.Context) lag.Sample {
	if d.reading {
		panic("sample")
	}
	return d.kafka.Sample(ctx)
}

func (d *defect) Observe(ctx context.Context) lag.Observation {
	if d.reading {
		panic("observe")
	}
	o := d.kafka.Observe(ctx)
	if d.answer {
		o.Topics = append(o.Topics, lag.TopicRead{Name: "other", Partitions: make([]lag.PartitionRead, 1)})
		o.Groups[0].Commits = append(o.Groups[0].Commits, lag.TopicCommits{
			Topic: "other", Partitions: []lag.PartitionCommit{{Partition: -1}}, // lag relies on the source: there is none
		})
	}
	return o
}

func panicsOf(r *Report, part Part) uint64 {
	for _, p := range r.Panics {
		if p.Part == part {
			return p.Count
		}
	}
	return 0
}

// A panic while one cluster is read is that cluster's error, and is logged once.
func TestAPanicInAReadingIsTheClustersError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, bad := &kafka{name: "up", end: 100, members: 1}, &defect{kafka: &kafka{name: "bad"}, reading: true}
		s := settings(up)
		s.Clusters = append(s.Clusters, Cluster{Name: "bad", Source: bad})
		var log bytes.Buffer
		e := New(s, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(65 * time.Second)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if up.polls != 7 || up.samples < 60 {
			t.Errorf("%d polls and %d samples of the other cluster in 65 s", up.polls, up.samples)
		}
		c, _ := e.Latest().Cluster("bad")
		if errs := c.Snapshot.Errors; len(errs) != 1 || errs[0].Code != lag.InternalError || !strings.Contains(errs[0].Detail, "panic: observe") {
			t.Errorf("errors %+v", c.Snapshot.Errors)
		}
		if n := panicsOf(e.Latest(), PartRead); n < 60 {
			t.Errorf("%d panics are counted", n)
		}
		for _, value := range []string{"observe", "sample"} {
			if n := strings.Count(log.String(), "panic="+value); n != 1 || !strings.Contains(log.String(), "panics_test.go") {
				t.Errorf("%s is in the log %d times: %s", value, n, log.String())
			}
		}
	})
}

// A panic in what follows from a poll makes the cluster unread: its scaler writes nothing, and goes on when it is over.
func TestAPanicInComputingScalesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := &defect{kafka: &kafka{name: "main", end: 100, committed: 100, members: 3}}
		f := idle(t)
		e := New(Settings{Mode: scaler.Act, Clusters: []Cluster{{Name: "main", Source: bad}}}, Options{Targets: f})
		tick := func() *lag.Snapshot {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
			return e.Latest().Clusters[0].Snapshot
		}
		tick()
		w := &f.scaler.Workload
		w.Spec, w.Status, w.Ready, f.applied = 3, 3, 3, nil // again too many
		bad.answer = true
		for range 30 {
			s := tick()
			if g, ok := s.Group("orders"); !ok || g.Err == lag.OK || s.Errors[0].Code != lag.InternalError {
				t.Fatalf("group %+v, errors %+v", g, s.Errors)
			}
		}
		if n := panicsOf(e.Latest(), PartCompute); n != 30 || len(f.applied) != 0 {
			t.Errorf("%d panics, %d writes", n, len(f.applied))
		}
		bad.answer = false
		for range 30 {
			tick()
		}
		if len(f.applied) != 1 {
			t.Errorf("%d writes after it was over: %s", len(f.applied), e.Latest().Scalers[0].Line)
		}
	})
}

// What is remembered of a cluster may be what makes the program fail, also for a poll that read nothing.
func TestWhatIsKnownIsForgottenWhenItPanics(t *testing.T) {
	k := &kafka{name: "main", end: 100, members: 1}
	e := New(settings(k), Options{})
	e.Tick(t.Context(), start)
	e.clusters["main"].monitor = nil
	e.Tick(t.Context(), start.Add(10*time.Second))
	if s := e.Latest().Clusters[0].Snapshot; len(s.Groups) != 0 || len(s.Errors) != 1 || s.Errors[0].Code != lag.InternalError {
		t.Errorf("snapshot %+v", s)
	}
	e.Tick(t.Context(), start.Add(20*time.Second))
	if n, complete := total(t, e.Latest(), "main"); n != 100 || !complete {
		t.Errorf("afterwards: lag %d, complete %v", n, complete)
	}
}

// two are two scalers of the same group.
type two struct{ *targets }

func (f two) Scalers(now time.Time) []scaler.Scaler {
	a, b := f.targets.Scalers(now)[0], f.targets.Scalers(now)[0]
	a.Name, b.Name = "shop/a", "shop/b"
	return []scaler.Scaler{a, b}
}

// A panic while one scaler is decided is that scaler's failure: it writes nothing, and the other one decides.
func TestAPanicInADecisionIsTheScalersFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := idle(t)
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: two{f},
			Record: func(name string, _ scaler.Input, _ scaler.Result) {
				if name == "shop/a" {
					panic("decide")
				}
			},
		})
		for range 30 {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
		}
		a, b := e.Latest().Scalers[0], e.Latest().Scalers[1]
		if a.Disposition != scaler.Failed || !strings.Contains(a.Failure, "panic: decide") || a.Counts.Ups+a.Counts.Downs != 0 {
			t.Errorf("the scaler that panics: %s, %q, %+v", a.Disposition, a.Failure, a.Counts)
		}
		if b.Failure != "" || b.Counts.Downs != 1 || len(f.applied) != 1 {
			t.Errorf("the other: %q, %+v, %d writes", b.Failure, b.Counts, len(f.applied))
		}
		if n := panicsOf(e.Latest(), PartDecide); n != 30 {
			t.Errorf("%d panics are counted", n)
		}
	})
}

// writeDefect panics in each write.
type writeDefect struct{ *targets }

func (writeDefect) Apply(context.Context, scaler.Change) error { panic("write") }

func TestAPanicInAWriteIsItsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: writeDefect{idle(t)}})
		if r := firstChange(t, e); r.Disposition != scaler.Failed || !strings.Contains(r.Failure, "panic: write") {
			t.Errorf("%s, %q", r.Disposition, r.Failure)
		}
	})
}
