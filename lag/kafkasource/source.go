package kafkasource

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/groups"
	"github.com/lagscaler/lagscaler/lag/kafkasource/headers"
	"github.com/lagscaler/lagscaler/lag/kafkasource/topics"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// Source reads one cluster. Sample and Observe may run at the same time; two Observes take turns.
type Source struct {
	cfg     Config
	client  *transport.Client
	cluster *cluster.Cluster

	named    atomic.Pointer[lag.TopicNames]      // topics that are read even if no group commits to them; nil: none
	declared atomic.Pointer[lag.GroupNames]      // groups that are looked up even if no broker lists them; nil: none
	doubts   atomic.Pointer[iter.Seq[lag.Doubt]] // partitions at whose batch headers the next polls look; nil: none

	closed  atomic.Bool
	polling sync.Mutex  // one poll at a time
	mistook atomic.Bool // what was read so far is of another cluster
	groups  *groups.Reader
	topics  *topics.Reader
	keeps   retention
	headers *headers.Reader // nil: no topic is selected
}

// New makes a source. It does not connect: an unreachable cluster is an error in the results of Sample and Observe.
func New(cfg Config) (*Source, error) {
	cfg = cfg.orDefault()
	l := cfg.Limits
	client, err := transport.New(transport.Config{
		Brokers: cfg.Brokers, ClientID: cfg.ClientID, TLS: cfg.TLS, SASL: cfg.SASL, Advertised: cfg.Advertised, Dial: cfg.Dial, Tap: cfg.Tap,
		Identity:  cfg.Identity,
		PerSecond: l.PerSecond, Connections: cfg.Open, MetadataTTL: l.Brokers,
		InFlight: l.InFlight, Single: l.Single, Response: l.Response, DialTimeout: l.Dial, Request: l.Request,
	})
	if err != nil {
		return nil, err
	}
	for _, w := range cfg.warnings() {
		cfg.Log.Warn("a risk of the configuration", "risk", w.Detail)
	}
	s := &Source{
		client:  client,
		cluster: cluster.New(client, l.Topics, l.Pause, cfg.Log),
		topics:  newTopics(l),
		headers: newHeaders(cfg),
	}
	selected := cfg.Group
	cfg.Group = func(group string) bool { return s.isRead(group) && selected(group) }
	s.cfg = cfg
	s.groups = newGroups(cfg)
	return s, nil
}

// isRead reports whether a group is not one of another shard.
func (s *Source) isRead(group string) bool {
	names := s.declared.Load()
	return names == nil || names.Reads == nil || names.Reads(group)
}

// lookBytes are asked for in one look: 200 markers. A broker returns more if one batch is larger.
const lookBytes = 16 << 10

func newGroups(cfg Config) *groups.Reader {
	return groups.NewReader(groups.Config{
		Group: cfg.Group, ReadCommitted: cfg.ReadCommitted, Names: wire.NewTopicNames(cfg.Topic),
		Batch: cfg.Limits.Groups, Grace: cfg.Limits.Grace,
	})
}

func newTopics(l Limits) *topics.Reader {
	return topics.NewReader(topics.Config{
		MaxAge: l.Metadata, StartEvery: l.StartEvery, Compare: l.Compare, Partitions: l.Partitions, Timeout: l.Request,
	})
}

func newHeaders(cfg Config) *headers.Reader {
	if cfg.Headers == nil {
		return nil
	}
	l := cfg.Limits
	return headers.NewReader(headers.Config{Topic: cfg.Headers, Partitions: l.Looks, Bytes: lookBytes, Timeout: l.Sample})
}

// Close closes idle connections at once and others when their request is answered. A poll or a sample that still runs ends with what it
// has, and closes those that it opened after that.
func (s *Source) Close() {
	s.closed.Store(true)
	s.client.Close()
}

// ended is called at the end of whatever sends requests. kafka-go opens connections again for a request after they were closed, and
// keeps one of them for ever, to read the list of brokers.
func (s *Source) ended() {
	if s.closed.Load() {
		s.client.Close()
	}
}

// Connections is the number of connections opened so far.
func (s *Source) Connections() int64 { return s.client.Connections() }

// Sample reads the state of every group: one ListGroups request a broker.
// Brokers before Kafka 2.6 list groups without states: the sample has an error of code [lag.UnsupportedVersion] for each of them.
// Polls still have the states, because they describe the groups.
//
// A sample is left out while a request of a poll waits for its turn: with few requests a second, polls come first.
func (s *Source) Sample(ctx context.Context) lag.Sample {
	if s.client.Queued() {
		return lag.Sample{Cluster: s.cfg.Cluster, At: time.Now(), LeftOut: true}
	}
	defer s.ended()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Sample)
	defer cancel()
	round := s.cluster.Sample()
	if err := round.FindBrokers(ctx); err != nil {
		round.Fail(lag.StageMetadata, transport.AnyBroker, err)
	}
	round.FailLeaderless()
	states := s.groups.States(ctx, round)
	return lag.Sample{Cluster: s.cfg.Cluster, At: time.Now(), Groups: states, Errors: round.Errors()}
}

// ReadTopics sets topics that all further polls read, too. It may be called at any time.
func (s *Source) ReadTopics(names lag.TopicNames) { s.named.Store(&names) }

// ReadGroups sets groups that all further polls look for even if no broker lists them. It may be called at any time.
func (s *Source) ReadGroups(names lag.GroupNames) { s.declared.Store(&names) }

func (s *Source) declaredGroups() lag.GroupNames {
	var names lag.GroupNames
	if declared := s.declared.Load(); declared != nil {
		names = *declared
	}
	if names.Target == nil {
		names.Target = func(string) time.Duration { return 0 }
	}
	if names.Saves == nil {
		names.Saves = func(string) bool { return false }
	}
	if names.Trusted == nil {
		names.Trusted = func(string, [16]byte) bool { return false }
	}
	return names
}

// Look sets the partitions at whose batch headers all further polls look, if their topics are among Config.Headers. It may be
// called at any time.
func (s *Source) Look(doubts iter.Seq[lag.Doubt]) { s.doubts.Store(&doubts) }

// Observe reads everything about every group. The result has what could be read, and an error for what could not.
// It ends when ctx ends, and after Limits.Poll at the latest.
func (s *Source) Observe(ctx context.Context) lag.Observation {
	s.polling.Lock()
	defer s.polling.Unlock()
	defer s.ended()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Poll)
	defer cancel()
	if s.mistook.Swap(false) {
		s.forget()
	}
	began := time.Now()
	s.meet(ctx)
	round := s.cluster.Poll()

	s.topics.Refresh(ctx, round)
	round.FailLeaderless()
	declared := s.declaredGroups()
	reading := s.groups.Read(ctx, round, declared.Names)
	reading.NameTopics(ctx, s.topics.NamesByID())
	needs, named := reading.Needs(declared.Target, declared.Saves), s.namedTopics(ctx, round)
	for _, topic := range named {
		if _, ok := needs[topic]; !ok {
			needs[topic] = topics.Need{}
		}
	}
	offsets := s.topics.Read(ctx, round, needs, declared.Trusted) // after every commit is read
	reading.RejectMissingCommits(s.topics)
	reading.Save(s.topics)
	if s.cfg.OffsetsRetention == 0 {
		s.keeps.read(ctx, round, s.cfg.Log)
	}
	groups := reading.Groups()
	if doubts := s.doubts.Load(); s.headers != nil && doubts != nil {
		s.headers.Read(ctx, round, *doubts, groups, offsets.Topics)
	}

	s.failOver(round)
	return lag.Observation{
		Cluster: s.cfg.Cluster, Began: began, At: time.Now(),
		ClusterID: s.cfg.Identity.ID(), Foreign: s.cfg.Identity.Foreign(),
		Brokers: round.Brokers, Groups: groups, Topics: offsets.Topics, Past: offsets.Past, FirstSince: offsets.FirstSince,
		Absent: s.topics.Absent(named),
		Errors: round.Errors(), Requests: round.Requests(), Duplicates: reading.Duplicates,
		Quota:            s.client.Quota(),
		OffsetsRetention: cmp.Or(s.cfg.OffsetsRetention, s.keeps.value),
	}
}

// Identity is which cluster it reads.
func (s *Source) Identity() *Identity { return s.cfg.Identity }

// meet asks each bootstrap address which cluster it belongs to, unless that is known: one address of another cluster must not
// decide it because it answers first.
func (s *Source) meet(ctx context.Context) {
	if len(s.cfg.Brokers) < 2 || !s.cfg.Identity.Undecided() {
		return
	}
	ids := make([]string, len(s.cfg.Brokers))
	parallel.Each(s.cfg.Brokers, func(i int, address string) { ids[i] = s.clusterAt(ctx, address) })
	if s.cfg.Identity.Vote(s.cfg.Brokers, ids) {
		s.forget()
	}
}

// clusterAt is the id of the cluster at one address; empty if nobody answers.
func (s *Source) clusterAt(ctx context.Context, address string) string {
	cfg := s.cfg
	cfg.Brokers, cfg.Identity = []string{address}, transport.NewIdentity(nil)
	alone, err := New(cfg)
	if err != nil {
		return ""
	}
	defer alone.Close()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Dial)
	defer cancel()
	if err := alone.cluster.Sample().FindBrokers(ctx); err != nil {
		return ""
	}
	return alone.ClusterID()
}

// ClusterID is the id of the cluster that the next poll reads; empty: not known.
func (s *Source) ClusterID() string { return s.cfg.Identity.ID() }

// Remember says which ids the cluster had before this process started, unless the configuration states them. If another
// cluster has answered so far, nothing more is read from it.
func (s *Source) Remember(ids []string) {
	if s.cfg.Identity.Remember(ids) {
		s.mistook.Store(true)
	}
}

// forget forgets everything: it is of another cluster. Connections are opened anew.
func (s *Source) forget() {
	s.groups, s.topics, s.headers = newGroups(s.cfg), newTopics(s.cfg.Limits), newHeaders(s.cfg)
	s.cluster.Forget()
	s.client.Reconnect()
}

// failOver takes another cluster that the configuration states for this one, when nobody of this one answers any more.
func (s *Source) failOver(round *cluster.Round) {
	if round.LostAll() && s.cfg.Identity.Yield() {
		s.forget()
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
