package web

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/history"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// site is a part of the program alone: the pages and the engine, see the package comment. Its clock stops between polls.
type site struct {
	t       *testing.T
	kafka   *lagtest.Cluster
	engine  *engine.Engine
	ring    *recent.Ring
	now     time.Time
	scalers []scaler.Scaler
	url     string
	past    web.HistoryReader // what a Prometheus knows; nil: it knows nothing
}

func newSite(t *testing.T) *site {
	s := &site{t: t, kafka: lagtest.New(t, "main", 3), ring: recent.New(), now: time.Now().Truncate(time.Second)}
	s.kafka.Clock(func() time.Time { return s.now })
	s.engine = engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "main", Source: s.kafka}}, Mode: scaler.Act},
		engine.Options{Targets: s, Publish: s.ring.Add})
	server := httptest.NewServer(web.New(web.Options{
		Latest: s.engine.Latest, Ring: s.ring, Interval: 10 * time.Second, Version: "test", Config: func() string { return "mode: act\n" },
		Now: func() time.Time { return s.engine.Latest().At.Add(2 * time.Second) },
		History: func(ctx context.Context, cluster, group string, from, to time.Time) (history.Group, error) {
			if s.past == nil {
				return history.Group{Step: time.Minute}, nil
			}
			return s.past(ctx, cluster, group, from, to)
		},
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// Scalers are the site's own.
func (s *site) Scalers(time.Time) []scaler.Scaler { return s.scalers }

// Apply refuses, as an API server does that was not told of us.
func (s *site) Apply(context.Context, scaler.Change) error { return errForbidden }

// poll lets some time pass and polls.
func (s *site) poll(after time.Duration) {
	s.now = s.now.Add(after)
	s.engine.Tick(s.t.Context(), s.now)
}

// group is a group with a topic of its own and a member that reads it, so many records behind.
func (s *site) group(group, topic, member string, lag int64) {
	s.kafka.Create(topic, 3)
	s.kafka.Join(group, member, topic)
	for p := range int32(3) {
		s.kafka.Append(topic, p, lag/3+100)
		s.kafka.Commit(group, topic, p, 100)
	}
}

// scaled declares a scaler of a group.
func (s *site) scaled(name, group string, change func(*scaler.Scaler)) {
	sc := scaler.Scaler{
		Name: name, Mode: scaler.Act, Policy: s.policy(group),
		Sources: []seen.SourceSpec{{Cluster: "main", Group: group, ProcessingTime: 10 * time.Millisecond}},
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "worker"},
			Found: true, HasScale: true, Spec: 2, Status: 2, Ready: 2,
		},
	}
	change(&sc)
	s.scalers = append(s.scalers, sc)
}

func (s *site) policy(group string) scaler.Policy {
	s.t.Helper()
	p, err := scaler.Spec{Sources: []seen.SourceSpec{{Cluster: "main", Group: group}}, TargetLag: 30 * time.Second}.Policy()
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}
