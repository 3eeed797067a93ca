package promise

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// usual is a poll of a group with 48 partitions and consumers of 100/s.
func usual(now time.Time, rate float64) Poll {
	return Poll{
		Now: now, Seconds: 10, Arrived: 10 * rate, Rate: rate, Expected: rate, Peak: rate, Decides: now.Unix()%30 == 0, SinceDecision: 30,
		PerConsumer: 100, Partitions: 48, Consumers: 10, Least: 1, Starts: []float64{40}, Pauses: []float64{8}, Longest: 8, Horizon: 63, Commit: 5,
		Target: 30 * time.Second, Drain: 120, Window: 240, Covered: 3600, Utilization: 0.92, DownUtilization: 0.87, KeepsReserve: true, Budget: 10,
	}
}

// traffic plays a number of hours; rate says what arrives at a second.
func traffic(p Play, hours int, objective float64, rate func(second int) float64) Play {
	rates := []float64{}
	for second := 0; second < hours*3600; second += 10 {
		now := rate(second)
		in := usual(monday.Add(time.Duration(second)*time.Second), now)
		rates = append(rates, now)
		last := rates[max(0, len(rates)-3):]
		in.Rate = (last[0] + last[len(last)/2] + last[len(last)-1]) / 3
		in.Expected, in.Peak = in.Rate, 0
		for _, r := range rates[max(0, len(rates)-24):] {
			in.Peak = max(in.Peak, r)
		}
		if len(last) == 3 && last[2] > 1.5*last[1] {
			in.Jump, in.Expected = last[2], last[2]+(last[2]-last[1])
		}
		in.Objective = objective
		p = p.Next(in)
	}
	return p
}

// bursts are 400/s, and each two hours 2 000/s for three minutes.
func bursts(second int) float64 {
	if second%7200 >= 7000 && second%7200 < 7180 {
		return 2000
	}
	return 400
}

// Records that reached the target's age while they waited are late, once.
func TestLate(t *testing.T) {
	for name, c := range map[string]struct{ before, now, aged, want float64 }{
		"never too old":                 {-100, -50, 300, 0},
		"too old all the time":          {100, 50, 300, 300},
		"too old in the second half":    {-100, 100, 300, 150},
		"too old in the first quarter":  {100, -300, 300, 75},
		"just not too old":              {0, 0, 300, 0},
		"nothing reached that age":      {100, 100, 0, 0},
		"all of it from the first on":   {0, 100, 300, 300},
		"none of it from the second on": {-100, 0, 300, 0},
	} {
		if got := lateOf(c.before, c.now, c.aged); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The peaks of a time are at least those of so long ago, and at most those of one part more.
func TestPeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := rapid.SliceOfN(rapid.Float64Range(0, 1000), 1, 400).Draw(t, "rates")
		gaps := rapid.SliceOfN(rapid.Int64Range(1, 3), len(rates), len(rates)).Draw(t, "gaps")
		p, at, times := peaks{}, monday.UnixNano()/int64(step), []int64{}
		for i, r := range rates {
			at += gaps[i]
			times = append(times, at)
			p = p.with(at, r)
		}
		greatest := func(parts int64) (v float64) {
			for i, r := range rates {
				if at-times[i] < parts {
					v = max(v, float64(float32(r)))
				}
			}
			return v
		}
		for of, part := range map[time.Duration]int64{tenMinutes: 1, time.Hour: 1, fourHours: steps, day: steps} {
			got, parts := float64(p.greatest(of)), int64(of/step)
			if got < greatest(parts) || got > greatest(parts+part) {
				t.Fatalf("peak of %v: %v, want %v to %v", of, got, greatest(parts), greatest(parts+part))
			}
		}
	})
}

// What arrived until a time grows with it, and the effective rate is between the mean and the rate.
func TestArrivals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a arrivals
		n := rapid.IntRange(1, 120).Draw(t, "polls")
		for range n {
			a = a.with(rapid.Float64Range(1, 30).Draw(t, "seconds"), rapid.Float64Range(0, 1e5).Draw(t, "records"))
		}
		last := a[len(a)-1]
		if a.until(0) != last.total {
			t.Fatalf("until now: %v of %v", a.until(0), last.total)
		}
		before := last.total
		for ago := 1.0; ago < 700; ago += 7 {
			if now := a.until(ago); now > before+1e-6 || now < 0 {
				t.Fatalf("%v s ago more had arrived than later: %v, then %v", ago, now, before)
			} else {
				before = now
			}
		}
		if rate := a.effective(1e9, 15); rate < (last.total-a[0].total)/(last.at-a[0].at)-1e-6 || rate > 1e9 {
			t.Fatalf("effective %v", rate)
		}
	})
}

// However much comes: no fleet has a negative backlog, more late records than arrived, or fewer consumers than it may have; and the
// play that is given stays as it was.
func TestFleets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Play
		arrived, seconds := 0.0, 0.0
		now := monday
		least := rapid.Int32Range(0, 3).Draw(t, "least")
		for range rapid.IntRange(2, 60).Draw(t, "polls") {
			in := usual(now, rapid.Float64Range(0, 20000).Draw(t, "rate"))
			in.Seconds = rapid.Float64Range(1, 40).Draw(t, "seconds")
			in.Arrived, in.Least, in.Most = in.Seconds*in.Rate, least, 40
			in.Horizon = rapid.Float64Range(50, 300).Draw(t, "horizon")
			in.Idle = in.Rate == 0
			now = now.Add(time.Duration(in.Seconds * float64(time.Second)))
			before, old := p, each(p)
			totals := slices.Clone(p.totals)
			p = p.Next(in)
			again := before.Next(in)
			if !slices.Equal(old, each(before)) || !slices.Equal(totals, before.totals) {
				t.Fatal("the play that was given has changed")
			}
			if !slices.Equal(each(again), each(p)) || !slices.Equal(again.totals, p.totals) {
				t.Fatal("the same poll led to another play")
			}
			arrived, seconds = arrived+in.Arrived, seconds+in.Seconds
			for i, f := range each(p) {
				if f.backlog < 0 || f.backlog > arrived+1 || float64(f.late) > arrived*1.001+1 || f.strict < 0 || float64(f.strict) > 2*arrived+1 || f.asked < min(1, float32(least)) || f.asked > 48 || f.works > f.asked {
					t.Fatalf("fleet %d: %+v after %v records", i, f, arrived)
				}
			}
		}
	})
}

// each are the fleets of a play, row by row.
func each(p Play) (list []fleet) {
	p.now.fleets.each(func(_, _ int, f *fleet) { list = append(list, *f) })
	return list
}

func mustSave(t interface{ Fatal(...any) }, p Play) string {
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A play that was saved and loaded says the same, in at most 3.5 KB.
func TestSaved(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	p := traffic(Play{}, 97, 0.999, func(second int) float64 { return bursts(second) * (1 + 0.5*random.Float64()) })
	text := mustSave(t, p)
	if len(text) > 3500 {
		t.Errorf("%d bytes", len(text))
	}
	var back Play
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	want, _ := p.options(0)
	got, _ := back.options(0)
	for i := range want {
		if math.Abs(got[i].Consumers/want[i].Consumers-1) > 0.001 || math.Abs(got[i].Kept-want[i].Kept) > 1e-5 {
			t.Errorf("%v: saved %+v, loaded %+v", want[i].Room, want[i], got[i])
		}
	}
	nearly := func(p *Play) (sum [len(Rooms)]float64) {
		all := p.row(0).sum()
		for k, f := range all.fleets {
			sum[k] = float64(f.strict-f.late) / all.arrived
		}
		return sum
	}
	before, after := nearly(&p), nearly(&back)
	for k := range before {
		if math.Abs(after[k]-before[k]) > 1e-5+0.003*before[k] {
			t.Errorf("%v: %v of the records were nearly late, loaded %v", Rooms[k], before[k], after[k])
		}
	}
	if before[noRoom] < 1e-4 {
		t.Errorf("%v of the records were nearly late: too few to see whether they are saved", before[noRoom])
	}
	var again Play
	if err := json.Unmarshal([]byte(mustSave(t, back)), &again); err != nil || back.inForce.Room != p.inForce.Room || !reflect.DeepEqual(again, back) {
		t.Errorf("it is another one after it was saved again: %v", err)
	}
	if before, after := p.Choice(0.999, 4), back.Choice(0.999, 4); math.Abs(after.PerSecond/before.PerSecond-1) > 0.001 {
		t.Errorf("a room for %v/s, after a restart for %v/s", before.PerSecond, after.PerSecond)
	}
	// After a restart, the fleets begin anew, and what was played before counts.
	next := back.Next(usual(monday.Add(97*time.Hour), 400))
	if list, seconds := next.options(0); seconds < 71*3600 || len(list) != len(Rooms) {
		t.Errorf("%v s, %d rooms", seconds, len(list))
	}
}

// savedBefore is a play as builds saved it that did not pack all rows together.
func savedBefore(t interface{ Fatal(...any) }, p Play) string {
	out := saved{InForce: p.inForce, Days: p.days}
	for i, terms := range p.terms {
		r := p.row(i)
		row := savedRow{Terms: terms, Last: r.last, Step: r.peaks.step}
		for k, d := range r.all() {
			row.Seconds[k], row.Arrived[k] = math.Round(d.seconds), math.Round(d.arrived)
		}
		var raw []byte
		for _, v := range r.logarithms(r.peaks.all()) {
			raw = binary.LittleEndian.AppendUint16(raw, encode(*v))
		}
		codes, err := packed.Pack(raw)
		if err != nil {
			t.Fatal(err)
		}
		row.Codes = codes
		out.Rows = append(out.Rows, row)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What builds before this one saved is read as what this one saves, where it is not less exact.
func TestSavedBefore(t *testing.T) {
	p := traffic(Play{}, 30, 0.999, bursts)
	var before, now Play
	if err := errors.Join(json.Unmarshal([]byte(savedBefore(t, p)), &before), json.Unmarshal([]byte(mustSave(t, p)), &now)); err != nil {
		t.Fatal(err)
	}
	want, _ := before.options(0)
	got, _ := now.options(0)
	for i := range want {
		if math.Abs(got[i].Consumers/want[i].Consumers-1) > 0.003 || math.Abs(got[i].Kept-want[i].Kept) > 1e-5 {
			t.Errorf("%v: %+v, was %+v", want[i].Room, got[i], want[i])
		}
	}
	// Builds that did not count what was nearly late: nothing else is lost, and only what was late is known to have been nearly so.
	var known map[string]any
	if err := json.Unmarshal([]byte(mustSave(t, p)), &known); err != nil {
		t.Fatal(err)
	}
	if _, saved := known["nearly"]; !saved {
		t.Error("what was nearly late is not saved")
	}
	delete(known, "nearly")
	text, err := json.Marshal(known)
	var older Play
	if err := errors.Join(err, json.Unmarshal(text, &older)); err != nil {
		t.Fatal(err)
	}
	for k, f := range older.row(0).sum().fleets {
		if w := now.row(0).sum().fleets[k]; f.cost != w.cost || f.late != w.late || f.most != w.most || f.strict != f.late {
			t.Errorf("%v: %+v, was %+v", Rooms[k], f, w)
		}
	}
}

// What cannot have been saved is refused, and what another version with other rooms has saved begins anew.
func TestLoad(t *testing.T) {
	p := traffic(Play{}, 2, 0, bursts)
	good := savedBefore(t, p)
	var other map[string]any
	if err := json.Unmarshal([]byte(good), &other); err != nil {
		t.Fatal(err)
	}
	rows := other["rows"].([]any)
	for name, c := range map[string]struct {
		change func()
		fails  bool
	}{
		"a negative total":     {func() { rows[0].(map[string]any)["seconds"] = []float64{-1, 0, 0, 0, 0} }, true},
		"no target":            {func() { rows[0].(map[string]any)["targetLag"] = 0 }, true},
		"codes of other rooms": {func() { rows[0].(map[string]any)["codes"], _ = packed.Pack(make([]byte, 10)) }, false},
		"codes that end":       {func() { rows[0].(map[string]any)["codes"] = "" }, true},
		"codes that are none":  {func() { rows[0].(map[string]any)["codes"] = "%" }, true},
		"a room below none":    {func() { other["inForce"] = map[string]any{"room": -1} }, true},
	} {
		other = nil
		if err := json.Unmarshal([]byte(good), &other); err != nil {
			t.Fatal(err)
		}
		rows = other["rows"].([]any)
		c.change()
		text, err := json.Marshal(other)
		if err != nil {
			t.Fatal(err)
		}
		var back Play
		if err := json.Unmarshal(text, &back); (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		} else if err == nil && back.Known() {
			t.Errorf("%s: the totals of other rooms count", name)
		}
	}
}

// FuzzLoad: whatever is loaded, it is refused, or can be played on and priced.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(mustSave(f, traffic(Play{}, 2, 0.999, bursts))))
	f.Add([]byte(`{"rows":[{"targetLag":1}]}`))
	f.Add([]byte(`{"days":[{"day":1,"seconds":86400,"judged":1000,"playedOf":1000,"playedLate":1}]}`))
	f.Add([]byte(savedBefore(f, traffic(Play{}, 2, 0.999, bursts))))
	f.Add([]byte(`{"terms":[{"targetLag":1}],"grain":1,"played":"AwA="}`))
	f.Add([]byte(`{"terms":[{"targetLag":1}],"grain":1,"played":"AwA=","nearly":{"grain":1,"played":"AwA="}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Play
		if json.Unmarshal(data, &p) != nil {
			return
		}
		p.Price(0.999)
		p.Choice(0.999, 1.5)
		in := usual(monday, 400)
		in.Objective = 0.999
		for range 3 {
			in.Now = in.Now.Add(step)
			p = p.Next(in)
		}
		p.Price(0.999)
		p.Choice(0.999, 1.5)
		mustSave(t, p)
	})
}

// A change of the target keeps what was played of the same target, and nothing else is taken for it.
func TestAnotherTarget(t *testing.T) {
	p := traffic(Play{}, 3, 0, bursts)
	in := usual(monday.Add(3*time.Hour), 400)
	in.Target = time.Minute
	p = p.Next(in)
	if list, seconds := p.options(0); seconds < 2.9*3600 || list[noRoom].Consumers == 0 {
		t.Errorf("a minute was played before: %v s", seconds)
	}
	in.Target = 45 * time.Second
	p = p.Next(in)
	if list, _ := p.options(0); list != nil {
		t.Errorf("45 s were not played before: %+v", list)
	}
}

// BenchmarkNext is one poll of all fleets.
func BenchmarkNext(b *testing.B) {
	p := traffic(Play{}, 1, 0.999, bursts)
	second := 3600
	b.ReportAllocs()
	for b.Loop() {
		second += 10
		in := usual(monday.Add(time.Duration(second)*time.Second), bursts(second))
		in.Objective = 0.999
		p = p.Next(in)
	}
}
