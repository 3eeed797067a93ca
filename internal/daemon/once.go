package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Watcher returns an engine for a command that reads Kafka itself. The engine has no targets and no server. Its connections
// are open until the process ends. Its error is a ConfigError.
func Watcher(c *config.Config, log *slog.Logger, o engine.Options) (*engine.Engine, error) {
	clusters, err := newSources(log, Options{}).follow(c)
	if err != nil {
		return nil, ConfigError{err}
	}
	return engine.New(engineSettings(c, clusters), o), nil
}

// ConfigError means that the configuration is wrong, such as a CA file that does not exist. Trying again does not help.
type ConfigError struct{ error }

// Unwrap is what is wrong.
func (e ConfigError) Unwrap() error { return e.error }

// ErrNoGroup is the error of a group that does not exist.
var ErrNoGroup = errors.New("no such group")

// LookTime is how long LookOnce takes.
const LookTime = (lookPolls - 1) * lookInterval

// LookOnce polls four times in 15 seconds. Rates need two polls; the decision is made at the last poll.
const (
	lookInterval = 5 * time.Second
	lookPolls    = 4
)

// LookOnce polls the group of a source for 15 seconds and decides how many replicas it needs. Its Report has one scaler, whose
// target has as many replicas as the group has members. Nothing is written.
func LookOnce(ctx context.Context, c *config.Config, log *slog.Logger, p scaler.Policy, source seen.SourceSpec) (*engine.Report, error) {
	group := &groupAsTarget{policy: p, source: source}
	c, longest := ticked(c)
	e, err := Watcher(c, log, engine.Options{
		Interval: max(lookInterval, longest), Targets: group, // the timeouts follow the interval of the configuration
		Clock: seen.Clock{Poll: lookInterval, Decide: LookTime},
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
	r := e.Latest()
	if g, ok := r.Clusters[0].Snapshot.Group(source.Group); ok && !g.MembersKnown() {
		return nil, membersUnknown(g)
	}
	return r, nil
}

// ticked is the configuration for a command that sets the pace itself: no cluster has an interval of its own, but the timeouts that
// follow from it. longest is the longest interval.
func ticked(c *config.Config) (next *config.Config, longest time.Duration) {
	copied := *c
	copied.Clusters = slices.Clone(c.Clusters)
	longest = time.Duration(c.Interval)
	for i := range copied.Clusters {
		longest = max(longest, time.Duration(copied.Clusters[i].Interval))
		copied.Clusters[i].Interval, copied.Clusters[i].SampleInterval = 0, 0
	}
	copied.Interval = config.Duration(longest)
	return &copied, longest
}

// membersUnknown says why the members of a group are not known.
func membersUnknown(g *lag.GroupLag) error {
	if g.Err != lag.OK {
		return fmt.Errorf("the group could not be read: %s", g.Err)
	}
	return errors.New("the group rebalances, so its members are not known: try again when it has ended")
}

// groupAsTarget is a scaler for a group without a target: every member counts as a replica.
type groupAsTarget struct {
	policy scaler.Policy
	source seen.SourceSpec
	latest func() *engine.Report
}

// Scalers returns the scaler.
func (g *groupAsTarget) Scalers(time.Time) []scaler.Scaler {
	n, known := g.members()
	return []scaler.Scaler{{
		Name: g.source.Group, Mode: scaler.Advise, Policy: g.policy, Sources: []seen.SourceSpec{g.source},
		Workload: seen.Workload{
			Ref: seen.Ref{Kind: "Group", Namespace: g.source.Cluster, Name: g.source.Group}, Found: known, HasScale: known,
			Spec: n, Status: n, Ready: n,
		},
	}}
}

// Apply is not called, because the mode is advise.
func (g *groupAsTarget) Apply(context.Context, scaler.Change) error {
	return errors.New("a command that explains does not scale")
}

// members is the number of members in the latest report; it is not known before the first one.
func (g *groupAsTarget) members() (n int32, known bool) {
	r := g.latest()
	if r == nil {
		return 0, false
	}
	c, ok := r.Cluster(g.source.Cluster)
	if !ok {
		return 0, false
	}
	found, ok := c.Snapshot.Group(g.source.Group)
	if !ok {
		return 0, false
	}
	return int32(len(found.Members)), found.MembersKnown()
}

// wait waits for d. It returns false if the context ended first.
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
