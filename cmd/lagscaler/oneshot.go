package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// oneShot is a scaler that nobody declared, on a group that a command looks at for a short while. Its target is as large
// as the group has members, and nothing is ever written.
type oneShot struct {
	cluster, group string
	policy         scaler.Policy
	source         scaler.SourceSpec
	members        func() int32
}

// Scalers is the pretended one.
func (o *oneShot) Scalers(time.Time) []scaler.Scaler {
	n := o.members()
	return []scaler.Scaler{{
		Name: o.group, Mode: scaler.Advise, Policy: o.policy, Sources: []scaler.SourceSpec{o.source},
		Workload: scaler.Workload{
			Ref: scaler.Ref{Kind: "Group", Namespace: o.cluster, Name: o.group}, Found: true, HasScale: true,
			Spec: n, Status: n, Ready: n,
		},
	}}
}

// Apply is never asked: the scaler advises.
func (o *oneShot) Apply(context.Context, scaler.Change) error {
	return errors.New("a command that explains does not scale")
}

// oneShotPoll is how often the group is looked at, and oneShotPolls how often in all: rates need two readings, and the
// third gives the decision.
const (
	oneShotPoll  = 5 * time.Second
	oneShotPolls = 4
)

// lookOnce watches a group for a quarter of a minute and decides what it would need.
func (p *place) lookOnce(ctx context.Context, errOut io.Writer, group string, processing time.Duration) ([]web.DecisionView, error) {
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	found, err := newSources(slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))).follow(c)
	if err != nil {
		return nil, err
	}
	shot := &oneShot{cluster: c.Clusters[0].Name, group: group}
	shot.source = scaler.SourceSpec{Cluster: shot.cluster, Group: group, ProcessingTime: processing}
	shot.policy, err = scaler.Spec{Sources: []scaler.SourceSpec{shot.source}}.Policy()
	if err != nil {
		return nil, wrong{err}
	}
	e := engine.New(settings(c, found), engine.Options{
		Interval: oneShotPoll, Targets: shot, Clock: scaler.Clock{Poll: oneShotPoll, Decide: (oneShotPolls - 1) * oneShotPoll},
	})
	shot.members = func() int32 { return membersOf(e.Latest(), shot.cluster, group) }
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i := range oneShotPolls {
		if i > 0 && !wait(ctx, oneShotPoll) {
			return nil, ctx.Err()
		}
		e.Tick(ctx, time.Now())
		if g, ok := e.Latest().Clusters[0].Snapshot.Group(group); !ok || g.State == lag.Dead {
			return nil, fmt.Errorf("no such group: %s", printable(group))
		}
	}
	return web.DecisionsOf(e.Latest()), nil
}

// membersOf is how many members a group has in the last report; 0 before the first.
func membersOf(r *engine.Report, cluster, group string) int32 {
	if r == nil {
		return 0
	}
	c, ok := r.Cluster(cluster)
	if !ok {
		return 0
	}
	g, ok := c.Snapshot.Group(group)
	if !ok {
		return 0
	}
	return int32(len(g.Members))
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
