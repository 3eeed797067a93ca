package daemon

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// TestFollow: what of the engine's memory of a cluster survives a change of the configuration.
//
//	change                  source    connection    which cluster it is
//	nothing, or a rule      same      same          is remembered
//	password                same      new           is remembered
//	clusterId               same      new           is stated anew
//	brokers                 new       new           is not known
func TestFollow(t *testing.T) {
	base := config.Cluster{Name: "main", Brokers: []string{"a:1"}, ClientID: "l", SASL: &config.SASL{Mechanism: config.Plain, Username: "u", Password: config.NewSecret("one")}}
	rotated, moved, rebuilt := base, base, base
	rebuilt.ClusterID = []string{"B"}
	rotated.SASL = &config.SASL{Mechanism: config.Plain, Username: "u", Password: config.NewSecret("two")}
	moved.Brokers = []string{"b:1"}
	for _, c := range []struct {
		name                                     string
		next                                     config.Cluster
		sameSource, sameConnection, sameIdentity bool
	}{
		{"nothing", base, true, true, true},
		{"password", rotated, true, false, true},
		{"clusterId", rebuilt, true, false, false},
		{"brokers", moved, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSources(slog.New(slog.DiscardHandler), Options{})
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
			if same := connection.Identity() == s.open["main"].current.Load().Identity(); same != c.sameIdentity {
				t.Errorf("same identity: %v", same)
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
	s := newSources(slog.New(slog.DiscardHandler), Options{Source: func(s engine.Source) engine.Source { return &wrapped{s} }})
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

// TestDial: an address leads where the option says, on every connection, also after a change that replaces the connection.
func TestDial(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var dialled atomic.Int32
	s := newSources(slog.New(slog.DiscardHandler), Options{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialled.Add(1)
		var d net.Dialer
		return d.DialContext(ctx, network, c.ListenAddrs()[0])
	}})
	defer s.close()
	for _, client := range []string{"l", "m"} {
		before := dialled.Load()
		if _, err := s.follow(&config.Config{Clusters: []config.Cluster{{Name: "main", Brokers: []string{"127.0.0.1:1"}, ClientID: client}}}); err != nil {
			t.Fatal(err)
		}
		if o := s.open["main"].Observe(t.Context()); !lag.Complete(o.Errors) || dialled.Load() == before {
			t.Errorf("client %s: %v after %d connections", client, o.Errors, dialled.Load()-before)
		}
	}
}

// TestBatchHeaders: what is in doubt is looked at where batchHeaders names the topic, and nowhere without it.
func TestBatchHeaders(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	k := lagtest.Kafka(t, nil, c.ListenAddrs())
	for _, topic := range []string{"payments", "orders"} {
		k.Create(topic, 1)
		k.Append(topic, 0, 3)
		k.Commit("shop", topic, 0, 1)
	}
	var pay config.Regexp
	if err := pay.UnmarshalText([]byte("pay.*")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		headers *config.Filter
		want    int64
	}{"default": {nil, 0}, "one topic": {&config.Filter{Include: []config.Regexp{pay}}, 1}} {
		s := newSources(slog.New(slog.DiscardHandler), Options{})
		cluster := config.Cluster{Name: "main", Brokers: c.ListenAddrs(), ClientID: "l", BatchHeaders: tc.headers}
		if _, err := s.follow(&config.Config{Clusters: []config.Cluster{cluster}}); err != nil {
			t.Fatal(err)
		}
		src := s.open["main"]
		src.Look(slices.Values([]lag.Doubt{{Group: "shop", Topic: "payments"}, {Group: "shop", Topic: "orders"}}))
		var sent int64
		for _, r := range src.Observe(t.Context()).Requests {
			if r.API == "Fetch" {
				sent = r.Count
			}
		}
		if sent != tc.want {
			t.Errorf("%s: %d Fetch requests, want %d", name, sent, tc.want)
		}
		s.close()
	}
}
