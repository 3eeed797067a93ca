package kafkasource

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// offsetFetchKey and batchedSince: from Kafka 3.0 a request fetches many groups (KIP-709), before that one.
const (
	offsetFetchKey = 9
	batchedSince   = 8
)

// fetching reads the committed offsets of a coordinator's groups: all topics of each.
func (p *poll) fetching(broker int32, reads []*read) []job {
	var positions, windows []*read
	for _, r := range reads {
		switch {
		case r.Type == lag.Share:
			windows = append(windows, r)
		case r.State != lag.Dead:
			positions = append(positions, r)
		}
	}
	size := p.s.cfg.Limits.Groups
	if v, ok := p.s.cluster.version(broker, offsetFetchKey, batchedSince); ok && v < batchedSince {
		size = 1
	}
	var jobs []job
	for _, piece := range chunks(positions, size) {
		jobs = append(jobs, job{lag.StageCommits, piece, func(ctx context.Context) ([]outcome, error) {
			return p.fetchCommits(ctx, broker, piece)
		}})
	}
	for _, piece := range chunks(windows, p.s.cfg.Limits.Groups) {
		jobs = append(jobs, job{lag.StageCommits, piece, func(ctx context.Context) ([]outcome, error) {
			return p.fetchShare(ctx, broker, piece)
		}})
	}
	return jobs
}

// committed takes what was fetched, and sorts it.
func (r *read) committed(commits []lag.TopicCommits, by *sorter) {
	r.Commits, r.CommitsAt = by.topics(commits), time.Now()
}

// fetchCommits reads the commits of some groups of one coordinator.
// It never waits for open transactions (RequireStable): that is work for a coordinator, and not what lag is about.
func (p *poll) fetchCommits(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := &offsetFetch{OffsetFetchRequest: kmsg.NewPtrOffsetFetchRequest(), names: &p.s.names}
	req.Group = reads[0].Group // v0 to v7
	for _, r := range reads {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = r.Group
		req.Groups = append(req.Groups, g)
	}
	answer, err := as[*offsetFetchAnswer](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	answers, sorter := expect(reads), new(sorter)
	for _, g := range answer.groups {
		if r, ok := answers.next(g.group, g.code); ok {
			r.committed(g.commits, sorter)
		}
	}
	return answers.outcomes(), nil
}
