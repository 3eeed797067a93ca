package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// shop is a platform of scalers whose consumers join and leave groups of a cluster.
type shop struct {
	mu      sync.Mutex
	kafka   *lagtest.Cluster
	all     []scaler.Scaler
	running map[string]int32 // by group
	ends    map[string][]int64
	commits map[string][]int64
	refuse  error
}

const (
	partitions = 12
	poll       = 10 * time.Second
	perSecond  = 100 // of a consumer
)

func (s *shop) add(t *testing.T, name string, mode scaler.Mode) {
	t.Helper()
	sources := []seen.SourceSpec{{Cluster: "main", Group: name, ProcessingTime: time.Second / perSecond}}
	policy, err := scaler.Spec{Sources: sources, Mode: mode}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	s.kafka.Create(name, partitions)
	s.ends[name], s.commits[name] = make([]int64, partitions), make([]int64, partitions)
	s.all = append(s.all, scaler.Scaler{
		Name: "shop/" + name, Mode: mode, Policy: policy, Sources: sources, Generation: 1, DeclaredBy: "kubectl",
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: name},
			Found: true, HasScale: true, Spec: 2, Status: 2, Ready: 2,
		},
	})
}

func (s *shop) Scalers(time.Time) []scaler.Scaler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *shop) Apply(_ context.Context, c scaler.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	for i := range s.all {
		if w := &s.all[i].Workload; w.Ref == c.Target {
			w.Spec, w.Status, w.Ready = c.To, c.To, c.To
			w.LastWrite = seen.Write{At: c.At, From: c.From, To: c.To}
		}
	}
	return nil
}

// pass is the time between two polls: records arrive, and consumers process what they can.
func (s *shop) pass(arriving int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		group, spec := s.all[i].Sources[0].Group, s.all[i].Workload.Spec
		for s.running[group] < spec {
			s.running[group]++
			s.kafka.Join(group, fmt.Sprintf("%s-%02d", group, s.running[group]), group)
		}
		for s.running[group] > spec {
			s.kafka.Leave(group, fmt.Sprintf("%s-%02d", group, s.running[group]))
			s.running[group]--
		}
		able := int64(spec) * perSecond * int64(poll/time.Second) / partitions
		for p := range int32(partitions) {
			s.ends[group][p] += arriving * int64(poll/time.Second) / partitions
			s.kafka.Append(group, p, arriving*int64(poll/time.Second)/partitions)
			s.commits[group][p] = min(s.ends[group][p], s.commits[group][p]+able)
			s.kafka.Commit(group, group, p, s.commits[group][p])
		}
	}
}

func (s *shop) change(f func(all []scaler.Scaler)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.all)
}

// day is a run of lagscaler in which everything happens that a trail may have.
type day struct {
	shop    *shop
	engine  *engine.Engine
	leads   bool
	asked   time.Time
	setting engine.Settings
}

func (d *day) until(t *testing.T, minutes int, arriving int64) {
	for range minutes * 6 {
		time.Sleep(poll)
		d.shop.pass(arriving)
		d.engine.Tick(t.Context(), time.Now().In(time.FixedZone("CET", 3600)))
		synctest.Wait()
	}
}

func (d *day) configure(t *testing.T, change func(*engine.Settings)) {
	change(&d.setting)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.engine.Run(ctx) })
	if err := d.engine.Reconfigure(ctx, d.setting); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
}

func (d *day) pass(t *testing.T) {
	d.until(t, 10, 150)
	d.until(t, 10, 900)
	d.shop.refuse = fmt.Errorf("has 7: %w", scaler.ErrConflict)
	d.until(t, 12, 200)
	d.shop.refuse = errors.New("the API server says: <forbidden> & more")
	d.until(t, 5, 200)
	d.shop.refuse = nil
	d.shop.change(func(all []scaler.Scaler) {
		all[0].Workload.Freeze = &seen.Freeze{Stops: seen.StopsDown, By: "namespace shop (kubectl)", Why: "<peak>", Until: time.Now().Add(20 * time.Minute)}
		all[1].Generation, all[1].DeclaredBy = 2, "argocd"
	})
	d.until(t, 10, 200)
	d.shop.change(func(all []scaler.Scaler) { all[0].Workload.Freeze, all[1].Policy.MaxReplicas = nil, 6 })
	d.until(t, 10, 900)
	d.configure(t, func(s *engine.Settings) {
		s.Brakes.Limits = []brakes.Limit{{Name: "slow", AddedPerMinute: 1, SteppingDown: 0.5}}
	})
	d.until(t, 20, 300)
	d.until(t, 10, 1000)
	d.shop.change(func(all []scaler.Scaler) { // another autoscaler asks for the first one
		all[0].Workload.Owner = seen.Owner{Kind: "ScaledObject", Name: "orders"}
	})
	for range 3 {
		d.asked = time.Now()
		d.until(t, 5, 1100)
		d.asked = time.Now()
		d.until(t, 5, 400)
	}
	d.shop.change(func(all []scaler.Scaler) { all[0].Workload.Owner = seen.Owner{} })
	d.leads = false
	d.until(t, 5, 400)
	d.leads = true
	d.until(t, 15, 400)
	d.shop.change(func([]scaler.Scaler) { d.shop.all = d.shop.all[:2] }) // one is deleted
	d.configure(t, func(s *engine.Settings) { s.Mode = scaler.Advise })
	d.until(t, 5, 900)
	d.configure(t, func(s *engine.Settings) { s.Mode = scaler.Act })
	d.until(t, 15, 900)
}

// A recording gives the same audit trail, byte for byte, as the run that was recorded: in one file, and in several. What was decided,
// with its line and its derivation, is decided again.
func TestARecordingGivesTheSameTrail(t *testing.T) {
	for name, maxBytes := range map[string]int64{"one file": 1 << 30, "several": 60_000} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log := slog.New(slog.DiscardHandler)
			generation := "0123456789ab"
			configuration := func() string { return generation }
			kept := audit.New(audit.Options{Path: filepath.Join(dir, "audit.jsonl"), MaxMiB: 100, Keep: 1, By: "pod-1", Configuration: configuration, Log: log})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- kept.Run(ctx) }()
			polls := filepath.Join(dir, "polls.jsonl.gz")
			synctest.Test(t, func(t *testing.T) {
				runADay(t, kept, record.New(record.Options{
					Path: polls, MaxBytes: maxBytes, Keep: 99, By: "pod-1", Configuration: configuration, Log: log,
				}))
			})
			cancel()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			everythingHappened(t, string(want))
			files := filesOf(t, polls)
			if several := len(files) > 2; several != (name == "several") {
				t.Errorf("%d files", len(files))
			}
			if have := replayed(t, files); have != string(want) {
				differ(t, have, string(want))
			}
		})
	}
}

func runADay(t *testing.T, kept *audit.Trail, recorder *record.Recorder) {
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error)
	go func() { written <- recorder.Run(ctx) }()
	d := &day{leads: true, shop: &shop{
		kafka: lagtest.New(t, "main", 3), running: map[string]int32{}, ends: map[string][]int64{}, commits: map[string][]int64{},
	}}
	d.shop.add(t, "orders", scaler.Act)
	d.shop.add(t, "mail", scaler.Act)
	d.shop.add(t, "old", scaler.Observe)
	d.setting = engine.Settings{Mode: scaler.Act, Clusters: []engine.Cluster{{Name: "main", Source: d.shop.kafka}}}
	d.engine = engine.New(d.setting, engine.Options{
		Targets: d.shop, Leading: func() bool { return d.leads }, Audit: kept.Note, Record: recorder.Record, RecordFact: recorder.RecordFact,
		Asked: func(name string) (time.Time, bool) { return d.asked, name == "shop/orders" && !d.asked.IsZero() },
	})
	d.pass(t)
	cancel()
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// everythingHappened checks that the day has what a trail may have: otherwise the test shows less than it says.
func everythingHappened(t *testing.T, trail string) {
	t.Helper()
	kinds, outcomes := map[engine.DeedKind]int{}, map[scaler.Disposition]int{}
	up, down := 0, 0
	if _, err := audit.Read("trail", strings.NewReader(trail), func(e audit.Entry) error {
		kinds[e.Kind]++
		if e.Kind == engine.DeedWrite {
			outcomes[e.Outcome]++
			if *e.To > *e.From {
				up++
			} else {
				down++
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, k := range engine.DeedKinds {
		if kinds[k] == 0 {
			t.Errorf("no %s in %v", k, kinds)
		}
	}
	for _, o := range []scaler.Disposition{scaler.Applied, scaler.Conflict, scaler.Failed} {
		if outcomes[o] == 0 {
			t.Errorf("no write is %s: %v", o, outcomes)
		}
	}
	if up < 3 || down < 3 || !strings.Contains(trail, "FleetUpLimit") {
		t.Errorf("%d up, %d down", up, down)
	}
}

// filesOf are the files of a recording, the oldest first.
func filesOf(t *testing.T, path string) []string {
	t.Helper()
	files := []string{path}
	for i := 1; ; i++ {
		older := fmt.Sprintf("%s.%d", path, i)
		if _, err := os.Stat(older); err != nil {
			return files
		}
		files = append([]string{older}, files...)
	}
}

// replayed is the trail that follows from a recording.
func replayed(t *testing.T, files []string) string {
	t.Helper()
	var out strings.Builder
	r := record.Replay{Deed: func(d engine.Deed, by, configuration string) {
		e := audit.Entry{Deed: d, By: by, Configuration: configuration}
		line, err := e.JSON()
		if err != nil {
			t.Fatal(err)
		}
		out.Write(line)
	}}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Read(name, f)
		_ = f.Close() // only read
		if err != nil {
			t.Fatal(err)
		}
	}
	if r.Lost > 0 || r.Facts == 0 {
		t.Errorf("%d facts, %d are lost", r.Facts, r.Lost)
	}
	return out.String()
}

func differ(t *testing.T, have, want string) {
	t.Helper()
	h, w := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range min(len(h), len(w)) {
		if h[i] != w[i] {
			t.Fatalf("line %d of %d and %d\nreplayed %s\nwas      %s", i+1, len(h), len(w), h[i], w[i])
		}
	}
	t.Fatalf("%d lines, and %d before", len(h), len(w))
}
