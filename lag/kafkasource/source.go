package kafkasource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// Source reads one cluster. Sample and Observe may run at the same time; two Observes take turns.
type Source struct {
	cfg         Config
	transport   *kafka.Transport
	bootstrap   atomic.Pointer[net.Addr]
	formatter   *kmsg.RequestFormatter
	correlation atomic.Int32
	connections atomic.Int64 // opened so far

	rediscovered atomic.Int64 // when the transport was last made to look at the cluster anew, Unix nanoseconds

	cluster cluster // brokers, as Metadata last told them
	gates   gates   // per broker: requests in flight, throttling
	names   interner

	polling sync.Mutex // one poll at a time; it guards what follows
	memory  memory
}

// memory is what one poll leaves to the next.
type memory struct {
	polls  int
	topics map[string]*topic    // metadata and log starts of consumed topics
	gone   map[string]time.Time // topics that metadata does not know, and since when
	groups map[string]*remember // groups listed so far
}

// New makes a source. It does not connect: an unreachable cluster shows in what Sample and Observe answer.
func New(cfg Config) (*Source, error) {
	cfg = cfg.orDefault()
	if len(cfg.Brokers) == 0 {
		return nil, errors.New("no bootstrap brokers")
	}
	for _, b := range cfg.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return nil, fmt.Errorf("bootstrap broker %q: %w", b, err)
		}
	}
	s := &Source{
		cfg:       cfg,
		formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID(cfg.ClientID)),
		memory:    memory{topics: map[string]*topic{}, gone: map[string]time.Time{}, groups: map[string]*remember{}},
	}
	s.reachThrough(cfg.Brokers)
	s.names.keep = cfg.Topic
	s.gates.limit = cfg.Limits.InFlight
	s.transport = &kafka.Transport{
		Dial:           s.dial,
		DialTimeout:    cfg.Limits.Dial,
		IdleTimeout:    5 * time.Minute,
		MetadataTopics: []string{}, // brokers only: nil would read every topic of the cluster every few seconds
		ClientID:       cfg.ClientID,
	}
	if cfg.TLS != nil {
		if _, err := cfg.TLS.config(); err != nil {
			return nil, err
		}
	}
	if cfg.SASL != nil {
		mechanism, err := newMechanism(*cfg.SASL)
		if err != nil {
			return nil, err
		}
		s.transport.SASL = mechanism
	}
	return s, nil
}

// Close closes idle connections at once and others when their request is answered.
func (s *Source) Close() { s.transport.CloseIdleConnections() }

// Connections is the number of connections opened so far.
func (s *Source) Connections() int64 { return s.connections.Load() }

// Sample reads the state of every group: one ListGroups request a broker.
// Brokers before Kafka 2.6 list groups without states; they answer with an error of code [lag.NotAsked],
// and the states of a poll, which describes groups, must do.
func (s *Source) Sample(ctx context.Context) lag.Sample {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Sample)
	defer cancel()
	t := tally{log: s.cfg.Log}
	brokers, err := s.brokers(ctx, &t)
	if err != nil {
		t.fail(lag.StageMetadata, anyBroker, err)
	}
	found := make([][]listed, len(brokers))
	each(brokers, func(i int, b lag.Broker) {
		var err error
		if found[i], err = s.list(ctx, &t, b.ID, sampler); err != nil {
			t.fail(lag.StageList, b.ID, err)
		}
	})
	return lag.Sample{Cluster: s.cfg.Cluster, At: time.Now(), Groups: states(found), Errors: t.sorted()}
}

// states merges what brokers list: sorted, each group once.
func states(found [][]listed) []lag.GroupState {
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b listed) int { return cmp.Compare(a.Group, b.Group) })
	groups := make([]lag.GroupState, 0, len(all))
	for _, g := range all {
		last := len(groups) - 1
		if last < 0 || groups[last].Group != g.Group {
			groups = append(groups, g.GroupState)
			continue
		}
		if livelier(g.GroupState, groups[last]) {
			groups[last] = g.GroupState
		}
	}
	return groups
}

// livelier reports whether a rather than b is the group, when two brokers list it during a move of its coordinator:
// the one that has members, else the later answer.
func livelier(a, b lag.GroupState) bool {
	if alive(a.State) != alive(b.State) {
		return alive(a.State)
	}
	return a.At.After(b.At)
}

func alive(s lag.State) bool { return s != lag.Empty && s != lag.Dead && s != lag.StateUnknown }

// each runs f for every item at once and waits.
func each[T any](items []T, f func(i int, item T)) {
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { f(i, item) })
	}
	wg.Wait()
}

// chunks cuts items into pieces of at most n.
func chunks[T any](items []T, n int) [][]T {
	return slices.Collect(slices.Chunk(items, n))
}

func groupType(s string) lag.GroupType {
	if s == "" {
		return lag.Classic
	}
	return lag.GroupType(strings.ToLower(s))
}
