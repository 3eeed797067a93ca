package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// withoutTopics is a cluster whose metadata does not know some topics.
type withoutTopics struct {
	*kafka
	missing []string
}

func (w withoutTopics) Observe(ctx context.Context) lag.Observation {
	o := w.kafka.Observe(ctx)
	o.Absent = w.missing
	return o
}

// A name in a declaration that the cluster does not have is named in the decision, and scales nothing. Its twin is a group that
// the first consumer of the target will make.
func TestNamesThatDoNotExist(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*seen.SourceSpec)
		ready   int32
		verdict scaler.Reason
		named   string // in the line; empty: nothing
		wrong   bool
	}{
		{"all exist", func(*seen.SourceSpec) {}, 1, scaler.Steady, "", false},
		{"a topic has a typo", func(s *seen.SourceSpec) { s.Topics = []string{"orderz"} }, 1, scaler.TopicNotFound, `topic "orderz" of cluster "main" does not exist`, true},
		{"one of two topics has a typo", func(s *seen.SourceSpec) { s.Topics = []string{"orders", "orderz"} }, 1, scaler.TopicNotFound, `topic "orderz"`, true},
		{"the group has a typo", func(s *seen.SourceSpec) { s.Group = "orderz" }, 1, scaler.GroupNotFound, `group "orderz" of cluster "main" does not exist`, true},
		{"twin: no consumer has started yet", func(s *seen.SourceSpec) { s.Group = "orderz" }, 0, scaler.NoCommittedOffsets, "the first consumer that joins makes the group", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := idle(t)
			c.change(&f.scaler.Sources[0])
			f.scaler.Workload.Spec, f.scaler.Workload.Status, f.scaler.Workload.Ready = 1, 1, c.ready
			s := settings()
			s.Clusters = []Cluster{{Name: "main", Source: withoutTopics{&kafka{name: "main", end: 100, committed: 100, members: 1}, []string{"orderz"}}}}
			e := New(s, Options{Targets: f})
			for poll := range 40 {
				e.Tick(t.Context(), start.Add(time.Duration(poll)*10*time.Second))
			}
			d := e.Latest().Scalers[0]
			if d.Decision.Verdict != c.verdict || !strings.Contains(d.Line, c.named) || d.Decision.NamesWrong() != c.wrong {
				t.Errorf("verdict %s, want %s; names wrong %v, want %v; %q must contain %q",
					d.Decision.Verdict, c.verdict, d.Decision.NamesWrong(), c.wrong, d.Line, c.named)
			}
			if wrote := slices.ContainsFunc(f.applied, func(c scaler.Change) bool { return c.To != 1 }); wrote {
				t.Errorf("written: %+v", f.applied)
			}
		})
	}
}
