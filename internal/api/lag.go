package api

import (
	"math"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Lag is the lag of every group of every cluster.
type Lag struct {
	Partial  []string  `json:"partial,omitempty"` // the shards whose groups are missing, and why; absent: all is there
	Clusters []Cluster `json:"clusters"`          // sorted by cluster
}

// Cluster is one Kafka cluster.
type Cluster struct {
	Cluster  string  `json:"cluster"`
	Complete bool    `json:"complete"`         // everything was read, so no number below is a lower bound
	Errors   []Error `json:"errors,omitempty"` // the reason if it is not complete; before the first poll there is none
	Groups   []Group `json:"groups"`           // sorted by group
}

// Error is one part of a poll that failed.
type Error struct {
	Stage  string `json:"stage"`  // connect, metadata, list_groups, describe_groups, offset_fetch, list_offsets; batch_headers, which leaves every lag known; shards
	Broker *int32 `json:"broker"` // null: no specific broker
	Code   string `json:"code"`   // the name of the error in Kafka, or our own name, such as BROKER_UNREACHABLE
	Detail string `json:"detail"` // a message for people
}

// Equal reports whether two errors say the same.
func (e Error) Equal(o Error) bool {
	sameBroker := e.Broker == o.Broker || e.Broker != nil && o.Broker != nil && *e.Broker == *o.Broker
	return sameBroker && e.Stage == o.Stage && e.Code == o.Code && e.Detail == o.Detail
}

// Group is one consumer group. The sums include the partitions whose lag is known, without those of orphaned topics.
// They are null if the lag of no partition is known.
type Group struct {
	Group         string      `json:"group"`
	Labels        Labels      `json:"labels,omitempty"` // the owner of the group, such as {"team": "shop"}; absent if it is not known
	Type          *string     `json:"type"`             // classic, consumer, share or streams
	State         *string     `json:"state"`            // as the coordinator reports it
	Status        *string     `json:"status"`           // ok, warning, rest, stalled, stopped, rewound, rebalancing or unknown; most of them need a history, so the first poll finds few
	Assignor      *string     `json:"assignor"`
	TotalLag      *int64      `json:"totalLag"`
	MaxLag        *int64      `json:"maxLag"`
	AvgLag        *float64    `json:"avgLag"`
	MaxLagSeconds *float64    `json:"maxLagSeconds"`                  // null before the second poll, because it needs a history
	MaxAtLeast    bool        `json:"maxLagSecondsAtLeast,omitempty"` // maxLagSeconds is a lower bound
	MaxAtMost     *float64    `json:"maxLagSecondsAtMost,omitempty"`  // an upper bound, if maxLagSeconds is not known: soon after a start
	Rest          *Rest       `json:"rest,omitempty"`                 // offsets after commits that stand, in totalLag; absent if there are none
	Complete      bool        `json:"complete"`                       // all partitions are in the sums, except those without a committed offset
	Error         *string     `json:"error"`                          // the reason if the group could not be read; the other values are then older, see readAt
	ReadAt        *time.Time  `json:"readAt,omitempty"`               // when the offsets were read, if there is an error; absent if they never were
	Members       []Member    `json:"members"`                        // sorted by memberId
	Partitions    []Partition `json:"partitions"`                     // sorted by topic, then partition
	Left          []Left      `json:"left,omitempty"`                 // topics that the group has left, sorted
	Advice        []Advice    `json:"advice,omitempty"`
	Stuck         []Stuck     `json:"stuck,omitempty"` // stalled partitions, the one that stands for longest first

	MembersUnknown bool `json:"membersUnknown,omitempty"` // who is in the group is not known yet, so members is empty
}

// Rest is the number of offsets after commits that stand.
type Rest struct {
	Read       int64 `json:"read"`       // known not to be records
	Unknown    int64 `json:"unknown"`    // not known whether they are unread records
	Partitions int   `json:"partitions"` // of unknown
}

// Member is one consumer.
type Member struct {
	MemberID   string        `json:"memberId"`
	InstanceID *string       `json:"instanceId"` // null: not a static member
	ClientID   string        `json:"clientId"`
	Host       string        `json:"host"`
	Partitions []Partitioned `json:"partitions"` // sorted
}

// Name is the client id and the host, such as worker-1@10.0.0.7.
func (m Member) Name() string { return lag.MemberName(m.ClientID, m.Host) }

// Partitioned is the name of a partition.
type Partitioned struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// Left is a topic that the group committed to and that no member subscribes to any more. It counts until the group has been
// stable without it for ten minutes.
type Left struct {
	Topic    string     `json:"topic"`
	Since    time.Time  `json:"since"`    // the first poll that found it so, of this process or of a saved memory
	Orphaned bool       `json:"orphaned"` // it is in no sum any more
	ReadAt   *time.Time `json:"readAt"`   // the last time that a committed offset moved forward; null: not seen
	Missed   *bool      `json:"missed"`   // the group read it within the last day, and records still arrive: its consumers may be down; null: unknown
}

// Partition is a group's position in one partition.
type Partition struct {
	Topic         string   `json:"topic"`
	Partition     int32    `json:"partition"`
	Start         *int64   `json:"start"`                       // the first offset of the log
	Committed     *int64   `json:"committed"`                   // the next offset that the group reads; null if it never committed
	End           *int64   `json:"end"`                         // the high watermark, or the last stable offset for read_committed
	Lag           *int64   `json:"lag"`                         // null without a commit: see lagUpperBound
	LagUpperBound *int64   `json:"lagUpperBound"`               // end - start, if it is assigned to a member that has not committed
	LagSeconds    *float64 `json:"lagSeconds"`                  // the age of the next record; a lower bound if it is older than the history
	LagAtLeast    bool     `json:"lagSecondsAtLeast,omitempty"` // lagSeconds is a lower bound
	LagAtMost     *float64 `json:"lagSecondsAtMost,omitempty"`  // an upper bound, if lagSeconds is not known: soon after a start
	Lost          *int64   `json:"lost"`                        // records that retention deleted before the group read them
	AboveEnd      *int64   `json:"aboveEnd"`                    // how far the committed offset is above the end: the topic was truncated or recreated
	Orphaned      bool     `json:"orphaned"`                    // the group has left the topic, see left; not in any sum
	Owner         *string  `json:"owner"`                       // memberId; null: not assigned
	Stand         *string  `json:"stand,omitempty"`             // of its commits: read, rest, slow or stalled; absent if they move
	Error         *string  `json:"error"`
}

// IsAboveEnd reports whether the committed offset is known to be above the end of the log.
func (p Partition) IsAboveEnd() bool { return p.AboveEnd != nil && *p.AboveEnd > 0 }

// Advice is a change that would help the group.
type Advice struct {
	Name    string `json:"name"`
	Because string `json:"because"` // the numbers
	Do      string `json:"do"`
	Cost    string `json:"cost"`
}

// Stuck is a partition in which records wait, and whose committed offset has not moved for longer than the allowed time: perhaps
// because of the record at that offset.
type Stuck struct {
	Topic      string    `json:"topic"`
	Partition  int32     `json:"partition"`
	Committed  int64     `json:"committed"`  // the offset of the record that is read next
	Waiting    int64     `json:"waiting"`    // records
	Owner      string    `json:"owner"`      // client id and host, such as worker-1@10.0.0.7; empty: not known
	Since      time.Time `json:"since"`      // since when the committed offset stands
	OthersMove bool      `json:"othersMove"` // another committed offset of the group has moved since
	Command    string    `json:"command"`    // prints the record
}

// LagOf is every cluster of a report.
func LagOf(r *engine.Report) Lag {
	l := Lag{Clusters: make([]Cluster, 0, len(r.Clusters))}
	for _, c := range r.Clusters {
		l.Clusters = append(l.Clusters, ClusterOf(c))
	}
	return l
}

// ClusterOf is one cluster of a report.
func ClusterOf(c *engine.ClusterReport) Cluster {
	out := ClusterHead(c)
	out.Groups = make([]Group, 0, len(c.Groups))
	for i := range c.Groups {
		out.Groups = append(out.Groups, GroupOf(&c.Groups[i]))
	}
	return out
}

// ClusterHead is one cluster of a report, without its groups.
func ClusterHead(c *engine.ClusterReport) Cluster {
	out := Cluster{
		Cluster: c.Name, Complete: lag.Complete(c.Snapshot.Errors) && !c.Snapshot.At.IsZero(), Groups: []Group{},
	}
	for _, e := range c.Snapshot.Errors {
		out.Errors = append(out.Errors, errorOf(e))
	}
	for i := range c.Groups {
		out.Complete = out.Complete && c.Groups[i].Summary.Complete
	}
	out.Errors = append(out.Errors, doubts(c)...)
	return out
}

// GroupOf is one group of a report.
func GroupOf(r *engine.GroupReport) Group {
	g := groupOf(r.Lag, &r.Summary)
	g.times(r.Lag, r.Rates)
	g.Status, g.Labels = text(string(r.Rates.Status)), r.Labels
	g.advise(r.Rebalances)
	return g
}

func errorOf(e lag.ReadError) Error {
	out := Error{Stage: string(e.Stage), Code: e.Code.String(), Detail: e.Detail}
	if e.Broker >= 0 {
		out.Broker = &e.Broker
	}
	return out
}

func groupOf(g *lag.GroupLag, sum *lag.Summary) Group {
	out := Group{
		Group: g.Group, Type: text(string(g.Type)), State: text(string(g.State)), Assignor: text(g.Assignor),
		Complete: sum.Complete, MembersUnknown: !g.MembersKnown(),
		Error:      text(g.Err.String()),
		Members:    make([]Member, 0, len(g.Members)),
		Partitions: make([]Partition, 0, sum.Partitions+sum.Orphaned),
	}
	if g.Err != lag.OK && !g.ReadAt.IsZero() {
		out.ReadAt = new(g.ReadAt.UTC())
	}
	if _, ok := sum.Lag(); ok {
		out.TotalLag, out.MaxLag, out.AvgLag = &sum.Total, &sum.Max, &sum.Avg
	}
	for _, m := range g.Members {
		out.Members = append(out.Members, memberOf(m))
	}
	for i := range g.Left {
		out.Left = append(out.Left, leftOf(&g.Left[i], g.ReadAt))
	}
	for _, t := range g.Topics {
		for _, p := range t.Partitions {
			out.Partitions = append(out.Partitions, partitionOf(g, t, p))
		}
	}
	return out
}

func leftOf(l *lag.Left, now time.Time) Left {
	out := Left{Topic: l.Topic, Since: l.Since, Orphaned: l.Orphaned}
	if !l.ReadAt.IsZero() {
		out.ReadAt = &l.ReadAt
	}
	if missed, known := l.Missed(now); known {
		out.Missed = &missed
	}
	return out
}

func memberOf(m lag.Member) Member {
	out := Member{MemberID: m.ID, InstanceID: text(m.InstanceID), ClientID: m.ClientID, Host: m.Host, Partitions: []Partitioned{}}
	for _, t := range m.Assigned {
		for _, p := range t.Partitions {
			out.Partitions = append(out.Partitions, Partitioned{t.Topic, p})
		}
	}
	return out
}

func partitionOf(g *lag.GroupLag, t lag.TopicLag, p lag.PartitionLag) Partition {
	out := Partition{
		Topic: t.Topic, Partition: p.Partition, Orphaned: t.Orphaned,
		Start:         known(p.Start, p.Known.Has(lag.KnownStart)),
		Committed:     known(p.Committed, p.Known.Has(lag.KnownCommitted)),
		End:           known(p.End, p.Known.Has(lag.KnownEnd)),
		Lag:           known(p.Lag()),
		LagUpperBound: known(p.LagUpperBound()),
		Lost:          known(p.Lost(), p.Known.Has(lag.KnownStart|lag.KnownCommitted)),
		AboveEnd:      known(p.Ahead(), p.Known.Has(lag.KnownCommitted|lag.KnownEnd)),
		Error:         text(p.Err.String()),
	}
	if m, ok := g.OwnerOf(p); ok {
		out.Owner = &m.ID
	}
	return out
}

// times adds the time lags, which need more than one poll.
func (g *Group) times(from *lag.GroupLag, r lag.Rates) {
	g.MaxLagSeconds, g.MaxAtLeast = seconds(r.TimeLag)
	g.MaxAtMost = atMost(r.TimeLag)
	g.Stuck = StuckOf(r.Stuck(from))
	if r.Rest.Read+r.Rest.Unknown > 0 {
		g.Rest = &Rest{Read: r.Rest.Read, Unknown: r.Rest.Unknown, Partitions: r.Rest.Resting}
	}
	i := 0
	for t := range from.Topics {
		for p := range from.Topics[t].Partitions {
			one := &g.Partitions[i]
			one.LagSeconds, one.LagAtLeast = seconds(r.PartitionTimeLag(t, p))
			one.LagAtMost = atMost(r.PartitionTimeLag(t, p))
			if stand := r.PartitionStand(t, p); stand != lag.StandMoving {
				one.Stand = text(stand.String())
			}
			i++
		}
	}
}

func (g *Group) advise(s rebalancemon.Stats) {
	for _, a := range s.Advice {
		g.Advice = append(g.Advice, Advice{string(a.Name), a.Because, a.Do, a.Cost})
	}
}

// Only keeps the named groups; no names keep all.
func (l Lag) Only(groups []string) Lag {
	if len(groups) == 0 {
		return l
	}
	want := map[string]bool{}
	for _, g := range groups {
		want[g] = true
	}
	out := Lag{Partial: l.Partial, Clusters: make([]Cluster, 0, len(l.Clusters))}
	for _, c := range l.Clusters {
		kept := make([]Group, 0, len(groups))
		for _, g := range c.Groups {
			if want[g.Group] {
				kept = append(kept, g)
			}
		}
		c.Groups = kept
		out.Clusters = append(out.Clusters, c)
	}
	return out
}

// text is null when there is none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// known is null when the number is not.
func known(n int64, ok bool) *int64 {
	if !ok {
		return nil
	}
	return &n
}

// seconds is a time lag in whole milliseconds, or null.
func seconds(t lag.TimeLag) (value *float64, atLeast bool) {
	s, atLeast, ok := t.Value()
	if !ok {
		return nil, false
	}
	s = math.Round(s*1000) / 1000
	return &s, atLeast
}

// atMost is an upper bound of a time lag, if that is all that is known of it.
func atMost(t lag.TimeLag) *float64 {
	s, ok := t.AtMost()
	if !ok {
		return nil
	}
	s = math.Round(s*1000) / 1000
	return &s
}
