package kafka

import (
	"cmp"
	"maps"
	"strconv"
	"time"
)

// Assignor splits a topic's partitions among a group's members.
type Assignor string

// The assignors of classic groups, which a member runs.
const (
	Range             Assignor = "range"
	RoundRobin        Assignor = "roundrobin"
	Sticky            Assignor = "sticky"             // eager
	CooperativeSticky Assignor = "cooperative-sticky" // incremental
)

// assignorClasses are the Java names of the assignors.
var assignorClasses = map[Assignor]string{
	Range:             "org.apache.kafka.clients.consumer.RangeAssignor",
	RoundRobin:        "org.apache.kafka.clients.consumer.RoundRobinAssignor",
	Sticky:            "org.apache.kafka.clients.consumer.StickyAssignor",
	CooperativeSticky: "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
}

// Protocol is the group protocol that a consumer speaks.
type Protocol string

// The protocols.
const (
	Classic Protocol = "classic"
	KIP848  Protocol = "consumer" // since 4.3 in these tests; sessions and assignors are the server's
)

// Isolation is which records a consumer sees.
type Isolation string

// The isolation levels.
const (
	ReadUncommitted Isolation = "read_uncommitted"
	ReadCommitted   Isolation = "read_committed"
)

// Consumer describes a Java consumer. ID, Group and Topics are needed.
type Consumer struct {
	ID     string // its name in the test, and its client id
	Group  string
	Topics []string

	Protocol   Protocol // Classic when empty
	Assignor   Assignor // Range when empty; for KIP848 the server's assignor, by the same name
	InstanceID string   // makes it a static member

	SessionTimeout  time.Duration // 6 s when zero; classic only, the server decides for KIP848
	MaxPollInterval time.Duration // Java's 5 min when zero
	CommitInterval  time.Duration // 200 ms when zero; negative: it never commits by itself
	Processing      time.Duration // per record; to the microsecond
	Isolation       Isolation     // ReadUncommitted when empty
	Properties      map[string]string
}

// defaultSession is long enough for a busy machine, and short enough to wait for.
const defaultSession = 6 * time.Second

// properties are the Java client's.
func (c Consumer) properties() map[string]string {
	p := map[string]string{
		"group.id":          c.Group,
		"auto.offset.reset": "earliest",
		"isolation.level":   string(cmp.Or(c.Isolation, ReadUncommitted)),
		"fetch.max.wait.ms": "100",
		"retry.backoff.ms":  "50",
	}
	if c.InstanceID != "" {
		p["group.instance.id"] = c.InstanceID
	}
	if c.MaxPollInterval > 0 {
		p["max.poll.interval.ms"] = strconv.FormatInt(millis(c.MaxPollInterval), 10)
	}
	if c.Protocol == KIP848 {
		p["group.protocol"] = string(KIP848)
		if c.Assignor != "" {
			p["group.remote.assignor"] = string(c.Assignor)
		}
	} else {
		session := cmp.Or(c.SessionTimeout, defaultSession)
		p["session.timeout.ms"] = strconv.FormatInt(millis(session), 10)
		p["heartbeat.interval.ms"] = strconv.FormatInt(millis(session/6), 10)
		p["partition.assignment.strategy"] = assignorClasses[cmp.Or(c.Assignor, Range)]
	}
	maps.Copy(p, c.Properties)
	return p
}

// Join starts a consumer. It returns when the client subscribes, before the
// group has taken it in.
func (f *Fleet) Join(c Consumer) {
	f.t.Helper()
	f.mu.Lock()
	f.joined[c.ID] = f.Mark()
	f.mu.Unlock()
	commit := max(0, cmp.Or(c.CommitInterval, 200*time.Millisecond))
	f.command("join", c.ID, map[string]any{
		"topics": c.Topics, "properties": c.properties(),
		"processingMicros": c.Processing.Microseconds(), "commitMs": millis(commit),
	})
}

// Stop closes a consumer as a well-behaved program does: it commits, and leaves
// the group unless it is a static member.
func (f *Fleet) Stop(id string) {
	f.t.Helper()
	f.command("stop", id, nil)
}

// Vanish ends a consumer without a word to the coordinator, whose session timer
// has to find out, as when its process is killed. For a true SIGKILL, give the
// consumer a fleet of its own and use [Client.Kill].
func (f *Fleet) Vanish(id string) {
	f.t.Helper()
	f.command("vanish", id, nil)
}

// Stall keeps a consumer from polling for so long, while its heartbeats go on:
// a handler that is stuck. Any later command ends the stall.
func (f *Fleet) Stall(id string, d time.Duration) {
	f.t.Helper()
	f.command("stall", id, map[string]any{"ms": millis(d)})
}

// Subscribe gives a consumer other topics.
func (f *Fleet) Subscribe(id string, topics ...string) {
	f.t.Helper()
	f.command("subscribe", id, map[string]any{"topics": topics})
}

// Seek moves a consumer's position in a partition that it owns.
func (f *Fleet) Seek(id string, to Offset) {
	f.t.Helper()
	f.command("seek", id, map[string]any{"topic": to.Topic, "partition": to.Partition.Partition, "offset": to.Offset})
}

// Commit has a consumer commit an offset, whatever it has read.
func (f *Fleet) Commit(id string, at Offset) {
	f.t.Helper()
	f.command("commit", id, map[string]any{"topic": at.Topic, "partition": at.Partition.Partition, "offset": at.Offset})
}

// Load describes a Java producer that keeps to a rate.
type Load struct {
	ID         string
	Topic      string
	PerSecond  float64
	Keys       int // spreads by the hash of so many keys; by turns when zero
	Bytes      int // per record
	Properties map[string]string
}

// Produce starts a load.
func (f *Fleet) Produce(l Load) {
	f.t.Helper()
	f.command("produce", l.ID, map[string]any{
		"topic": l.Topic, "perSecond": l.PerSecond, "keys": l.Keys, "bytes": l.Bytes, "properties": l.Properties,
	})
}

// Rate changes a load's rate.
func (f *Fleet) Rate(id string, perSecond float64) {
	f.t.Helper()
	f.command("rate", id, map[string]any{"perSecond": perSecond})
}

// Drain ends a load and returns how many of its records Kafka acknowledged.
func (f *Fleet) Drain(id string) int64 {
	f.t.Helper()
	return f.command("drain", id, nil).Count
}

// Begin sends records to a partition in a transaction of the producer with that
// transactional id, and leaves it open.
func (f *Fleet) Begin(id string, in Partition, count int) {
	f.t.Helper()
	f.command("begin", id, map[string]any{"topic": in.Topic, "partition": in.Partition, "count": count})
}

// CommitTransaction commits what [Fleet.Begin] opened.
func (f *Fleet) CommitTransaction(id string) {
	f.t.Helper()
	f.command("end", id, map[string]any{"commit": true})
}

// AbortTransaction aborts what [Fleet.Begin] opened.
func (f *Fleet) AbortTransaction(id string) {
	f.t.Helper()
	f.command("end", id, map[string]any{"commit": false})
}
