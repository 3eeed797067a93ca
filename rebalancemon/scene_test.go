package rebalancemon_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const group = "orders"

// scene is the cluster a story plays in.
type scene struct {
	epoch    time.Time
	kind     lag.GroupType
	assignor string
	ends     map[string]int64 // by partition; committed unless stated otherwise
	commits  map[string]int64
	owners   map[string]int32 // index of the member
}

func newScene() scene {
	return scene{
		epoch: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), kind: lag.Classic, assignor: "range",
		ends: map[string]int64{}, commits: map[string]int64{}, owners: map[string]int32{},
	}
}

func (s *scene) time(at time.Duration) time.Time { return s.epoch.Add(at) }

// span reads "4s" or "4s..9s".
func span(text string) (from, to time.Duration, err error) {
	first, last, ranged := strings.Cut(text, "..")
	if !ranged {
		last = first
	}
	if from, err = time.ParseDuration(first); err != nil {
		return 0, 0, fmt.Errorf("the time: %w", err)
	}
	if to, err = time.ParseDuration(last); err != nil {
		return 0, 0, fmt.Errorf("the time: %w", err)
	}
	return from, to, nil
}

// state reads "Stable" or "Stable@2", 2 being the coordinator.
func (s *scene) state(at time.Duration, text string) lag.GroupState {
	name, broker, moved := strings.Cut(text, "@")
	g := lag.GroupState{At: s.time(at), Group: group, Type: s.kind, State: lag.State(name), Coordinator: 1}
	if moved {
		n, _ := strconv.Atoi(broker)
		g.Coordinator = int32(n)
	}
	return g
}

func (s *scene) sample(at time.Duration, text string) lag.Sample {
	sample := lag.Sample{Cluster: "main", At: s.time(at)}
	switch text {
	case "unlisted":
	case "refused":
		sample.Errors = []lag.ReadError{{Stage: lag.StageList, Broker: 1, Code: lag.CoordinatorLoading}}
	default:
		sample.Groups = []lag.GroupState{s.state(at, text)}
	}
	return sample
}

// poll reads "STATE [gen=N|epoch=N/M] MEMBER…".
func (s *scene) poll(at time.Duration, words []string) (*lag.Snapshot, error) {
	snap := &lag.Snapshot{Cluster: "main", Began: s.time(at), At: s.time(at)}
	if words[0] == "failed" {
		snap.Groups = []lag.GroupLag{{GroupState: s.state(at, "Stable"), Err: lag.Unreachable, Missed: 1, Described: true}}
		return snap, nil
	}
	g := lag.GroupLag{
		GroupState: s.state(at, words[0]), Protocol: "consumer", Assignor: s.assignor, ReadAt: s.time(at),
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
	}
	clear(s.owners)
	g.Described = s.kind != lag.Classic || g.State == lag.Stable
	for _, word := range words[1:] {
		if err := s.word(&g, word); err != nil {
			return nil, err
		}
	}
	g.Topics = s.topics()
	snap.Groups = []lag.GroupLag{g}
	return snap, nil
}

func (s *scene) word(g *lag.GroupLag, word string) error {
	if n, ok := strings.CutPrefix(word, "gen="); ok {
		_, err := fmt.Sscan(n, &g.Generation)
		return err
	}
	if n, ok := strings.CutPrefix(word, "epoch="); ok {
		group, assignment, _ := strings.Cut(n, "/")
		_, err := fmt.Sscan(group+" "+assignment, &g.Epoch, &g.AssignmentEpoch)
		return err
	}
	return s.member(g, word)
}

// member reads "NAME[/ID][*][^EPOCH][(TOPIC,…)][:PARTITION,…[+|!]]". The name is the client id; * makes it static.
// + says that its partitions moved since the poll before, ! that records wait and nothing moved.
func (s *scene) member(g *lag.GroupLag, word string) error {
	name, held, _ := strings.Cut(word, ":")
	m := lag.Member{Host: "/10.0.0.1", Generation: lag.NoGeneration, Epoch: g.AssignmentEpoch, Topics: []string{"t"}}
	if i := strings.IndexByte(name, '('); i >= 0 {
		m.Topics = strings.Split(strings.Trim(name[i:], "()"), ",")
		name = name[:i]
	}
	if before, epoch, ok := strings.Cut(name, "^"); ok {
		name = before
		if _, err := fmt.Sscan(epoch, &m.Epoch); err != nil {
			return fmt.Errorf("the member's epoch: %w", err)
		}
	}
	name, static := strings.CutSuffix(name, "*")
	name, id, other := strings.Cut(name, "/")
	m.ClientID, m.ID = name, name
	if other {
		m.ID = id
	}
	if static {
		m.InstanceID = name
	}
	g.Members = append(g.Members, m)
	if held == "" {
		return nil
	}
	return s.hold(g, held)
}

func (s *scene) hold(g *lag.GroupLag, held string) error {
	m := &g.Members[len(g.Members)-1]
	bare := strings.TrimRight(held, "+!")
	for _, p := range strings.Split(bare, ",") {
		topic := "t"
		if p[0] > '9' {
			topic, p = p[:1], p[1:]
		}
		n, err := strconv.ParseInt(p, 10, 32)
		if err != nil {
			return fmt.Errorf("the partition: %w", err)
		}
		s.read(topic+p, held[len(bare):])
		m.Assigned = assign(m.Assigned, topic, int32(n))
		s.owners[topic+p] = int32(len(g.Members) - 1)
	}
	return nil
}

// topics are the rows of every partition that was ever held.
func (s *scene) topics() []lag.TopicLag {
	keys := make([]string, 0, len(s.ends))
	for key := range s.ends {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var rows []lag.TopicLag
	for _, key := range keys {
		topic, n := key[:1], key[1:]
		if len(rows) == 0 || rows[len(rows)-1].Topic != topic {
			rows = append(rows, lag.TopicLag{Topic: topic})
		}
		number, _ := strconv.Atoi(n)
		owner, owned := s.owners[key]
		if !owned {
			owner = -1
		}
		row := &rows[len(rows)-1].Partitions
		*row = append(*row, lag.PartitionLag{
			Partition: int32(number), Owner: owner, Committed: s.commits[key], End: s.ends[key],
			Known: lag.KnownStart | lag.KnownCommitted | lag.KnownEnd,
		})
	}
	return rows
}

// read moves the offsets of a partition on.
func (s *scene) read(partition, how string) {
	switch how {
	case "+":
		s.ends[partition] += 10
		s.commits[partition] += 10
	case "!":
		s.ends[partition] += 10
	default:
		s.ends[partition] = max(s.ends[partition], 1)
		s.commits[partition] = s.ends[partition]
	}
}

func assign(held []lag.TopicPartitions, topic string, n int32) []lag.TopicPartitions {
	for i := range held {
		if held[i].Topic == topic {
			held[i].Partitions = append(held[i].Partitions, n)
			return held
		}
	}
	return append(held, lag.TopicPartitions{Topic: topic, Partitions: []int32{n}})
}
