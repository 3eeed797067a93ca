package promise

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// number is any number of a fleet: most are whole, some are any bits.
func number(t *rapid.T, name string) float32 {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 100), func(v int) float32 { return float32(v) }),
		rapid.Float32Range(0, 1e9),
		rapid.Map(rapid.Uint32(), math.Float32frombits),
	).Draw(t, name)
}

// bitsOf are the bits of all numbers of a fleet: two that are no number are never equal by themselves.
func bitsOf(f *fleet) (all [19]uint64) {
	all[0], all[1], all[18] = math.Float64bits(f.backlog), uint64(f.changes), uint64(f.downs)
	for i, v := range []float32{
		f.asked, f.works, f.pause, f.since, f.calm, f.late, f.strict, f.cost, f.most,
		f.pods[0].due, f.pods[0].takes, f.pods[0].to, f.pods[1].due, f.pods[1].takes, f.pods[1].to,
	} {
		all[2+i] = uint64(math.Float32bits(v))
	}
	return all
}

// Fleets come out as they were put in, to the last bit, whether they rest or not.
func TestFleetsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k kept
		var want []fleet
		for range rapid.IntRange(1, 3*len(Rooms)).Draw(t, "fleets") {
			f := begin(float64(rapid.IntRange(0, 5000).Draw(t, "consumers")))
			f.cost, f.changes = number(t, "cost"), rapid.Uint32().Draw(t, "changes")
			change := func(name string, to *float32) {
				if rapid.IntRange(0, 3).Draw(t, name+" changes") == 0 {
					*to = number(t, name)
				}
			}
			change("asked", &f.asked)
			change("works", &f.works)
			change("pause", &f.pause)
			change("since", &f.since)
			change("calm", &f.calm)
			change("late", &f.late)
			change("strict", &f.strict)
			change("most", &f.most)
			change("due", &f.pods[0].due)
			change("to", &f.pods[1].to)
			if rapid.Bool().Draw(t, "stepped down") {
				f.downs = rapid.Uint32().Draw(t, "downs")
			}
			if rapid.Bool().Draw(t, "waits") {
				f.backlog = math.Float64frombits(rapid.Uint64().Draw(t, "backlog"))
			}
			k, want = f.pack(k), append(want, f)
		}
		n := 0
		again := k.each(func(row, room int, f *fleet) {
			if row*len(Rooms)+room != n || bitsOf(f) != bitsOf(&want[n]) {
				t.Fatalf("fleet %d of row %d, room %d: %+v, want %+v", n, row, room, *f, want[n])
			}
			n++
		})
		if n != len(want) || string(again) != string(k) {
			t.Fatalf("%d fleets of %d, %x of %x", n, len(want), again, k)
		}
	})
}

// A fleet at rest takes 10 bytes.
func TestAFleetAtRestIsSmall(t *testing.T) {
	f := begin(12)
	f.cost, f.changes = 1234.567, 1000
	if took := len(f.pack(nil)); took != keptAtRest {
		t.Errorf("%+v takes %d bytes, want %d", f, took, keptAtRest)
	}
}

// So does one that has stepped up and down, as soon as all of it is over.
func TestAFleetComesToRest(t *testing.T) {
	f, now := begin(4), monday
	play := func(polls int, rate float64) {
		for range polls {
			in := usual(now, rate)
			in.derive()
			f.next(&in, bare(), 0)
			now = now.Add(10 * time.Second)
		}
	}
	rests := func(asked float32) {
		t.Helper()
		f.cost, f.most, f.downs = 1234.567, f.asked, 0 // as after a step, and an hour without a step down
		if took := len(f.pack(nil)); took != keptAtRest || f.asked != asked {
			t.Errorf("%+v takes %d bytes, want %d", f, took, keptAtRest)
		}
	}
	play(60, 1500)
	rests(24)
	play(60, 400)
	rests(5)
}

// Days come out as they were put in, whatever the row before had.
func TestTotalsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := make([]rowDays, rapid.IntRange(1, 4).Draw(t, "rows"))
		for i := range rows {
			rows[i].last = rapid.Int64Range(0, 1e6).Draw(t, "last")
			for k, d := range rows[i].all() {
				switch rapid.IntRange(0, 3).Draw(t, "day") {
				case 0:
					continue
				case 1:
					if i > 0 {
						*d = *rows[i-1].all()[k]
						d.fleets[rapid.IntRange(0, len(Rooms)-1).Draw(t, "other")].late = rapid.Float32Range(0, 1e6).Draw(t, "late")
						continue
					}
				}
				d.seconds, d.arrived = rapid.Float64Range(0, 86400).Draw(t, "seconds"), rapid.Float64Range(0, 1e12).Draw(t, "arrived")
				for room := range d.fleets {
					d.fleets[room] = fleetDay{
						rapid.Float32Range(0, 1e9).Draw(t, "cost"), rapid.SampledFrom([]float32{0, 0, 1, 12.5}).Draw(t, "late"),
						rapid.SampledFrom([]float32{0, 12.5, 13}).Draw(t, "strict"), float32(rapid.IntRange(0, 100).Draw(t, "most")),
					}
				}
			}
		}
		kept := totalsOf(rows)
		for n := range rows {
			for i, r := range kept.rows(n + 1) {
				if !reflect.DeepEqual(r, rows[i]) {
					t.Fatalf("row %d of the first %d: %+v, want %+v", i, n+1, r, rows[i])
				}
			}
		}
	})
}

// Peaks are those of an array with a place for each step of an hour, and for each hour of a day.
func TestPeaksOfAnArray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := monday.UnixNano() / int64(step)
		p, five, hour := peaks{step: at}, [steps]float32{}, [hours]float32{}
		for range rapid.IntRange(1, 300).Draw(t, "rates") {
			gap := rapid.SampledFrom([]int64{0, 0, 1, 1, 1, 2, 11, 12, 13, 250, -1}).Draw(t, "gap")
			for range gap {
				at++
				five[at%steps] = 0
				if at%steps == 0 {
					hour[at/steps%hours] = 0
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "over") == 0 {
				p = p.over()
			}
			before, old := p, slices.Clone(p.before)
			rate := rapid.Float32Range(0, 1000).Draw(t, "rate")
			five[at%steps], hour[at/steps%hours] = max(five[at%steps], rate), max(hour[at/steps%hours], rate)
			p = p.with(at+min(0, gap), float64(rate))
			if want := slots(slices.Concat(five[:], hour[:])); !slices.Equal(p.all(), want) || p.step != at {
				t.Fatalf("%v at %d, want %v at %d", p.all(), p.step, want, at)
			}
			if !slices.Equal(before.before, old) {
				t.Fatal("older peaks have changed")
			}
		}
	})
}

// A fleet that only gets older at a poll becomes to the last bit what [fleet.next] makes of it.
func TestPassingTime(t *testing.T) {
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		f := begin(float64(rapid.IntRange(0, 60).Draw(t, "consumers")))
		f.asked = f.works * float32(rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "awake"))
		f.works = f.asked
		f.most = f.asked + float32(rapid.IntRange(0, 3).Draw(t, "more before"))
		f.cost, f.changes = rapid.Float32Range(0, 1e9).Draw(t, "cost"), rapid.Uint32Range(0, 70_000).Draw(t, "changes")
		f.calm = rapid.SampledFrom([]float32{0, 0, 30, 33.3}).Draw(t, "calm")
		f.since = rapid.SampledFrom([]float32{settleAfter, settleAfter, 10}).Draw(t, "since")
		f.late = rapid.SampledFrom([]float32{0, 0, 17.25}).Draw(t, "late")
		f.strict = f.late + rapid.SampledFrom([]float32{0, 3}).Draw(t, "nearly late")
		f.downs = rapid.SampledFrom([]uint32{0, 0, 5, 1 << 31}).Draw(t, "downs")
		f.backlog = rapid.SampledFrom([]float64{0, 0, 0, 12.5}).Draw(t, "backlog")
		f.pause = rapid.SampledFrom([]float32{0, 0, 0, 2}).Draw(t, "pause")
		if rapid.IntRange(0, 5).Draw(t, "starts") == 0 {
			f.pods[0] = pods{5, 40, f.asked}
		}
		in := usual(monday, rapid.Float64Range(0, 4000).Draw(t, "rate"))
		in.Seconds = rapid.SampledFrom([]float64{10, 10.013, 7}).Draw(t, "seconds")
		in.Arrived = in.Rate * in.Seconds * rapid.Float64Range(0, 2).Draw(t, "arrived")
		in.Partitions = rapid.SampledFrom([]int32{0, 12, 48}).Draw(t, "partitions")
		in.ReadsOn, in.Decides = rapid.Bool().Draw(t, "reads on"), rapid.IntRange(0, 4).Draw(t, "decides") == 0
		in.derive()
		in.parts = rapid.Int64Range(0, 1).Draw(t, "parts")
		r := bare()
		r.late = deadline{rapid.Float64Range(0, 1e4).Draw(t, "before"), rapid.Float64Range(0, 1e4).Draw(t, "young"), 100}
		r.strict = r.late
		other := begin(3)
		fast := rewriter{left: other.pack(f.pack(nil))}
		if !fast.pass(&in) {
			return
		}
		passed++
		if left := other.pack(nil); string(fast.left) != string(left) {
			t.Fatalf("%x is left, want %x", fast.left, left)
		}
		f.next(&in, r, 0)
		if want := f.pack(nil); string(fast.done) != string(want) {
			t.Fatalf("%x, want %x: %+v", fast.done, want, f)
		}
	})
	if passed == 0 {
		t.Error("no fleet rested")
	}
}
