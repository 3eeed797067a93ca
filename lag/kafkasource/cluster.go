package kafkasource

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// cluster is what is known of the brokers. Polls and samples share it.
type cluster struct {
	mu       sync.Mutex
	brokers  []lag.Broker             // sorted by id; never changed in place
	wholeAt  time.Time                // when metadata of everything was read; zero: it should be
	versions map[int32]map[int16]span // by broker, as of its last answer
	next     int                      // the broker asked for Metadata next
}

func (c *cluster) speaks(broker int32, versions map[int16]span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil {
		c.versions = map[int32]map[int16]span{}
	}
	c.versions[broker] = versions
}

// version is the newest version of an API that the broker speaks, as of its last answer.
func (c *cluster) version(broker int32, key, ours int16) (int16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return negotiate(c.versions[broker], key, ours)
}

func (c *cluster) set(brokers []lag.Broker) {
	slices.SortFunc(brokers, func(a, b lag.Broker) int { return cmp.Compare(a.ID, b.ID) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.brokers = brokers
}

func (c *cluster) known() []lag.Broker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers
}

// due reports whether metadata of everything is older than it may be.
func (c *cluster) due(age time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.wholeAt) >= age
}

func (c *cluster) whole() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wholeAt = time.Now()
}

// stale makes the next poll read Metadata anew.
func (c *cluster) stale() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wholeAt = time.Time{}
}

// candidates are the brokers to ask for something any broker knows: each in turn, then whoever bootstrap reaches.
func (c *cluster) candidates() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]int32, 0, len(c.brokers)+1)
	for i := range c.brokers {
		ids = append(ids, c.brokers[(c.next+i)%len(c.brokers)].ID)
	}
	c.next++
	return append(ids, anyBroker)
}

// brokers are the cluster's brokers: as last read, or read now when that never happened.
func (s *Source) brokers(ctx context.Context, t *tally) ([]lag.Broker, error) {
	if brokers := s.cluster.known(); len(brokers) > 0 {
		return brokers, nil
	}
	if _, err := s.metadata(ctx, t, []kmsg.MetadataRequestTopic{}); err != nil {
		return nil, err
	}
	return s.cluster.known(), nil
}

// anyOf sends a request to brokers in turn until one answers.
func (s *Source) anyOf(ctx context.Context, t *tally, req kmsg.Request) (kmsg.Response, error) {
	var last error
	for _, id := range s.cluster.candidates() {
		resp, err := s.do(ctx, t, id, req)
		if err == nil {
			return resp, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// metadata reads brokers and the given topics, by name or id. It never creates a topic.
func (s *Source) metadata(ctx context.Context, t *tally, topics []kmsg.MetadataRequestTopic) ([]kmsg.MetadataResponseTopic, error) {
	var found []kmsg.MetadataResponseTopic
	pieces := chunks(topics, s.cfg.Limits.Topics)
	if len(pieces) == 0 {
		pieces = append(pieces, []kmsg.MetadataRequestTopic{}) // none, where nil would mean all
	}
	for _, piece := range pieces {
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = piece
		req.AllowAutoTopicCreation = false
		m, err := as[*kmsg.MetadataResponse](s.anyOf(ctx, t, req))
		if err != nil {
			return found, err
		}
		if len(m.Brokers) == 0 {
			return found, garbled("Metadata lists no broker")
		}
		s.cluster.set(brokersOf(m))
		found = append(found, m.Topics...)
	}
	return found, nil
}

func brokersOf(m *kmsg.MetadataResponse) []lag.Broker {
	brokers := make([]lag.Broker, 0, len(m.Brokers))
	for _, b := range m.Brokers {
		brokers = append(brokers, lag.Broker{ID: b.NodeID, Host: b.Host, Port: b.Port, Rack: deref(b.Rack)})
	}
	return brokers
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
