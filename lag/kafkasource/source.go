package kafkasource

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/groups"
	"github.com/lagscaler/lagscaler/lag/kafkasource/topics"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// Source reads one cluster. Sample and Observe may run at the same time; two Observes take turns.
type Source struct {
	cfg     Config
	client  *transport.Client
	cluster *cluster.Cluster

	named atomic.Pointer[lag.TopicNames] // topics that are read even if no group commits to them; nil: none

	polling sync.Mutex // one poll at a time
	groups  *groups.Reader
	topics  *topics.Reader
}

// New makes a source. It does not connect: an unreachable cluster is an error in the results of Sample and Observe.
func New(cfg Config) (*Source, error) {
	cfg = cfg.orDefault()
	l := cfg.Limits
	client, err := transport.New(transport.Config{
		Brokers: cfg.Brokers, ClientID: cfg.ClientID, TLS: cfg.TLS, SASL: cfg.SASL, Dial: cfg.Dial,
		InFlight: l.InFlight, Response: l.Response, DialTimeout: l.Dial, Request: l.Request,
	})
	if err != nil {
		return nil, err
	}
	return &Source{
		cfg:     cfg,
		client:  client,
		cluster: cluster.New(client, l.Topics, cfg.Log),
		groups: groups.NewReader(groups.Config{
			Group: cfg.Group, ReadCommitted: cfg.ReadCommitted, Names: wire.NewTopicNames(cfg.Topic),
			Batch: l.Groups, Grace: l.Unlisted,
		}),
		topics: topics.NewReader(topics.Config{
			MaxAge: l.Metadata, StartEvery: l.StartEvery, Partitions: l.Partitions, Timeout: l.Request,
		}),
	}, nil
}

// Close closes idle connections at once and others when their request is answered.
func (s *Source) Close() { s.client.Close() }

// Connections is the number of connections opened so far.
func (s *Source) Connections() int64 { return s.client.Connections() }

// Sample reads the state of every group: one ListGroups request a broker.
// Brokers before Kafka 2.6 list groups without states: the sample has an error of code [lag.UnsupportedVersion] for each of them.
// Polls still have the states, because they describe the groups.
func (s *Source) Sample(ctx context.Context) lag.Sample {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Sample)
	defer cancel()
	round := s.cluster.Sample()
	if err := round.FindBrokers(ctx); err != nil {
		round.Fail(lag.StageMetadata, transport.AnyBroker, err)
	}
	states := s.groups.States(ctx, round)
	return lag.Sample{Cluster: s.cfg.Cluster, At: time.Now(), Groups: states, Errors: round.Errors()}
}

// ReadTopics sets topics that all further polls read, too. It may be called at any time.
func (s *Source) ReadTopics(names lag.TopicNames) { s.named.Store(&names) }

// Observe reads everything about every group. The result has what could be read, and an error for what could not.
// It ends when ctx ends, and after Limits.Poll at the latest.
func (s *Source) Observe(ctx context.Context) lag.Observation {
	s.polling.Lock()
	defer s.polling.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Poll)
	defer cancel()
	began := time.Now()
	round := s.cluster.Poll()

	s.topics.Refresh(ctx, round)
	reading := s.groups.Read(ctx, round)
	reading.NameTopics(ctx, s.topics.NamesByID())
	needs, named := reading.Needs(), s.namedTopics(ctx, round)
	for _, topic := range named {
		if _, ok := needs[topic]; !ok {
			needs[topic] = topics.Need{}
		}
	}
	offsets := s.topics.Read(ctx, round, needs) // after every commit is read
	reading.RejectMissingCommits(s.topics)
	reading.Save(s.topics)

	return lag.Observation{
		Cluster: s.cfg.Cluster, Began: began, At: time.Now(),
		Brokers: round.Brokers, Groups: reading.Groups(), Topics: offsets, Absent: s.topics.Absent(named),
		Errors: round.Errors(), Requests: round.Requests(), Duplicates: reading.Duplicates,
	}
}

// namedTopics are the topics of scalers that the filter of the cluster allows.
func (s *Source) namedTopics(ctx context.Context, round *cluster.Round) []string {
	named := s.named.Load()
	if named == nil {
		return nil
	}
	all := slices.Clone(named.Names)
	if named.Match != nil {
		all = append(all, s.topics.List(ctx, round, named.Match)...)
	}
	return slices.DeleteFunc(all, func(topic string) bool { return !s.cfg.Topic(topic) })
}
