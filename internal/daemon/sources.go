package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"

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
	rules   atomic.Pointer[config.Config]
}

// Sample reads the states of all groups.
func (s *source) Sample(ctx context.Context) lag.Sample { return s.current.Load().Sample(ctx) }

// ReadTopics makes the polls from now on read these topics, too, over any connection.
func (s *source) ReadTopics(names lag.TopicNames) { s.named.Store(&names) }

// Observe reads everything. For a new connection it also checks once whether the list of groups is complete, because brokers
// leave out groups without an error if a permission is missing.
func (s *source) Observe(ctx context.Context) lag.Observation {
	k := s.current.Load()
	if named := s.named.Load(); named != nil {
		k.ReadTopics(*named)
	}
	o := k.Observe(ctx)
	if s.checked != k && len(o.Errors) == 0 {
		s.checked = k
		if f := k.CheckListing(ctx); f.Missing != "" {
			s.log.Warn("permission missing", "kafka_cluster", s.name, "missing", f.Missing, "consequence", f.Detail)
		}
	}
	return o
}

// readCommitted reports whether a group's end is the last stable offset.
func (s *source) readCommitted(group string) bool {
	return s.rules.Load().Isolation(s.name, group) == seen.ReadCommitted
}

func newSources(log *slog.Logger, wrap func(engine.Source) engine.Source) *sources {
	return &sources{log: log, wrap: wrap, open: map[string]*source{}}
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
// cluster cannot be opened, nothing changes.
//
//	change                       effect
//	brokers                      a new cluster without history
//	credentials, TLS, filters    a new connection; the history is kept
//	any other                    used by the next poll
func (s *sources) follow(c *config.Config) ([]engine.Cluster, error) {
	next := map[string]*source{}
	fresh := map[*source]*kafkasource.Source{}
	var found []engine.Cluster
	for _, cluster := range c.Clusters {
		src, ok := s.open[cluster.Name]
		if !ok || !slices.Equal(src.as.Brokers, cluster.Brokers) {
			src, ok = s.newSource(cluster.Name), false
		}
		if !ok || !reflect.DeepEqual(src.as, cluster) {
			k, err := s.connect(src, cluster)
			if err != nil {
				return nil, fmt.Errorf("cluster %s: %w", cluster.Name, err)
			}
			fresh[src] = k
		}
		next[cluster.Name] = src
		found = append(found, engine.Cluster{Name: cluster.Name, Source: src.read})
	}
	s.use(next, fresh, c)
	return found, nil
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
			src.as = cluster
			if old := src.current.Swap(k); old != nil {
				old.Close()
			}
		}
	}
	s.open = next
}

func (s *sources) connect(src *source, c config.Cluster) (*kafkasource.Source, error) {
	k := kafkaConfig(c, s.log)
	k.ReadCommitted = src.readCommitted
	return kafkasource.New(k)
}

// close closes every cluster.
func (s *sources) close() {
	for _, src := range s.open {
		src.current.Load().Close()
	}
}
