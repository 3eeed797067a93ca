package main

import (
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
)

// TestKeepNamesWhatNeedsARestart: the fixed parts stay as they were and are named, the others change.
func TestKeepNamesWhatNeedsARestart(t *testing.T) {
	old, next := config.Default(), config.Default()
	next.Mode = scaler.Act
	next.Interval = config.Duration(time.Minute)
	next.Kubernetes.WatchNamespaces = []string{"shop"}
	next.Metrics.MaxGroups = 7
	kept := keep(next, old)
	if !slices.Equal(kept, []string{"interval", "kubernetes"}) {
		t.Errorf("kept %v", kept)
	}
	if next.Interval != old.Interval || next.Kubernetes.WatchNamespaces != nil || next.Mode != scaler.Act || next.Metrics.MaxGroups != 7 {
		t.Errorf("got %+v", next)
	}
}

// TestRestartsAreDocumented: the reference names every part that needs a restart.
func TestRestartsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range fixed {
		names = append(names, "`"+f.name+"`")
	}
	if want := "Need a restart, and are kept as they were until then: " + strings.Join(names, ", ") + "."; !strings.Contains(string(text), want) {
		t.Errorf("docs/configuration.md does not say: %s", want)
	}
}

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
