package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// Cluster holds the brokers of a cluster and the age of the metadata. Polls and samples share it.
type Cluster struct {
	client           *transport.Client
	topicsPerRequest int // of Metadata
	pause            time.Duration
	log              *slog.Logger

	mu          sync.Mutex
	brokers     []lag.Broker // sorted by id; never changed in place
	refreshedAt time.Time    // when metadata of every topic was last read; zero: it is outdated
	offsets     offsetsTopic
	next        int // the broker that SendAny asks next
}

// New makes a cluster whose brokers are not known yet. A round pauses between two tries while something moves.
func New(client *transport.Client, topicsPerRequest int, pause time.Duration, log *slog.Logger) *Cluster {
	return &Cluster{client: client, topicsPerRequest: topicsPerRequest, pause: pause, log: log}
}

// Version is the newest version of an API, up to ours, that the broker supported when it last answered.
func (c *Cluster) Version(broker int32, key, ours int16) (int16, bool) {
	return c.client.Version(broker, key, ours)
}

func (c *Cluster) setBrokers(brokers []lag.Broker) {
	slices.SortFunc(brokers, func(a, b lag.Broker) int { return cmp.Compare(a.ID, b.ID) })
	c.client.SetBrokers(brokers)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.brokers = brokers
}

func (c *Cluster) knownBrokers() []lag.Broker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers
}

// MetadataOlderThan reports whether the metadata of all topics is older than that, or known to be wrong.
func (c *Cluster) MetadataOlderThan(age time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.refreshedAt) >= age || c.offsets.leaderless > 0
}

// SetRefreshed notes that metadata of every topic was read.
func (c *Cluster) SetRefreshed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshedAt = time.Now()
}

// Forget forgets the brokers: they are of another cluster.
func (c *Cluster) Forget() {
	c.setBrokers(nil)
	c.setOutdated()
}

// setOutdated makes the next poll read metadata again.
func (c *Cluster) setOutdated() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshedAt = time.Time{}
}

// candidates are the brokers to ask for something that any broker knows: all in turn, then any bootstrap broker.
func (c *Cluster) candidates() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]int32, 0, len(c.brokers)+1)
	for i := range c.brokers {
		ids = append(ids, c.brokers[(c.next+i)%len(c.brokers)].ID)
	}
	c.next++
	return append(ids, transport.AnyBroker)
}

// Metadata reads brokers and the given topics, by name or id. It never creates a topic. have is how many partitions topics have at
// least, as commits show it; nil: not known.
func (r *Round) Metadata(ctx context.Context, topics []kmsg.MetadataRequestTopic, have map[string]int32) ([]kmsg.MetadataResponseTopic, Short, error) {
	batches := slices.Collect(slices.Chunk(topics, r.Cluster.topicsPerRequest))
	if len(batches) == 0 {
		batches = append(batches, []kmsg.MetadataRequestTopic{}) // none, where nil would mean all
	}
	var found []kmsg.MetadataResponseTopic
	short := Short{}
	for _, batch := range batches {
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = batch
		req.AllowAutoTopicCreation = false
		resp, from, err := r.ask(ctx, req, nil)
		m, err := transport.AsResponse[*kmsg.MetadataResponse](resp, err)
		if err != nil {
			return found, short, err
		}
		if len(m.Brokers) == 0 {
			return found, short, transport.Garbled("Metadata lists no broker")
		}
		brokers, err := brokersOf(m)
		if err != nil {
			return found, short, err
		}
		r.Cluster.setBrokers(brokers)
		r.confirmMissing(ctx, m.Topics, from, have, short)
		found = append(found, m.Topics...)
	}
	return found, short, nil
}

// AllTopics are the names of all topics of the cluster that are not internal.
func (r *Round) AllTopics(ctx context.Context) ([]string, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics, req.AllowAutoTopicCreation = nil, false // nil means all
	m, err := transport.AsResponse[*kmsg.MetadataResponse](r.SendAny(ctx, req))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range m.Topics {
		if t.Topic != nil && !t.IsInternal {
			names = append(names, *t.Topic)
		}
	}
	return names, nil
}

// brokersOf are the brokers in a response. Negative ids mean other things here: any broker, or none.
func brokersOf(m *kmsg.MetadataResponse) ([]lag.Broker, error) {
	if len(m.Brokers) > transport.MostBrokers {
		return nil, transport.Garbled("Metadata lists %d brokers, %d are the limit", len(m.Brokers), transport.MostBrokers)
	}
	brokers := make([]lag.Broker, 0, len(m.Brokers))
	for _, b := range m.Brokers {
		if b.NodeID < 0 {
			return nil, transport.Garbled("Metadata lists a broker with the id %d", b.NodeID)
		}
		if !transport.OneAddress(b.Host) {
			return nil, transport.Garbled("Metadata lists a broker with the host %q", b.Host)
		}
		brokers = append(brokers, lag.Broker{ID: b.NodeID, Host: b.Host, Port: b.Port, Rack: wire.StringOf(b.Rack)})
	}
	return brokers, nil
}
