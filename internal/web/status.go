package web

import (
	"net/http"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// StatusPage is the program itself.
type StatusPage struct {
	Version         string          `json:"version"`
	At              time.Time       `json:"at"` // of the report
	Leader          bool            `json:"leader"`
	Mode            string          `json:"mode"`
	IntervalSeconds float64         `json:"intervalSeconds"` // of a cluster that has no interval of its own
	Clusters        []ClusterStatus `json:"clusters"`
	Problems        []Problem       `json:"problems"`
	Config          string          `json:"config,omitempty"` // in force, secrets redacted, YAML
	Shard           string          `json:"shard,omitempty"`  // of this replica, such as 0/3; absent: there is one. Clusters and problems are of what it reads
	Shards          []ShardStatus   `json:"shards,omitempty"` // the other shards
}

// ShardStatus is another shard, as its leader says.
type ShardStatus struct {
	Shard    string          `json:"shard"`
	Silent   string          `json:"silent,omitempty"` // why its leader could not be asked; then nothing else is known
	Version  string          `json:"version,omitempty"`
	At       *time.Time      `json:"at"` // of the report; null: not known
	Leader   bool            `json:"leader"`
	Mode     string          `json:"mode,omitempty"`
	Clusters []ClusterStatus `json:"clusters"`
	Problems []Problem       `json:"problems"`
}

// ClusterStatus is how the reading of one cluster goes.
type ClusterStatus struct {
	Cluster       string       `json:"cluster"`
	Brokers       []string     `json:"brokers"`
	Groups        *int         `json:"groups"` // null, as topics: never read
	Topics        *int         `json:"topics"`
	LastPoll      *time.Time   `json:"lastPoll"`    // began
	LastSuccess   *time.Time   `json:"lastSuccess"` // null: never
	PollSeconds   float64      `json:"pollSeconds"`
	SampleSeconds float64      `json:"sampleSeconds"`
	EverySeconds  float64      `json:"everySeconds"`  // the interval of the polls
	StatesSeconds *float64     `json:"statesSeconds"` // the interval of the samples; null: there are none
	Quota         QuotaStatus  `json:"quota"`
	Polls         uint64       `json:"polls"`
	Samples       uint64       `json:"samples"`
	StatesSampled bool         `json:"statesSampled"` // false: brokers too old, states come with each poll
	Errors        []NamedCount `json:"errors"`        // by stage, since start
	Requests      []NamedCount `json:"requests"`      // by API, since start
	LeaderChanges uint64       `json:"leaderChanges"`
	Duplicates    uint64       `json:"duplicates"` // groups that two brokers listed, since start
}

// QuotaStatus is what brokers held back because of their quotas, since start, and what the own limit held back.
type QuotaStatus struct {
	Connections        int        `json:"connections"`        // open now
	ThrottledSeconds   float64    `json:"throttledSeconds"`   // for which brokers asked to be sent nothing, added up over them
	RefusedRequests    int        `json:"refusedRequests"`    // THROTTLING_QUOTA_EXCEEDED
	RefusedConnections int        `json:"refusedConnections"` // closed before the first answer, while others to the broker were open
	PacedSeconds       float64    `json:"pacedSeconds"`       // for which requests waited because of requestsPerSecond
	LastAt             *time.Time `json:"lastAt"`             // the last poll in which a broker held something back; null: none
}

// NamedCount is a count and what of.
type NamedCount struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

func (p *pages) status(r *engine.Report, req *http.Request) (any, error) {
	out := &StatusPage{
		Version: p.Version, At: r.At, Leader: r.Leader, Mode: string(r.Mode), IntervalSeconds: p.Interval.Seconds(),
		Clusters: []ClusterStatus{}, Problems: p.problems(r),
	}
	if p.Config != nil {
		out.Config = p.Config()
	}
	for i := range r.Clusters {
		out.Clusters = append(out.Clusters, clusterStatus(r.Clusters[i], &r.Polls[i]))
	}
	if !r.Shard.Alone() {
		out.Shard = r.Shard.String()
	}
	for _, a := range p.ask(req, p.others(req), "/api/v1/status") {
		out.Shards = append(out.Shards, shardStatus(&a))
	}
	return out, nil
}

// shardStatus is what the leader of another shard answered.
func shardStatus(a *answerOf) ShardStatus {
	out := ShardStatus{Shard: a.Name, Silent: a.why(), Clusters: []ClusterStatus{}, Problems: []Problem{}}
	if out.Silent != "" {
		return out
	}
	page, err := partOf[StatusPage](a.body)
	if err != nil {
		out.Silent = a.Name + ": " + err.Error()
		return out
	}
	out.Version, out.At, out.Leader, out.Mode = page.Version, &page.At, page.Leader, page.Mode
	out.Clusters, out.Problems = append(out.Clusters, page.Clusters...), append(out.Problems, page.Problems...)
	return out
}

// Groups is how many groups the shard reads in all clusters; null: not known of one.
func (s *ShardStatus) Groups() *int {
	sum := 0
	for _, c := range s.Clusters {
		if c.Groups == nil {
			return nil
		}
		sum += *c.Groups
	}
	if s.Silent != "" {
		return nil
	}
	return &sum
}

func clusterStatus(c *engine.ClusterReport, p *engine.PollStats) ClusterStatus {
	out := ClusterStatus{
		Cluster: c.Name, Brokers: []string{},
		LastPoll: moment(p.LastBegan), LastSuccess: moment(p.LastSuccess),
		PollSeconds: p.LastTook.Seconds(), SampleSeconds: p.SampleTook.Seconds(), Polls: p.Polls, Samples: p.Samples,
		EverySeconds: p.Interval.Seconds(), Quota: quotaStatus(p),
		StatesSampled: p.States, LeaderChanges: c.LeaderChanges, Duplicates: p.Duplicates,
		Errors: []NamedCount{}, Requests: []NamedCount{},
	}
	if p.SampleInterval > 0 {
		every := p.SampleInterval.Seconds()
		out.StatesSeconds = &every
	}
	if !p.LastSuccess.IsZero() {
		groups, topics := len(c.Groups), len(c.Snapshot.Topics)
		out.Groups, out.Topics = &groups, &topics
	}
	for _, b := range c.Snapshot.Brokers {
		out.Brokers = append(out.Brokers, brokerName(b))
	}
	for _, e := range p.Errors {
		out.Errors = append(out.Errors, NamedCount{string(e.Stage), e.Count})
	}
	for _, n := range p.Requests {
		out.Requests = append(out.Requests, NamedCount{n.API, uint64(n.Count)})
	}
	return out
}

func quotaStatus(p *engine.PollStats) QuotaStatus {
	q := &p.Quota
	return QuotaStatus{
		Connections: q.Connections, ThrottledSeconds: q.Throttled.Seconds(), RefusedRequests: q.Exceeded, RefusedConnections: q.Refused,
		PacedSeconds: q.Paced.Seconds(), LastAt: moment(p.ThrottledAt),
	}
}

func brokerName(b lag.Broker) string {
	name := count(int64(b.ID)) + " at " + b.Host
	if b.Rack != "" {
		name += " (" + b.Rack + ")"
	}
	return name
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
