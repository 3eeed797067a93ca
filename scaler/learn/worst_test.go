package learn

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/packed"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/standby"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// mostFull are the bytes of a memory of a source in which everything is full.
const mostFull = 16_000

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
		committed := r.Int64N(1e9)
		habits.Read = append(habits.Read, lag.ReadRest{Partition: p, Committed: committed, End: committed + 1 + r.Int64N(8)})
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

// filled names the fields of the memory that are empty. Those of older versions are not written, and those of a saved memory are its packed
// parts.
func filled(v reflect.Value, path string) (empty []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := path + f.Name; f.IsExported() && v.Field(i).IsZero() && name != "Source.Residual" && f.Name != "Packed" {
			empty = append(empty, name)
		}
	}
	return empty
}

// The memory of a source is at most mostFull when saved, with everything in it that may be at once: a week of traffic that never rests, a
// play of all rooms, the bill, the timeline, each of 48 partitions with a rest and a commit that stands, a stop, a trial. A field that
// comes later has to be filled here, too.
func TestAFullMemoryIsSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m, at := aWeek(r)
	full(&m, at, r)
	if empty := append(filled(reflect.ValueOf(m), "Memory."), filled(reflect.ValueOf(m.Sources[0]), "Source.")...); len(empty) > 0 {
		t.Errorf("not filled: %v", empty)
	}
	back := saveSmall(t, m)
	was, is := m.Sources[0], back.Sources[0]
	was.Commits, is.Commits = slices.Clone(was.Commits), slices.Clone(is.Commits)
	was.Commits[0].Stuck, is.Commits[0].Stuck = nil, nil // they may be left out: they are known again after two minutes
	for name, pair := range map[string][2]any{
		"speeds": {was.Speeds, is.Speeds}, "commits": {was.Commits, is.Commits}, "ratios": {was.Ratios, is.Ratios}, "pods": {was.InPods, is.InPods},
		"left": {was.Left, is.Left}, "trial": {was.Trial, is.Trial}, "place": {was.Place, is.Place},
		"breaker": {m.Breaker, back.Breaker}, "asleep": {m.Asleep, back.Asleep}, "pairs": {m.Pairs, back.Pairs}, "given": {m.Given, back.Given},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %+v were saved, %+v loaded", name, pair[0], pair[1])
		}
	}
	for k, points := range [][2][]Point{{was.Season.Maxima.Points(), is.Season.Maxima.Points()}, {m.Week.thinned().Rate.Points(), back.Week.Rate.Points()}} {
		if len(points[0]) != len(points[1]) {
			t.Fatalf("%d points, then %d", len(points[0]), len(points[1]))
		}
		for i, p := range points[0] {
			if math.Abs(points[1][i].Value/p.Value-1) > []float64{0.01, 0.015}[k] {
				t.Fatalf("%v was saved, %v loaded", p, points[1][i])
			}
		}
	}
}

// Older builds saved the lists one by one, and series as differences of sixteen bits: both are read.
func TestMemoryOfBuildsBeforeIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m, at := aWeek(r)
	full(&m, at, r)
	data, err := json.Marshal(m) // nothing is packed
	if err != nil {
		t.Fatal(err)
	}
	back, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	was, is := m.Sources[0], back.Sources[0]
	if !reflect.DeepEqual(was.Commits, is.Commits) || !reflect.DeepEqual(was.Ratios, is.Ratios) || !reflect.DeepEqual(m.Breaker, back.Breaker) || !reflect.DeepEqual(m.Asleep, back.Asleep) {
		t.Error("not all of it is there")
	}
	var raw []byte
	last, series := uint16(0), was.Season.Maxima
	for _, c := range series.codes {
		raw, last = binary.LittleEndian.AppendUint16(raw, c-last), c
	}
	text, err := packed.Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	var old Series
	if err := json.Unmarshal(fmt.Appendf(nil, `{"end":%d,"codes":%q}`, series.end, text), &old); err != nil || !reflect.DeepEqual(old, series) {
		t.Errorf("a series: %v", err)
	}
}

// saveSmall saves a memory with one source, which has to be small, also when it is saved again, and loads it.
func saveSmall(t *testing.T, m Memory) Memory {
	t.Helper()
	back := m
	for range 2 {
		data, err := back.Save()
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > mostFull {
			t.Fatal(len(data), "bytes", parts(data))
		}
		t.Log(len(data), "bytes", parts(data))
		if back, err = Load(data); err != nil {
			t.Fatal(err)
		}
	}
	return back
}

// Whatever was learned, and however often: the memory of a source is at most mostFull when saved.
func TestAnyMemoryIsSmall(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC)
		m := Memory{Version: MemoryVersion, Sources: []Source{{Cluster: "main", Group: "orders", Promise: anyPlay(t, r, now)}}, Bill: anyBill(t, r, now)}
		full(&m, now, r)
		for range durationsKept {
			m.Startup, m.Sources[0].Rebalances = append(m.Startup, 60*r.Float64()), append(m.Sources[0].Rebalances, 20*r.Float64())
		}
		noise := anyNoise(r)
		for _, s := range []*Series{&m.Sources[0].Season.Maxima, &m.Week.Rate, &m.Week.Actual, &m.Week.Desired, &m.Week.Late} {
			for range seriesMost {
				s.codes = append(s.codes, uint16(r.IntN(noise)))
			}
			s.end = stepOf(now)
		}
		habits := m.Sources[0].Commits[0]
		topics, partitions := 1+r.IntN(30), int32(1+r.IntN(300))
		m.Sources[0].Commits, m.Sources[0].Left, m.Sources[0].Times = nil, nil, nil
		for i := range topics {
			one := habits
			one.Topic, one.Transacted, one.Read, one.Stuck = fmt.Sprintf("%s-%03d", habits.Topic, i), nil, nil, nil
			for p := range partitions {
				one.Transacted = append(one.Transacted, p)
				one.Read = append(one.Read, lag.ReadRest{Partition: p, Committed: r.Int64N(1e12), End: r.Int64N(1e12)})
				one.Stuck = append(one.Stuck, lag.StuckCommit{Partition: p, Committed: r.Int64N(1e12)})
			}
			m.Sources[0].Commits = append(m.Sources[0].Commits, one)
			m.Sources[0].Left = append(m.Sources[0].Left, LeftTopic{Topic: one.Topic + "-old", Since: now, Rested: r.Float64()})
			m.Sources[0].Times = append(m.Sources[0].Times, lag.RecordTimes{Topic: one.Topic, ID: fmt.Sprintf("%032x", r.Uint64()), Agreed: r.IntN(99), Since: now, At: now})
		}
		for i := range 300 {
			at := now.Add(time.Duration(i-300) * time.Duration(1+r.IntN(30)) * time.Minute)
			d := timeline.Decision{At: at, From: r.Int32N(1000), To: r.Int32N(1000), Reason: fmt.Sprintf("Reason%d", r.IntN(30))}
			rebalance := timeline.Rebalance{Group: fmt.Sprintf("group-%d", r.IntN(5)), End: at, Took: time.Duration(r.Int64N(1e12)), Cause: fmt.Sprintf("cause%d", r.IntN(9))}
			m.Timeline = m.Timeline.Next(timeline.Poll{Now: now, Decision: &d, Rebalances: []timeline.Rebalance{rebalance}})
		}
		if back := saveSmall(t, m); len(back.Sources[0].Commits) == 0 {
			t.Errorf("seed %d: nothing is left of the commits", seed)
		}
	}
}

// anyNoise is how many values a number has: few as often as many.
func anyNoise(r *rand.Rand) int { return 1 << r.IntN(17) }

// anyPlay is a play with totals of any size, in the form in which older builds saved it.
func anyPlay(t *testing.T, r *rand.Rand, now time.Time) (p promise.Play) {
	var rows []string
	noise := anyNoise(r)
	for i, target := range []time.Duration{45, 45, 10, 30, 60, 120, 300, 600} {
		codes := make([]byte, 0, 2000)
		for range 5*len(promise.Rooms)*3 + 12 + 25 {
			codes = binary.LittleEndian.AppendUint16(codes, uint16(r.IntN(noise)))
		}
		text, err := packed.Pack(codes)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf(`{"targetLag":%d,"fastStarts":%v,"last":%d,"seconds":[86400,86399,86401,86400,%d],"arrived":[%d,%d,%d,%d,%d],"step":%d,"codes":%q}`,
			target*time.Second, i == 1, now.Unix()/86400, r.Int64N(86400), r.Int64N(1e15), r.Int64N(1e15), r.Int64N(1e15), r.Int64N(1e15), r.Int64N(1e15), now.Unix()/300, text))
	}
	day := `{"day":20000,"seconds":86390.123,"judged":123456789012,"late":123456789,"playedOf":123456789012.345,"playedLate":1234567.891}`
	text := fmt.Sprintf(`{"inForce":{"room":7,"since":"2026-01-11T00:00:00Z"},"days":[%s,%s,%s,%s],"rows":[%s]}`, day, day, day, day, strings.Join(rows, ","))
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if !p.Known() {
		t.Fatal("no play")
	}
	return p
}

// anyBill is an account of a week with sums of any size.
func anyBill(t *testing.T, r *rand.Rand, now time.Time) (a bill.Account) {
	noise := min(anyNoise(r), math.MaxUint16)
	var raw []byte
	for column := range 9 {
		last := int64(0)
		for range bill.Week {
			code := int64(r.IntN(noise))
			if column < 3 {
				code = r.Int64N(3601)
			}
			raw, last = binary.AppendVarint(raw, code-last), code
		}
	}
	text, err := packed.Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	saved := fmt.Sprintf(`{"begun":"2026-01-01T00:00:00Z","withinSeconds":30,"before":{"replicas":12.3456,"seconds":86400.5},"hour":%d,"codes":%q}`, now.Unix()/3600, text)
	if err := json.Unmarshal([]byte(saved), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// parts are the bytes of each part of a saved memory, and of its source.
func parts(data []byte) map[string]int {
	sizes, memory, sources := map[string]int{}, map[string]json.RawMessage{}, []map[string]json.RawMessage{}
	if json.Unmarshal(data, &memory) != nil || json.Unmarshal(memory["sources"], &sources) != nil || len(sources) == 0 {
		return nil
	}
	for name, part := range memory {
		sizes[name] = len(part)
	}
	for name, part := range sources[0] {
		sizes["sources."+name] = len(part)
	}
	return sizes
}
