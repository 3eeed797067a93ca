package daemon

import (
	"log/slog"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// TestFollow: what of the engine's memory of a cluster survives a change of the configuration.
//
//	change                  source    connection
//	nothing, or a rule      same      same
//	password                same      new
//	brokers                 new       new
func TestFollow(t *testing.T) {
	base := config.Cluster{Name: "main", Brokers: []string{"a:1"}, ClientID: "l", SASL: &config.SASL{Mechanism: config.Plain, Username: "u", Password: config.NewSecret("one")}}
	rotated, moved := base, base
	rotated.SASL = &config.SASL{Mechanism: config.Plain, Username: "u", Password: config.NewSecret("two")}
	moved.Brokers = []string{"b:1"}
	for _, c := range []struct {
		name                       string
		next                       config.Cluster
		sameSource, sameConnection bool
	}{{"nothing", base, true, true}, {"password", rotated, true, false}, {"brokers", moved, false, false}} {
		t.Run(c.name, func(t *testing.T) {
			s := newSources(slog.New(slog.DiscardHandler), nil)
			before, err := s.follow(&config.Config{Clusters: []config.Cluster{base}})
			if err != nil {
				t.Fatal(err)
			}
			connection := s.open["main"].current.Load()
			after, err := s.follow(&config.Config{Clusters: []config.Cluster{c.next}})
			if err != nil {
				t.Fatal(err)
			}
			if same := before[0].Source == after[0].Source; same != c.sameSource {
				t.Errorf("same source: %v", same)
			}
			if same := connection == s.open["main"].current.Load(); same != c.sameConnection {
				t.Errorf("same connection: %v", same)
			}
			s.close()
		})
	}
}

// wrapped is a source that a test has wrapped.
type wrapped struct{ engine.Source }

// TestWrappedSources: the engine reads the wrapped source, also after a change that keeps the history of its cluster.
func TestWrappedSources(t *testing.T) {
	base := config.Cluster{Name: "main", Brokers: []string{"a:1"}, ClientID: "l"}
	changed := base
	changed.ClientID = "m"
	s := newSources(slog.New(slog.DiscardHandler), func(s engine.Source) engine.Source { return &wrapped{s} })
	before, err := s.follow(&config.Config{Clusters: []config.Cluster{base}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.follow(&config.Config{Clusters: []config.Cluster{changed}})
	if err != nil {
		t.Fatal(err)
	}
	if w, ok := before[0].Source.(*wrapped); !ok || w.Source != s.open["main"] || after[0].Source != before[0].Source {
		t.Errorf("the engine reads %T, then %T", before[0].Source, after[0].Source)
	}
	s.close()
}
