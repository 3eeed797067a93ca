package kafkasource

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// describing asks the coordinator for states, members and assignments of its groups, in batches by group type.
// Groups listed as Empty have none, and are not asked about.
func (p *poll) describing(broker int32, reads []*read) []job {
	byType := map[lag.GroupType][]*read{}
	for _, r := range reads {
		if r.State == lag.Empty {
			r.Described = true
			continue
		}
		byType[r.Type] = append(byType[r.Type], r)
	}
	var jobs []job
	for _, d := range describers {
		for _, piece := range chunks(byType[d.of], p.s.cfg.Limits.Groups) {
			jobs = append(jobs, job{lag.StageDescribe, piece, func(ctx context.Context) ([]outcome, error) {
				return d.run(p, ctx, broker, piece)
			}})
		}
	}
	return jobs
}

// describers are the requests that describe groups, by the type that ListGroups tells.
var describers = []struct {
	of  lag.GroupType
	run func(*poll, context.Context, int32, []*read) ([]outcome, error)
}{
	{lag.Classic, (*poll).describeClassic},
	{lag.Consumer, (*poll).describeConsumer},
	{lag.Share, (*poll).describeShare},
	{lag.Streams, (*poll).describeStreams},
}

// job is one request about some groups of one coordinator.
type job struct {
	stage lag.Stage
	reads []*read
	run   func(context.Context) ([]outcome, error)
}

// run does jobs at once, within the broker's bound. A job that fails as a whole fails each of its groups.
func (p *poll) run(ctx context.Context, broker int32, jobs []job) [][]outcome {
	outcomes := make([][]outcome, len(jobs))
	each(jobs, func(i int, j job) {
		var err error
		if outcomes[i], err = j.run(ctx); err == nil {
			return
		}
		p.fail(j.stage, broker, err)
		if codeOf(err) == lag.Unreachable {
			p.s.cluster.stale()
		}
		outcomes[i] = make([]outcome, len(j.reads))
		for k, r := range j.reads {
			outcomes[i][k] = outcome{r, codeOf(err)}
		}
	})
	return outcomes
}

func names(reads []*read) []string {
	names := make([]string, len(reads))
	for i, r := range reads {
		names[i] = r.Group
	}
	return names
}

// replies matches an answer's groups with those asked for: whatever was not answered is an error, too.
type replies struct {
	reads []*read
	seen  map[*read]bool
	out   []outcome
}

func expect(reads []*read) *replies {
	return &replies{reads: reads, seen: make(map[*read]bool, len(reads))}
}

// next is the read an answered group belongs to; ok is false when it was not asked for or has an error.
func (m *replies) next(group string, code int16) (*read, bool) {
	r, found := find(m.reads, group)
	if !found || m.seen[r] {
		return nil, false
	}
	m.seen[r] = true
	if code != 0 {
		m.out = append(m.out, outcome{r, lag.ErrorCode(code)})
		return nil, false
	}
	return r, true
}

func (m *replies) outcomes() []outcome {
	for _, r := range m.reads {
		if !m.seen[r] {
			m.out = append(m.out, outcome{r, lag.Garbled})
		}
	}
	return m.out
}

// describeClassic reads classic groups. Members and assignments are only told while the group is Stable.
func (p *poll) describeClassic(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = names(reads)
	described, err := as[*kmsg.DescribeGroupsResponse](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	answers := expect(reads)
	for _, g := range described.Groups {
		r, ok := answers.next(g.Group, g.ErrorCode)
		if !ok {
			continue
		}
		r.State, r.At = lag.State(g.State), now
		r.Protocol = cmp.Or(g.ProtocolType, r.Protocol)
		r.Assignor = g.Protocol
		r.Described = r.State == lag.Stable || r.State == lag.Empty || r.State == lag.Dead
		r.Members = classicMembers(&g)
		r.Generation = generation(r.Members)
	}
	return answers.outcomes(), nil
}

func classicMembers(g *kmsg.DescribeGroupsResponseGroup) []lag.Member {
	members := make([]lag.Member, 0, len(g.Members))
	for _, m := range g.Members {
		member := lag.Member{
			ID: m.MemberID, InstanceID: deref(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration,
		}
		if g.ProtocolType == consumerProtocol {
			subscription(&member, m.ProtocolMetadata)
			assignment(&member, m.MemberAssignment)
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b lag.Member) int { return strings.Compare(a.ID, b.ID) })
	return members
}

// host is a member's address as brokers tell it, without Java's leading slash.
func host(h string) string { return strings.TrimPrefix(h, "/") }
