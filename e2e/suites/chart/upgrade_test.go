package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
)

// firstVersion names a checkout of the first version, with its program in bin/lagscaler. make upgrade sets it.
const firstVersion = "LAGSCALER_FIRST_VERSION"

// version is a chart and its program.
type version struct {
	chart, program string
	probes         bool
}

// perConsumer is what a consumer of these tests can process, in records/s.
const perConsumer = float64(time.Second / processing)

// longestGap between two decisions: at rest a scaler is decided each 30 s, and a lease lasts 15 s.
const longestGap = 30*time.Second + 15*time.Second

const (
	rate   = 150 // records/s
	needed = 4   // replicas for it, with room for a backlog
)

// TestUpgradeFromTheFirstVersion: two replicas under load are upgraded from the first version, one after the other, and rolled back.
// KafkaScalers and what was learned stay, decisions go on, and no replica that is needed is taken away.
func TestUpgradeFromTheFirstVersion(t *testing.T) {
	checkout := os.Getenv(firstVersion)
	if checkout == "" {
		t.Skipf("skipped: this builds the first version and takes minutes; make upgrade runs it, with %s", firstVersion)
	}
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	first := version{chart: filepath.Join(checkout, "charts/lagscaler"), program: filepath.Join(checkout, "bin/lagscaler")}
	this := version{chart: folder, program: program, probes: true}

	s := open(t, setup{chart: first.chart, replicas: 2, namespaced: true, values: []string{"--set=mode=act"}})
	s.kafka.rate.Store(rate)
	pods := []*pod{s.startProgram(first.program, first.probes)}
	pods[0].awaitLine("msg=leading")
	pods = append(pods, s.startProgram(first.program, first.probes))
	size := s.awaitSize("a size that fits the traffic", pods[0], func(n int32) bool { return n >= needed })
	t.Logf("the first version scaled to %d replicas", size)
	s.awaitSteady(pods[0])
	sizes := s.WatchSizes(t, s.shop, worker)

	for _, step := range []struct {
		name string
		to   version
		helm []string
	}{
		{"upgrade", this, []string{"upgrade", s.name, this.chart, "--reset-then-reuse-values"}},
		{"rollback", first, []string{"rollback", s.name, "1"}},
	} {
		s.must(step.helm...)
		gaps := s.watchDecisions(pods)
		for i, old := range pods {
			next := s.startProgram(step.to.program, step.to.probes)
			await(t, "the next replica to be ready", func() error { _, err := next.get("/readyz"); return err }, next.Process)
			gaps.add(next)
			if err := old.Stop(patience); err != nil {
				t.Fatal(err)
			}
			pods[i] = next
		}
		await(t, "one of the new replicas to lead", func() error {
			if strings.Contains(pods[0].logged()+pods[1].logged(), "msg=leading") {
				return nil
			}
			return fmt.Errorf("none does")
		}, pods[0].Process, pods[1].Process)
		gaps.awaitMore(3)
		if gap := gaps.stop(); gap > longestGap {
			t.Errorf("%s: %s between two decisions, want at most %s", step.name, gap, longestGap)
		} else {
			t.Logf("%s: at most %s between two decisions", step.name, gap)
		}
		// The old leader saved what it learned when it ended. What it had loaded is a part of it.
		if learned := s.perConsumer(); learned < perConsumer/2 || learned > perConsumer*2 {
			t.Errorf("%s: one consumer is known to process %g records/s, want about %g", step.name, learned, perConsumer)
		}
		if !strings.Contains(s.status("lastDecision"), "reason") {
			t.Errorf("%s: the last decision is %s", step.name, s.status("lastDecision"))
		}
		for _, p := range pods {
			for line := range strings.Lines(p.logged()) {
				if strings.Contains(line, "level=ERROR") || strings.Contains(line, "learned") && strings.Contains(line, "level=WARN") {
					t.Errorf("%s: %s", step.name, line)
				}
			}
		}
	}
	for _, size := range sizes() {
		if size.Replicas < needed {
			t.Errorf("scaled to %d replicas while versions changed, %d are needed", size.Replicas, needed)
		}
	}
	if !s.exists("crd", "kafkascalers.lagscaler.io") {
		t.Error("the definition of KafkaScalers is lost")
	}
}

// awaitSteady waits until the target has had its size for twelve decisions.
func (s *scenario) awaitSteady(on *pod) {
	s.t.Helper()
	size, since := int32(-1), time.Now()
	await(s.t, "a steady size", func() error {
		if now := s.Replicas(s.t, s.shop, worker); now != size {
			size, since = now, time.Now()
		}
		if for12 := 36 * time.Second; time.Since(since) < for12 {
			return fmt.Errorf("%d replicas since %s", size, time.Since(since).Round(time.Second))
		}
		return nil
	}, on.Process)
}

// perConsumer is what the saved memory knows of one consumer, in records/s.
func (s *scenario) perConsumer() float64 {
	s.t.Helper()
	var list struct {
		Items []struct{ Data map[string]string }
	}
	out := s.Kubectl(s.t, "get", "configmaps", "--namespace="+s.ns, "--selector=lagscaler.io/memory-of="+s.name, "--output=json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		s.t.Fatal(err)
	}
	if len(list.Items) != 1 {
		s.t.Fatalf("%d memories are saved, want 1", len(list.Items))
	}
	for _, text := range list.Items[0].Data {
		var memory struct {
			Sources []struct{ PerConsumer float64 }
		}
		if err := json.Unmarshal([]byte(text), &memory); err != nil {
			s.t.Fatalf("the memory is %s: %v", text, err)
		}
		if len(memory.Sources) == 1 {
			return memory.Sources[0].PerConsumer
		}
	}
	s.t.Fatalf("the memory names no source: %v", list.Items[0].Data)
	return 0
}

// decisions watches when the scaler was decided, on whichever replica leads.
type decisions struct {
	t      *testing.T
	add    func(*pod)
	result chan time.Duration
	seen   chan time.Time
	quit   chan struct{}
}

func (s *scenario) watchDecisions(pods []*pod) *decisions {
	more := make(chan *pod, 4)
	d := &decisions{t: s.t, add: func(p *pod) { more <- p }, result: make(chan time.Duration, 1), seen: make(chan time.Time, 1000), quit: make(chan struct{})}
	all := append([]*pod(nil), pods...)
	go func() {
		var last time.Time
		var gap time.Duration
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case p := <-more:
				all = append(all, p)
			case <-d.quit:
				d.result <- gap
				return
			case <-ticker.C:
				for _, p := range all {
					if at := p.decided(); at.After(last) {
						if !last.IsZero() {
							gap = max(gap, at.Sub(last))
						}
						last = at
						d.seen <- at
					}
				}
			}
		}
	}()
	return d
}

// awaitMore waits for further decisions.
func (d *decisions) awaitMore(n int) {
	d.t.Helper()
	after := time.Now()
	await(d.t, "more decisions", func() error {
		for {
			select {
			case at := <-d.seen:
				if at.After(after) {
					n--
				}
			default:
				if n > 0 {
					return fmt.Errorf("%d are missing", n)
				}
				return nil
			}
		}
	})
}

func (d *decisions) stop() time.Duration {
	close(d.quit)
	return <-d.result
}

// decided is when this replica, if it leads, last decided the scaler.
func (p *pod) decided() time.Time {
	text, err := p.get("/api/v1/decisions")
	if err != nil {
		return time.Time{}
	}
	var page struct {
		Leader  bool
		Scalers []struct{ At *time.Time }
	}
	if json.Unmarshal([]byte(text), &page) != nil || !page.Leader || len(page.Scalers) != 1 || page.Scalers[0].At == nil {
		return time.Time{}
	}
	return *page.Scalers[0].At
}
