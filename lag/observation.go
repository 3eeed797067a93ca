package lag

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Observation is what one poll read from a cluster, errors and all. Each answer carries its own read time.
// A source fills it; [Compute] is its only reader.
type Observation struct {
	Cluster string
	Began   time.Time
	At      time.Time // when the last answer came
	Brokers []Broker
	Groups  []GroupRead // sorted by group, each once
	Topics  []TopicRead // sorted by name: every topic that a group committed to, subscribes to or is assigned, or that is among TopicNames
	Absent  []string    // sorted: names among TopicNames that do not exist in the cluster, according to metadata of this poll
	Past    []PastEnd   // of topics of declared groups, soon after the start
	Errors  []ReadError

	FirstSince []FirstSince // of topics of scalers, each five minutes

	ClusterID string           // as brokers give it; empty: not known
	Foreign   []ForeignAddress // sorted: addresses that last answered as brokers of another cluster, whose answers are not used

	Requests   []RequestCount // by API, sorted
	Duplicates int            // groups that two brokers listed

	Quota Quota // what brokers asked for since the poll before, because of their quotas

	OffsetsRetention time.Duration // offsets.retention.minutes of the brokers, as read or as configured; 0: not known
}

// TopicNames are the topics in the specifications of scalers. They are read even if no group has commits for them, because
// their records must start a target whose group never ran or whose commits expired.
type TopicNames struct {
	Names []string                // sorted
	Match func(topic string) bool // also every topic of the cluster that it accepts; nil: none
}

// GroupNames are the groups in the specifications of scalers. Their coordinators are looked up even if no broker lists them,
// because a group that does not exist and one whose coordinator is not available are both listed by nobody.
type GroupNames struct {
	Names  []string                               // sorted
	Target func(group string) (lag time.Duration) // the time lag that a group may have, of any group that somebody declared; 0: not said. Nil: nobody says

	// Saves says for which groups somebody saves whether the times in records agree with arrivals; nil: for none.
	Saves func(group string) bool
	// Trusted says whether they did before this process began; nil: nobody knows.
	Trusted func(topic string, id [16]byte) bool

	// Reads says which groups are read at all; nil: all. The others are those of other shards.
	Reads func(group string) bool
}

// PastEnd is the end of a partition's log at a time before it was first read, as its leader says.
type PastEnd struct {
	Topic     string
	Partition int32
	At        int64 // Unix milliseconds
	End       int64
	Margin    time.Duration // what At may be wrong by, because clocks differ
}

// ForeignAddress is an address of this cluster, among its bootstrap addresses or in its metadata, at which another cluster
// answers: for example because the address was given to another machine.
type ForeignAddress struct {
	Address   string // HOST:PORT
	ClusterID string // of the other cluster
}

// RequestCount says how often an API was called.
type RequestCount struct {
	API   string
	Count int64
}

// Broker is a node of the cluster as Metadata lists it.
type Broker struct {
	ID   int32
	Host string
	Port int32
	Rack string
}

// address is HOST:PORT; the host of an IPv6 address is in brackets.
func (b Broker) address() string {
	host := b.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(b.Port))
}

// GroupRead is one group as one poll found it.
type GroupRead struct {
	GroupState
	Protocol        string        // protocol type: "consumer", "connect", … ; empty for a simple consumer
	Assignor        string        // partition assignor, such as "range"; empty when unknown
	Generation      int32         // classic; derived from its members, see [NoGeneration]
	Epoch           int32         // KIP-848, share and streams: the group epoch
	AssignmentEpoch int32         // the epoch of the assignment that the members move to
	Members         []Member      // sorted by ID
	Subtopologies   []Subtopology // Kafka Streams, sorted by ID; nil: not known
	Commits         []TopicCommits
	CommitsAt       time.Time // when the committed offsets were read
	MaxMembers      int32     // share groups: that its coordinator admits; 0: not known
	ReadCommitted   bool      // configured: its end is the last stable offset
	Err             ErrorCode // why state, members or commits are missing; OK when all were read
	Described       bool      // members are as the coordinator has them now (of a classic group it returns them only while Stable)
}

// MaxOffset is above every offset that a partition can have: a million records a second for 35 years. A greater one in an answer is
// no offset; sums and differences of it would be wrong.
const MaxOffset = int64(1) << 50

// NoGeneration is the generation, or epoch, of a group or member that has none, or does not send it.
const NoGeneration int32 = -1

// Member is one consumer of a group. Assignments are sorted by topic, then partition.
type Member struct {
	ID         string
	InstanceID string // static membership; empty when dynamic
	ClientID   string
	Host       string
	Rack       string
	Generation int32    // classic: from subscription metadata v2+, the last one it was in; else NoGeneration
	Epoch      int32    // KIP-848: the member's epoch; else NoGeneration
	Topics     []string // subscribed, sorted; nil when unknown
	Pattern    string   // KIP-848: subscribed regular expression
	Assigned   []TopicPartitions
	Target     []TopicPartitions // KIP-848: the assignment it moves to, when that differs
}

// equalMembers reports whether nothing differs between two lists of members.
func equalMembers(a, b []Member) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].equal(&b[i]) {
			return false
		}
	}
	return true
}

func (m *Member) equal(o *Member) bool {
	return m.ID == o.ID && m.InstanceID == o.InstanceID && m.ClientID == o.ClientID && m.Host == o.Host && m.Rack == o.Rack && m.Pattern == o.Pattern &&
		m.Generation == o.Generation && m.Epoch == o.Epoch &&
		(m.Topics == nil) == (o.Topics == nil) && slices.Equal(m.Topics, o.Topics) &&
		(m.Assigned == nil) == (o.Assigned == nil) && slices.EqualFunc(m.Assigned, o.Assigned, TopicPartitions.equal) &&
		(m.Target == nil) == (o.Target == nil) && slices.EqualFunc(m.Target, o.Target, TopicPartitions.equal)
}

func (t TopicPartitions) equal(o TopicPartitions) bool {
	return t.Topic == o.Topic && slices.Equal(t.Partitions, o.Partitions)
}

// MemberName is the client id and the host of a member, such as worker-1@10.0.0.7; empty if neither is known.
func MemberName(client, host string) string {
	host = strings.TrimPrefix(host, "/") // brokers send /10.0.0.7
	if client == "" || host == "" {
		return client + host
	}
	return client + "@" + host
}

// Subtopology is a part of a Kafka Streams application. Every task of it reads one partition of each of its topics: a join of
// two topics with 12 partitions is one subtopology with 12 tasks; two such topics that are processed separately are two
// subtopologies with 24 tasks.
type Subtopology struct {
	ID     string
	Topics []string // that it reads, sorted; repartition topics included
}

// TopicPartitions is a set of partitions of one topic, sorted.
type TopicPartitions struct {
	Topic      string
	Partitions []int32
}

// TopicCommits are a group's committed offsets of one topic, sorted by partition.
type TopicCommits struct {
	Topic      string
	Partitions []PartitionCommit
}

// PartitionCommit is a committed offset: the next offset the group will read.
// A partition that has no commit is not listed.
type PartitionCommit struct {
	Offset    int64
	Lag       int64 // share groups on 4.2+: as the broker computed it, when KnownLag is set
	Partition int32
	Evidence  Evidence // NoData, if the headers of batches were looked at
	Known     Known    // KnownCommitted unless Err is set, KnownLag for share groups whose broker returns it
	Err       ErrorCode
}

// TopicRead is one topic's metadata and offsets.
type TopicRead struct {
	Name       string
	ID         [16]byte // zero when the broker has no topic ids
	Err        ErrorCode
	Internal   bool
	Partitions []PartitionRead // index is the partition
	More       ErrorCode       `json:",omitempty"` // why it is not known whether there are more partitions; OK: there are none
}

// PartitionRead is one partition's leader and offsets. An offset is known when its bit in Known is set.
type PartitionRead struct {
	Start, End, Stable int64 // log start, high watermark, last stable offset
	At                 int64 // when End was answered, in milliseconds: only differences of the same source have a meaning
	Leader             int32 // -1: none
	LeaderEpoch        int32
	Replicas, InSync   int16
	Known              Known
	Err                ErrorCode
}

// Known is a set of offsets that were answered.
type Known uint8

// The offsets a poll may know of a partition.
const (
	KnownStart Known = 1 << iota
	KnownCommitted
	KnownEnd
	KnownStable
	KnownLag // share groups: the broker's own lag
)

// Has reports whether all of want are known.
func (k Known) Has(want Known) bool { return k&want == want }
