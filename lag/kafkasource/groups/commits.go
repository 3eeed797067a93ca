package groups

import (
	"context"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// commitJobs read the committed offsets of a coordinator's groups: all topics of each.
func (r *Reading) commitJobs(broker int32, groups []*group) []job {
	var committing, share []*group
	for _, g := range groups {
		switch {
		case g.Type == lag.Share:
			share = append(share, g)
		case g.State != lag.Dead:
			committing = append(committing, g)
		}
	}
	batchSize := r.cfg.Batch
	if v, ok := r.round.Cluster.Version(broker, wire.OffsetFetchKey, wire.OffsetFetchBatched); ok && v < wire.OffsetFetchBatched {
		batchSize = 1
	}
	var jobs []job
	for batch := range slices.Chunk(committing, batchSize) {
		jobs = append(jobs, job{lag.StageCommits, batch, func(ctx context.Context) ([]groupError, error) {
			return r.fetchCommits(ctx, broker, batch)
		}})
	}
	for batch := range slices.Chunk(share, r.cfg.Batch) {
		jobs = append(jobs, job{lag.StageCommits, batch, func(ctx context.Context) ([]groupError, error) {
			return r.fetchShare(ctx, broker, batch)
		}})
	}
	return jobs
}

// fetchCommits reads the commits of some groups of one coordinator.
// It never waits for open transactions (RequireStable): it costs the coordinator work, and lag does not need it.
func (r *Reading) fetchCommits(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := wire.NewOffsetFetch(groupNames(groups), r.cfg.Names)
	answer, err := transport.AsResponse[*wire.OffsetFetchResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	answers, sorter := match(groups), new(wire.CommitSorter)
	for _, c := range answer.Groups {
		if g, ok := answers.next(c.Group, c.Code); ok {
			answers.setCommits(g, c.Topics, sorter)
		}
	}
	return answers.failed(), nil
}

// maxPartitions is more than any topic has. Readers of commits index by their numbers.
const maxPartitions = 1 << 20

// setCommits keeps the commits of a group, unless one is of a partition that no topic can have.
func (m *matcher) setCommits(g *group, commits []lag.TopicCommits, by *wire.CommitSorter) {
	for _, t := range commits {
		for i := range t.Partitions {
			if n := t.Partitions[i].Partition; n < 0 || n >= maxPartitions {
				m.errors = append(m.errors, groupError{g, lag.Garbled})
				return
			}
		}
	}
	g.Commits, g.CommitsAt = by.Sort(commits), time.Now()
}
