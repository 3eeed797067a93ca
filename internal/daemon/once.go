package daemon

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Watcher is an engine for a command that reads Kafka itself for a while. It scales nothing and serves nobody; its
// connections end with the process. Its error says that the configuration is wrong.
func Watcher(c *config.Config, log *slog.Logger, o engine.Options) (*engine.Engine, error) {
	clusters, err := newSources(log).follow(c)
	if err != nil {
		return nil, err
	}
	return engine.New(engineSettings(c, clusters), o), nil
}

// ErrNoGroup is the error of a group that does not exist.
var ErrNoGroup = errors.New("no such group")

// How often LookOnce reads, and how often in all: rates need two readings, the decision comes at the last.
const (
	lookInterval = 5 * time.Second
	lookPolls    = 4
)

// LookOnce watches the group of a source for a short while and decides what it would need. The one scaler of its Report
// has a target as large as the group has members. Nothing is ever written.
func LookOnce(ctx context.Context, c *config.Config, log *slog.Logger, p scaler.Policy, source scaler.SourceSpec) (*engine.Report, error) {
	group := &groupAsTarget{policy: p, source: source}
	e, err := Watcher(c, log, engine.Options{
		Interval: lookInterval, Targets: group,
		Clock: scaler.Clock{Poll: lookInterval, Decide: (lookPolls - 1) * lookInterval},
	})
	if err != nil {
		return nil, err
	}
	group.latest = e.Latest
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i := range lookPolls {
		if i > 0 && !wait(ctx, lookInterval) {
			return nil, ctx.Err()
		}
		e.Tick(ctx, time.Now())
		if g, ok := e.Latest().Clusters[0].Snapshot.Group(source.Group); !ok || g.State == lag.Dead {
			return nil, ErrNoGroup
		}
	}
	return e.Latest(), nil
}

// groupAsTarget is a scaler that nobody declared: its target is the group itself, with a replica for each member.
type groupAsTarget struct {
	policy scaler.Policy
	source scaler.SourceSpec
	latest func() *engine.Report
}

// Scalers is that scaler.
func (g *groupAsTarget) Scalers(time.Time) []scaler.Scaler {
	n := g.members()
	return []scaler.Scaler{{
		Name: g.source.Group, Mode: scaler.Advise, Policy: g.policy, Sources: []scaler.SourceSpec{g.source},
		Workload: scaler.Workload{
			Ref: scaler.Ref{Kind: "Group", Namespace: g.source.Cluster, Name: g.source.Group}, Found: true, HasScale: true,
			Spec: n, Status: n, Ready: n,
		},
	}}
}

// Apply is never called: the scaler advises.
func (g *groupAsTarget) Apply(context.Context, scaler.Change) error {
	return errors.New("a command that explains does not scale")
}

// members is how many members the group has in the last report; 0 before the first.
func (g *groupAsTarget) members() int32 {
	r := g.latest()
	if r == nil {
		return 0
	}
	c, ok := r.Cluster(g.source.Cluster)
	if !ok {
		return 0
	}
	found, ok := c.Snapshot.Group(g.source.Group)
	if !ok {
		return 0
	}
	return int32(len(found.Members))
}

// wait waits for d; false if the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
