package daemon

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// sources are the open clusters. Only one goroutine at a time may use it.
type sources struct {
	log  *slog.Logger
	wrap func(engine.Source) engine.Source // nil: the engine reads each source itself
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	open map[string]*source
}

// source is a cluster whose connection can be replaced, for example after a password was rotated. The engine keeps its
// history of the cluster.
type source struct {
	name    string
	read    engine.Source // what the engine reads: itself, or what Options.Source made of it
	as      config.Cluster
	log     *slog.Logger
	current atomic.Pointer[kafkasource.Source]
	checked *kafkasource.Source // the connection whose list of groups was checked; only for Observe
	named   atomic.Pointer[lag.TopicNames]
	groups  atomic.Pointer[lag.GroupNames]

	doubts atomic.Pointer[iter.Seq[lag.Doubt]]
	rules  atomic.Pointer[config.Config]
}

// Remember says which ids the cluster had before this process started.
func (s *source) Remember(ids []string) { s.current.Load().Remember(ids) }

// ClusterID is the id of the cluster that the next poll reads.
func (s *source) ClusterID() string { return s.current.Load().ClusterID() }

// Sample reads the states of all groups.
func (s *source) Sample(ctx context.Context) lag.Sample { return s.current.Load().Sample(ctx) }

// ReadTopics makes the polls from now on read these topics, too, over any connection.
func (s *source) ReadTopics(names lag.TopicNames) { s.named.Store(&names) }

// ReadGroups makes the polls from now on look for these groups, too, over any connection.
func (s *source) ReadGroups(names lag.GroupNames) { s.groups.Store(&names) }

// Look makes the polls from now on look at the headers of record batches of these partitions, over any connection.
func (s *source) Look(doubts iter.Seq[lag.Doubt]) { s.doubts.Store(&doubts) }

// Observe reads everything. For a new connection it also checks once whether the list of groups is complete, because brokers
// leave out groups without an error if a permission is missing.
func (s *source) Observe(ctx context.Context) lag.Observation {
	k := s.current.Load()
	if named := s.named.Load(); named != nil {
		k.ReadTopics(*named)
	}
	if groups := s.groups.Load(); groups != nil {
		k.ReadGroups(*groups)
	}
	if doubts := s.doubts.Load(); doubts != nil {
		k.Look(*doubts)
	}
	o := k.Observe(ctx)
	if s.checked != k && lag.Complete(o.Errors) {
		s.checked = k
		if f := k.CheckListing(ctx); len(f.Missing) > 0 {
			s.log.Warn("permission missing", "kafka_cluster", s.name, "missing", f.Missing[0].String(), "consequence", f.Detail)
		}
	}
	return o
}

// readCommitted reports whether a group's end is the last stable offset.
func (s *source) readCommitted(group string) bool {
	return s.rules.Load().Isolation(s.name, group) == seen.ReadCommitted
}

func newSources(log *slog.Logger, o Options) *sources {
	return &sources{log: log, wrap: o.Source, dial: o.Dial, open: map[string]*source{}}
}

func (s *sources) newSource(cluster string) *source {
	src := &source{name: cluster, log: s.log}
	src.read = src
	if s.wrap != nil {
		src.read = s.wrap(src)
	}
	return src
}

// follow opens the clusters of a configuration and closes those that it no longer has. It does not connect yet. If one
// cluster cannot be opened, nothing changes. The error is [config.Unusable] if only clusters cannot that have files of their own, or that
// were discovered.
//
//	change                       effect
//	brokers                      a new cluster without history, which may have another id
//	clusterId                    a new connection: to a cluster that is not one of those, nothing is sent any more
//	credentials, TLS, filters    a new connection; the history is kept
//	interval, limits             a new connection with these limits; the history is kept
//	any other                    used by the next poll
func (s *sources) follow(c *config.Config) ([]engine.Cluster, error) {
	next := map[string]*source{}
	fresh := map[*source]*kafkasource.Source{}
	unusable := config.Unusable{}
	var found []engine.Cluster
	for _, written := range c.Clusters {
		cluster := c.InForce(written)
		src, err := s.opened(cluster, fresh)
		switch {
		case err == nil:
			next[cluster.Name] = src
			found = append(found, engine.Cluster{
				Name: cluster.Name, Source: src.read,
				Interval: time.Duration(written.Interval), SampleInterval: time.Duration(written.SampleInterval),
			})
		case cluster.Origin() != "":
			unusable[cluster.Origin()] = err
		default:
			closeAll(fresh)
			return nil, err
		}
	}
	if len(unusable) > 0 {
		closeAll(fresh)
		return nil, unusable
	}
	s.use(next, fresh, c)
	return found, nil
}

// opened is the source of a cluster, as it is in force: the one that is open, or a new one. A new connection of it is in fresh.
func (s *sources) opened(cluster config.Cluster, fresh map[*source]*kafkasource.Source) (*source, error) {
	src, ok := s.open[cluster.Name]
	if !ok || !slices.Equal(src.as.Brokers, cluster.Brokers) {
		src, ok = s.newSource(cluster.Name), false
	}
	if ok && reflect.DeepEqual(src.as, cluster) {
		return src, nil
	}
	k, err := s.connect(src, cluster)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	fresh[src] = k
	return src, nil
}

// closeAll closes connections that are not used.
func closeAll(fresh map[*source]*kafkasource.Source) {
	for _, k := range fresh {
		k.Close()
	}
}

// use replaces the open clusters by the next ones.
func (s *sources) use(next map[string]*source, fresh map[*source]*kafkasource.Source, c *config.Config) {
	for _, src := range s.open {
		if !slices.ContainsFunc(c.Clusters, func(k config.Cluster) bool { return next[k.Name] == src }) {
			src.current.Load().Close()
		}
	}
	for _, cluster := range c.Clusters {
		src := next[cluster.Name]
		src.rules.Store(c)
		if k, ok := fresh[src]; ok {
			src.as = c.InForce(cluster)
			if old := src.current.Swap(k); old != nil {
				old.Close()
			}
		}
	}
	s.open = next
}

// connect makes the connection to a cluster as it is in force.
func (s *sources) connect(src *source, c config.Cluster) (*kafkasource.Source, error) {
	k := kafkaConfig(c, s.log)
	k.ReadCommitted, k.Dial = src.readCommitted, s.dial
	if old := src.current.Load(); old != nil && slices.Equal(src.as.ClusterID, c.ClusterID) {
		k.Identity = old.Identity()
	}
	return kafkasource.New(k)
}

// close closes every cluster.
func (s *sources) close() {
	for _, src := range s.open {
		src.current.Load().Close()
	}
}
