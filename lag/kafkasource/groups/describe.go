package groups

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// describeJobs ask the coordinator for states, members and assignments of its groups, in batches by group type.
// Groups listed as Empty have none, and are not asked about.
func (r *Reading) describeJobs(broker int32, groups []*group) []job {
	byType := map[lag.GroupType][]*group{}
	for _, g := range groups {
		if g.State == lag.Empty {
			g.Described = true
			continue
		}
		byType[g.Type] = append(byType[g.Type], g)
	}
	var jobs []job
	for _, d := range describers {
		for batch := range slices.Chunk(byType[d.of], r.cfg.Batch) {
			jobs = append(jobs, job{lag.StageDescribe, batch, func(ctx context.Context) ([]groupError, error) {
				return d.describe(r, ctx, broker, batch)
			}})
		}
	}
	return jobs
}

// describers are the requests that describe groups, by the type in the ListGroups response.
var describers = []struct {
	of       lag.GroupType
	describe func(*Reading, context.Context, int32, []*group) ([]groupError, error)
}{
	{lag.Classic, (*Reading).describeClassic},
	{lag.Consumer, (*Reading).describeConsumer},
	{lag.Share, (*Reading).describeShare},
	{lag.Streams, (*Reading).describeStreams},
}

// description holds the common fields of groups whose coordinator assigns partitions (KIP-848, 932, 1071).
type description struct {
	state, assignor        string
	epoch, assignmentEpoch int32
	members                []member
}

func (g *group) describe(d description) {
	g.State, g.At = lag.State(d.state), time.Now()
	g.Assignor, g.Epoch, g.AssignmentEpoch = d.assignor, d.epoch, d.assignmentEpoch
	g.unnamed, g.Described = d.members, true
	if g.Protocol == "" {
		g.Protocol = string(g.Type)
	}
}

// host is a member's address in a response, without Java's leading slash.
func host(h string) string { return strings.TrimPrefix(h, "/") }

func sortedNames(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
