package learn

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/standby"
)

// mostFull are the bytes of a memory in which everything is full, so that 38 of them fit into a ConfigMap.
const mostFull = 27 << 10

// worstPartitions are the partitions of the source whose memory is full: so many may have a rest, and a commit that stands.
const worstPartitions = 48

// full fills whatever the memory of a scaler with one source may keep beside what a week of polls leaves, with times and numbers of which no
// two are the same.
func full(m *Memory, now time.Time, r *rand.Rand) {
	at := func() time.Time { return now.Add(-time.Duration(r.IntN(3600_000)) * time.Millisecond).UTC() }
	number := func() float64 { return 1000 * r.Float64() }
	const topic = "shop.payments.orders-v2"
	m.Asleep = asleep.State{Since: at(), Intent: at(), ByHand: at(), WaitingSince: at()}
	mark := asleep.Mark{
		Cluster: "production-eu-1", Group: "orders", Topic: topic, ID: "0123456789abcdef0123456789abcdef", Ends: r.Int64N(1e15), Starts: r.Int64N(1e15),
		Uncommitted: worstPartitions, Read: r.Int64N(1e15), Committed: worstPartitions, Pending: true, Partitions: "0,2,4,6,8,10-20,30-47",
	}
	m.Asleep.Marks, m.Asleep.Woken = []asleep.Mark{mark}, []asleep.Mark{mark}
	m.Given = &Given{Replicas: 31, At: at()}
	counted := func() breaker.Counted { return breaker.Counted{At: at(), From: r.Int32N(99), To: r.Int32N(99)} }
	step := func() *breaker.Step {
		return &breaker.Step{
			At: at(), From: 48, To: 24, Pause: number(), Trial: true, WholeAt: at(), SeenAt: at(), Late: true, UndoneAt: at(),
			MadeFor: []breaker.Rate{{Cluster: "production-eu-1", Group: "orders", PerSecond: number()}},
		}
	}
	m.Breaker = breaker.State{
		Proposed: step(), Step: step(), Late: []breaker.Counted{counted(), counted(), counted()}, Level: 5, Clean: at(),
		Undone: []breaker.Counted{counted(), counted(), counted(), counted()},
		Stop:   breaker.Stop{Since: at(), Until: at(), Cause: breaker.MadeLate, Steps: 3, Last: counted(), Well: 48},
		Fleet:  breaker.Stop{Since: at(), Until: at(), Cause: breaker.MadeLate, Steps: 3, Last: counted(), Well: 48},
	}
	m.Pairs = []standby.Pair{{Cluster: "production-eu-2", Group: "orders", For: "production-eu-1", Active: standby.Standby, Had: [2]bool{true, true}, Both: at()}}
	for range 6 {
		m.Downs = append(m.Downs, at())
	}
	s := &m.Sources[0]
	s.ClusterID, s.Declared, s.PerConsumer, s.Seen, s.RaisedAt, s.RaisedFrom = "MkU3OEVBNTcwNTJENDM2Qg", number(), number(), number(), at(), number()
	s.Best, s.BestAt, s.BestAtN, s.Elsewhere, s.ElsewhereKnown, s.Session, s.SessionAt = number(), at(), 47, 3, true, number(), at()
	s.Place = Place{Share: r.Float64(), Learned: number(), At: at(), Gone: at(), Back: at(), Alone: true}
	s.Unread = Unread{Seconds: number(), Until: at(), Ended: true, Processed: true}
	for range 12 {
		s.InPods, s.Ratios = append(s.InPods, Ratio{4, at()}), append(s.Ratios, Ratio{4, at()})
	}
	habits := lag.TopicHabits{Topic: topic, Reached: true, Transactions: true, Within: time.Minute, WithinAt: at(), Intervals: []int64{5001, 4999, 5003}, Partial: true}
	for p := range int32(worstPartitions) {
		habits.Transacted = append(habits.Transacted, p)
		habits.Read = append(habits.Read, lag.ReadRest{Partition: p, Committed: r.Int64N(1e9), End: r.Int64N(1e9)})
		habits.Stuck = append(habits.Stuck, lag.StuckCommit{Partition: p, Committed: r.Int64N(1e9)})
	}
	for k := range 8 {
		habits.Passed = append(habits.Passed, lag.PassedRest{Records: int64(k + 1), Passes: r.IntN(1000)})
	}
	for range 3 {
		habits.Stands = append(habits.Stands, lag.SeenStand{Took: time.Duration(r.Int64N(1e11)), At: at()})
	}
	s.Commits = lag.Habits{habits}
	s.Left = []LeftTopic{{Topic: topic + "-old", Since: at(), Rested: number(), Orphaned: true, ReadAt: at(), GrewAt: at()}}
	s.Times = []lag.RecordTimes{{Topic: topic, ID: "0123456789abcdef0123456789abcdef", Agreed: 99, Since: at(), At: at()}}
	s.BrokenJumps, s.BrokenTrends = 0.37, 0.61
	window := func() Speed {
		from := at().Unix()
		return Speed{From: from, At: from + 28 + r.Int64N(5), PerSecond: fourDigits(1 + number()), Consumers: r.Int32N(48)}
	}
	for range mostBusy {
		s.Speeds.Busy = append(s.Speeds.Busy, window())
	}
	for range mostBest {
		s.Speeds.Best = append(s.Speeds.Best, window())
	}
	s.Rhythm = Rhythm{Period: 3 * time.Hour, Reliant: true, At: stepOf(now)}
	s.Season.Skill = [3]Accuracy{{r.Float64(), r.Float64()}, {r.Float64(), r.Float64()}, {r.Float64(), r.Float64()}}
	s.Downstream = &Downstream{number(), 48, 19, number(), number(), at()}
	s.NoProbe, s.NoTrial, s.BusyAt, s.Back, s.BackAt = at(), at(), at(), 24, at()
	s.Trial = &Trial{Capacity: number(), From: 24, To: 16, Late: number(), Rate: number(), Began: at(), Stepped: at()}
}

// filled names the fields of the memory that are empty. Those of older versions are not written.
func filled(v reflect.Value, path string) (empty []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := path + f.Name; f.IsExported() && v.Field(i).IsZero() && name != "Source.Residual" {
			empty = append(empty, name)
		}
	}
	return empty
}

// The memory of a source is at most mostFull when saved, with everything in it that may be at once: a week of traffic that never rests, a
// play of all rooms, the bill, the timeline, each of 48 partitions with a rest and a commit that stands, a stop, a trial. A week of such
// traffic alone is at most 16 KB: TestMemoryIsSmall. A field that comes later has to be filled here, too.
func TestAFullMemoryIsSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m, at := aWeek(r)
	full(&m, at, r)
	if empty := append(filled(reflect.ValueOf(m), "Memory."), filled(reflect.ValueOf(m.Sources[0]), "Source.")...); len(empty) > 0 {
		t.Errorf("not filled: %v", empty)
	}
	data, err := m.Save()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(data), "bytes", parts(t, data))
	if len(data) > mostFull {
		t.Errorf("%d bytes", len(data))
	}
	back, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Sources[0].Speeds, m.Sources[0].Speeds) {
		t.Errorf("speeds %+v were saved, %+v loaded", m.Sources[0].Speeds, back.Sources[0].Speeds)
	}
}

// parts are the bytes of each part of a saved memory, and of its source.
func parts(t *testing.T, data []byte) map[string]int {
	sizes, memory, sources := map[string]int{}, map[string]json.RawMessage{}, []map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &memory); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(memory["sources"], &sources); err != nil {
		t.Fatal(err)
	}
	for name, part := range memory {
		sizes[name] = len(part)
	}
	for name, part := range sources[0] {
		sizes["sources."+name] = len(part)
	}
	return sizes
}
