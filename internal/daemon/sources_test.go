package daemon

import (
	"log/slog"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
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
			s := newSources(slog.New(slog.DiscardHandler))
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
