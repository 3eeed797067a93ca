package lagtest

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Cluster is a Kafka cluster in memory. It has the two methods of a source, and others that bring it into
// any condition a source may meet. It is safe for concurrent use and starts no goroutine.
type Cluster struct {
	t       testing.TB
	mu      sync.Mutex
	name    string
	now     func() time.Time
	brokers []broker
	topics  map[string]*topic
	groups  map[string]*group
	created uint64
	seen    map[string]bool // groups that were in an observation before
	named   lag.TopicNames
	reads   func(group string) bool // nil: all
}

// names are the groups that are read, sorted.
func (c *Cluster) names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.groups)), func(name string) bool { return c.reads != nil && !c.reads(name) })
}

type broker struct {
	lag.Broker
	fault lag.ErrorCode
}

type topic struct {
	id         [16]byte
	partitions []partition
}

type partition struct {
	start, end, stable int64
	leader, epoch      int32
	inSync             int16
}

// replicas is every partition's replication factor.
const replicas = 3

type group struct {
	lag.GroupRead
	offsets map[string]map[int32]int64
	shown   Listing
	err     lag.ErrorCode
}

// Listing says how many brokers list a group.
type Listing string

// How many brokers list a group. Hidden and ListedTwice happen for a moment while a coordinator moves.
const (
	Listed      Listing = "once"
	Hidden      Listing = "by nobody"
	ListedTwice Listing = "by two brokers"
)

// New makes a cluster with brokers of ids 0 to brokers-1.
func New(t testing.TB, name string, brokers int) *Cluster {
	c := &Cluster{
		t: t, name: name, now: time.Now, topics: map[string]*topic{}, groups: map[string]*group{}, seen: map[string]bool{},
	}
	for id := range int32(brokers) {
		c.brokers = append(c.brokers, broker{Broker: lag.Broker{ID: id, Host: "127.0.0.1", Port: 9092 + id}})
	}
	return c
}

// Clock replaces time.Now as the clock of the cluster.
func (c *Cluster) Clock(now func() time.Time) {
	c.do(func() { c.now = now })
}

func (c *Cluster) do(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Create creates a topic, or creates it again: with a new id and empty partitions, led by the brokers in turn.
func (c *Cluster) Create(name string, partitions int) {
	c.do(func() {
		c.created++
		t := &topic{partitions: make([]partition, partitions)}
		binary.BigEndian.PutUint64(t.id[8:], c.created)
		for i := range t.partitions {
			t.partitions[i] = partition{leader: int32(i % len(c.brokers)), inSync: replicas}
		}
		c.topics[name] = t
	})
}

// Grow adds partitions to a topic, which stays the same topic.
func (c *Cluster) Grow(name string, partitions int) {
	c.do(func() {
		t := c.topics[name]
		for i := len(t.partitions); i < partitions; i++ {
			t.partitions = append(t.partitions, partition{leader: int32(i % len(c.brokers)), inSync: replicas})
		}
	})
}

// Delete removes a topic. Groups keep their commits for it, as they do for a while in Kafka.
func (c *Cluster) Delete(name string) { c.do(func() { delete(c.topics, name) }) }

// Append adds records to a partition.
func (c *Cluster) Append(name string, number int32, records int64) {
	c.partition(name, number, func(p *partition) {
		p.end += records
		p.stable = p.end
	})
}

// AppendOpen adds records of a transaction that stays open: the last stable offset stays where it is.
func (c *Cluster) AppendOpen(name string, number int32, records int64) {
	c.partition(name, number, func(p *partition) { p.end += records })
}

// Trim moves the log start up to start, as retention does.
func (c *Cluster) Trim(name string, number int32, start int64) {
	c.partition(name, number, func(p *partition) { p.start = start })
}

// Truncate moves the log end down to end, as an unclean leader election does.
func (c *Cluster) Truncate(name string, number int32, end int64) {
	c.partition(name, number, func(p *partition) {
		p.end, p.stable = end, end
		p.epoch++
	})
}

// Lead moves a partition to another leader; -1 leaves it without one.
func (c *Cluster) Lead(name string, number, leader int32) {
	c.partition(name, number, func(p *partition) {
		p.leader = leader
		p.epoch++
	})
}

// Shrink sets how many of a partition's 3 replicas are in sync.
func (c *Cluster) Shrink(name string, number int32, inSync int16) {
	c.partition(name, number, func(p *partition) { p.inSync = inSync })
}

func (c *Cluster) partition(name string, number int32, f func(*partition)) {
	c.do(func() {
		t, ok := c.topics[name]
		if !ok || int(number) >= len(t.partitions) {
			c.t.Errorf("no partition %s/%d: Create it first", name, number)
			return
		}
		f(&t.partitions[number])
	})
}

// Fail makes a broker answer all requests with the code: [lag.Unreachable] for one that is down,
// [lag.CoordinatorLoading] for one that refuses group requests but still leads partitions. [lag.OK] heals it.
func (c *Cluster) Fail(id int32, code lag.ErrorCode) {
	c.do(func() { c.brokers[id].fault = code })
}

// FailAll makes the whole cluster unreachable, or heals it.
func (c *Cluster) FailAll(code lag.ErrorCode) {
	c.do(func() {
		for i := range c.brokers {
			c.brokers[i].fault = code
		}
	})
}
