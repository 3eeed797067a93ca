package learn

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/standby"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// MemoryVersion is the format of a saved Memory. A Memory of another version is not loaded.
const MemoryVersion = 1

// Memory is everything that a scaler has learned and that is saved. It is a value; the zero value knows nothing.
type Memory struct {
	Version int         `json:"version"`
	Startup []float64   `json:"startupSeconds,omitempty"` // from a write until three quarters of the new replicas had joined; the last 20
	Downs   []time.Time `json:"downs,omitempty"`          // steps down in the last hour
	Sources []Source    `json:"sources,omitempty"`        // sorted by cluster, then group
	Week    Week        `json:"week"`                     // for compare

	Asleep asleep.State `json:"asleep,omitzero"` // of a target at zero; a KafkaScaler's status has it, too
	Given  *Given       `json:"given,omitempty"` // to another autoscaler; nil: nothing yet, or long ago

	Breaker breaker.State `json:"breaker,omitzero"` // of steps down

	Pairs    []standby.Pair    `json:"pairs,omitempty"`   // clusters of which one stands by
	Packed   string            `json:"packed,omitempty"`  // only of a saved memory: what is apart, see pack
	Bill     bill.Account      `json:"bill,omitzero"`     // replica hours and late records of the last week
	Timeline timeline.Timeline `json:"timeline,omitzero"` // decisions and rebalances of the last week
}

// Given is the number of replicas that another autoscaler was given last.
type Given struct {
	Replicas int32     `json:"replicas"`
	At       time.Time `json:"at"` // of the decision
}

// GivenFor is how long a number that was given counts: after it, others may have set the replicas for their own reasons.
const GivenFor = time.Hour

// Source is the part of a Memory that belongs to one group.
type Source struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`

	ClusterID string `json:"clusterId,omitempty"` // of the Kafka cluster that was read: another one is refused after a restart

	Declared    float64   `json:"declared,omitempty"`    // records/s of one consumer, as the user says
	PerConsumer float64   `json:"perConsumer,omitempty"` // records/s of one consumer, as learned; 0: not yet
	Seen        float64   `json:"seen,omitempty"`        // the most one was seen to do: a lower bound
	RaisedAt    time.Time `json:"raisedAt,omitzero"`     // beginning of the hour in which PerConsumer at most doubles
	RaisedFrom  float64   `json:"raisedFrom,omitempty"`  // PerConsumer then
	Best        float64   `json:"best,omitempty"`        // the best one did for long, slowly forgotten
	BestAt      time.Time `json:"bestAt,omitzero"`       // forgotten up to here
	BestAtN     int32     `json:"bestAtN,omitempty"`     // consumers there were then

	InPods         []Ratio   `json:"inPods,omitempty"`         // members in most pods, where they are told apart: the least of the last hour first, the last one last
	Ratios         []Ratio   `json:"ratios,omitempty"`         // members for each ready replica, the least of the last hour first
	Elsewhere      int32     `json:"elsewhere,omitempty"`      // members elsewhere that steps down count on
	ElsewhereKnown bool      `json:"elsewhereKnown,omitempty"` // they were counted once
	Session        float64   `json:"sessionSeconds,omitempty"` // the longest that a member outlived its pod
	SessionAt      time.Time `json:"sessionAt,omitzero"`       // when that was

	Place Place `json:"place,omitzero"` // of members in another place

	Unread Unread `json:"unread,omitzero"` // partitions of removed replicas

	Rebalances []float64         `json:"rebalanceSeconds,omitempty"` // the last 20
	Residual   []ResidualFloor   `json:"residual,omitempty"`         // of older builds with the same format version: read, and not used
	Commits    lag.Habits        `json:"commits,omitempty"`          // of the group, by topic
	Left       []LeftTopic       `json:"left,omitempty"`             // topics that the group has left, sorted
	Times      []lag.RecordTimes `json:"times,omitempty"`            // whether the times in records agree with arrivals, by topic
	Season     Season            `json:"season"`
	Rhythm     Rhythm            `json:"rhythm,omitzero"` // the time after which the arrivals repeat themselves

	BrokenJumps  float64 `json:"brokenJumps,omitempty"`  // share of the last jumps that did not last, smoothed
	BrokenTrends float64 `json:"brokenTrends,omitempty"` // share of the last trends that did not go on, smoothed

	Speeds Speeds `json:"speeds,omitzero"` // of consumers, window by window

	Packed string `json:"packed,omitempty"` // only of a saved memory: lists, see pack

	Promise promise.Play `json:"promise,omitzero"` // fleets with more and less room, and what they would have cost

	Downstream *Downstream `json:"downstream,omitempty"`
	NoProbe    time.Time   `json:"noProbe,omitzero"` // no experiment before this

	Trial   *Trial    `json:"trial,omitempty"`
	NoTrial time.Time `json:"noTrial,omitzero"` // none begins before this
	BusyAt  time.Time `json:"busyAt,omitzero"`  // when consumers were busy all the time, so that they showed their capacity
	Back    int32     `json:"back,omitempty"`   // consumers before the trial that failed
	BackAt  time.Time `json:"backAt,omitzero"`  // when it did
}

// ResidualFloor is what older builds took for transaction markers: one or two offsets that stood for five minutes. A consumer
// that is stuck on as many records leaves the same, so it is no evidence any more.
type ResidualFloor struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Records   int8   `json:"records"` // 1 or 2
}

// Save is the part of the memory that outlives the process, as JSON.
func (m Memory) Save() ([]byte, error) {
	m, err := m.toSave()
	if err != nil {
		return nil, fmt.Errorf("save memory: %w", err)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("save memory: %w", err)
	}
	return data, nil
}

// Load reads a Memory that Save wrote. It fails on another version, and on values that Save cannot have written.
func Load(data []byte) (Memory, error) {
	var m Memory
	if err := json.Unmarshal(data, &m); err != nil {
		return Memory{}, fmt.Errorf("load memory: %w", err)
	}
	if m.Version != MemoryVersion {
		return Memory{}, fmt.Errorf("load memory: version %d, want %d", m.Version, MemoryVersion)
	}
	if err := m.unpack(); err != nil {
		return Memory{}, fmt.Errorf("load memory: %w", err)
	}
	slices.SortFunc(m.Downs, time.Time.Compare) // their order of the wall clock, which may have been set back between two of them
	if err := m.check(); err != nil {
		return Memory{}, fmt.Errorf("load memory: %w", err)
	}
	return m, nil
}

// check refuses numbers that cannot have been learned: they would lead to wrong decisions.
func (m *Memory) check() error {
	if err := m.Breaker.Check(); err != nil {
		return err
	}
	for _, p := range m.Pairs {
		if p.Active > standby.Standby {
			return fmt.Errorf("%d is no side of the clusters %q and %q", p.Active, p.For, p.Cluster)
		}
	}
	if !slices.IsSortedFunc(m.Sources, compare) {
		return errors.New("not sorted")
	}
	numbers := slices.Clone(m.Startup)
	if m.Given != nil {
		numbers = append(numbers, float64(m.Given.Replicas))
	}
	for i := range m.Sources {
		s := &m.Sources[i]
		if i > 0 && compare(m.Sources[i-1], *s) == 0 {
			return fmt.Errorf("group %q of cluster %q twice", s.Group, s.Cluster)
		}
		numbers = append(numbers, s.numbers()...)
		if err := s.Commits.Check(); err != nil {
			return err
		}
		if !slices.IsSortedFunc(s.Left, func(a, b LeftTopic) int { return strings.Compare(a.Topic, b.Topic) }) {
			return errors.New("topics that were left not sorted")
		}
		if s.Rhythm.Period < 0 || s.Rhythm.Period > 24*time.Hour || s.Rhythm.At < 0 {
			return fmt.Errorf("a period of %v, looked for at step %d, cannot have been found", s.Rhythm.Period, s.Rhythm.At)
		}
		for _, share := range []float64{s.BrokenJumps, s.BrokenTrends, s.Place.Share} {
			if share < 0 || share > 1 {
				return fmt.Errorf("%v is no share", share)
			}
		}
	}
	for _, v := range numbers {
		if v < 0 || v > mostLearned {
			return fmt.Errorf("%v is no rate or time", v)
		}
	}
	return nil
}

// numbers are the rates, times and counts of a source.
func (s *Source) numbers() []float64 {
	numbers := append(slices.Clone(s.Rebalances), s.Declared, s.PerConsumer, s.Seen, s.RaisedFrom, s.Best,
		float64(s.Elsewhere), s.Session, s.Unread.Seconds, s.Place.Learned)
	for _, r := range slices.Concat(s.InPods, s.Ratios) {
		numbers = append(numbers, float64(r.Members))
	}
	if d := s.Downstream; d != nil {
		numbers = append(numbers, d.Cap, d.Did, d.Best, float64(d.AtN), float64(d.CapN))
	}
	numbers = append(numbers, float64(s.Back))
	if t := s.Trial; t != nil {
		numbers = append(numbers, t.Capacity, t.Late, float64(t.From), float64(t.To))
	}
	numbers = append(numbers, s.Speeds.numbers()...)
	for _, t := range s.Left {
		numbers = append(numbers, t.Rested)
	}
	for _, t := range s.Times {
		numbers = append(numbers, float64(t.Agreed))
	}
	return numbers
}

// mostLearned bounds every number that is learned: a thousand times the capacity of any consumer.
const mostLearned = 1e12

func compare(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Group, b.Group))
}

func find(list []Source, cluster, group string) (int, bool) {
	if len(list) > 0 && list[0].Cluster == cluster && list[0].Group == group { // most scalers have one
		return 0, true
	}
	return slices.BinarySearchFunc(list, Source{Cluster: cluster, Group: group}, compare)
}
