package promise

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"
)

// The correction is the time by which the real fleet was later than the fleet that was played, or the share of its late records that were
// late. A margin is 6 s.
func TestCorrection(t *testing.T) {
	one := oneDay{Judged: 1e6, PlayedOf: 1e6, Seconds: 86400}
	for name, c := range map[string]struct {
		change func(d *oneDay)
		want   Correction
	}{
		"nothing was late":                     {func(*oneDay) {}, Correction{0, 1}},
		"as late as played":                    {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 5000, 5000, 9800 }, Correction{0, 1}},
		"half a margin later":                  {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 3500, 1000, 5800 }, Correction{3, 1}},
		"a quarter of many that were nearly":   {func(d *oneDay) { d.Late, d.PlayedStrict = 1000, 3800 }, Correction{1.5, 1}},
		"two margins later":                    {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 11000, 1000, 5800 }, Correction{12, 1}},
		"ten margins later":                    {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 51000, 1000, 5800 }, Correction{18, 1}},
		"twin: late, and none was nearly late": {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 51000, 1000, 1000 }, Correction{6, 1}},
		"few were late, and none nearly":       {func(d *oneDay) { d.Late = 20 }, Correction{0.6, 1}},
		"a quarter was not late":               {func(d *oneDay) { d.Late, d.PlayedLate, d.PlayedStrict = 7300, 9800, 12000 }, Correction{0, 0.75}},
		"none was late":                        {func(d *oneDay) { d.PlayedLate, d.PlayedStrict = 9000, 9800 }, Correction{0, 0.5}},
		"none was late, and few were played":   {func(d *oneDay) { d.PlayedLate = 50 }, Correction{0, 0.8}},
		"nothing was measured":                 {func(d *oneDay) { d.Judged, d.PlayedLate = 0, 9000 }, Correction{0, 1}},
		"too little was measured to say":       {func(d *oneDay) { d.Seconds, d.Late = 1000, 5000 }, Correction{0, 1}},
	} {
		d := one
		c.change(&d)
		p := Play{days: days{d}, terms: termsOf(30 * time.Second), horizon: 60}
		if got := p.Correction(); math.Abs(got.Later-c.want.Later) > 1e-6 || math.Abs(got.Share-c.want.Share) > 1e-6 {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// corrects is a play in which three rooms cost 10, 12 and 14 consumers, with late and nearly late records of a million, and which was as
// late as measured.
func corrects(measured oneDay) Play {
	p := played(map[int]float64{0: 10, 3: 12, 5: 14}, map[int]float64{0: 1000, 3: 400, 5: 0}, 25)
	rows := p.rows()
	fleets := &rows[0].days[keptDays-1].fleets
	fleets[0].strict, fleets[3].strict = 5800, 2400
	p.keep(rows)
	measured.Judged, measured.PlayedOf, measured.Seconds = 1e6, 1e6, 86400
	p.days, p.horizon = days{measured}, 60
	return p
}

func lateShares(t *testing.T, name string, p Play, want map[int]float64) {
	t.Helper()
	list := p.Options()
	for room, late := range want {
		if got := 1 - list[room].Kept; math.Abs(got-late) > 1e-6 {
			t.Errorf("%s: room %d: %v of the records late, want %v", name, room, got, late)
		}
	}
}

// Each room counts its own records that were nearly late, so a room in which none was is not late for what happened in another. Fewer late
// records count in the room in force and in dearer ones only.
func TestCorrectedRooms(t *testing.T) {
	later := corrects(oneDay{Late: 3500, PlayedLate: 1000, PlayedStrict: 5800})
	lateShares(t, "half a margin later", later, map[int]float64{0: 0.0034, 3: 0.0014, 5: 0})
	lateShares(t, "not corrected", later.Uncorrected(), map[int]float64{0: 0.001, 3: 0.0004, 5: 0})
	less := corrects(oneDay{Late: 100, PlayedLate: 400, PlayedStrict: 2400})
	less.inForce.Room = 3
	lateShares(t, "fewer were late", less, map[int]float64{0: 0.001, 3: 0.0002, 5: 0})
	less.inForce.Room = 0
	lateShares(t, "fewer were late in the cheapest room", less, map[int]float64{0: 0.0005, 3: 0.0002, 5: 0})
}

// What is corrected is a time: as many seconds for each target, although margins differ, and always less than the target.
func TestCorrectionIsATime(t *testing.T) {
	for _, c := range []struct {
		own     time.Duration
		horizon float64
	}{{30 * time.Second, 60}, {10 * time.Second, 120}, {5 * time.Second, 500}, {10 * time.Minute, 200}} {
		p := Play{terms: termsOf(c.own), horizon: c.horizon, start: 40}
		p.days = days{{Judged: 1e6, PlayedOf: 1e6, Seconds: 86400, Late: 3500, PlayedLate: 1000, PlayedStrict: 5800}}
		own := p.Correction()
		p.days[0].Late = 1e6
		if most := p.Correction().Later; most >= c.own.Seconds() || most <= own.Later {
			t.Errorf("target %v, horizon %v s: at most %v s", c.own, c.horizon, most)
		}
		p.days[0].Late = 3500
		for _, terms := range p.terms {
			margin := p.margin(terms)
			nearly := 1000 * margin // as if records came evenly: so many for each second
			late := p.corrected(terms)(fleetDay{strict: float32(nearly)}, false)
			if want := 1000 * min(own.Later, mostMargins*margin); math.Abs(late-want) > 0.01*want {
				t.Errorf("target %v, horizon %v s: %+v: %v records count, want %v", c.own, c.horizon, terms, late, want)
			}
			if margin <= 0 || mostMargins*margin >= terms.seconds() {
				t.Errorf("target %v, horizon %v s: %+v: a margin of %v s", c.own, c.horizon, terms, margin)
			}
		}
	}
}

// Days of builds that did not count what was nearly late do not take anything from newer days.
func TestCorrectionAfterAnUpgrade(t *testing.T) {
	p := traffic(Play{}, 2, 0, bursts)
	p.days = days{
		{Day: 1, Judged: 3e8, Late: 3e5, PlayedOf: 3e8, PlayedLate: 3e5, Seconds: 86400},
		{Day: 2, Judged: 1e8, Late: 2e5, PlayedOf: 1e8, PlayedLate: 1e5, PlayedStrict: 3e5, Seconds: 86400},
	}
	var back Play
	if err := json.Unmarshal([]byte(mustSave(t, p)), &back); err != nil {
		t.Fatal(err)
	}
	margins := back.Correction().Later / back.margin(back.terms[0])
	if want := 1e5 / (2e5 + lateSlack*4e8); math.Abs(margins-want) > 1e-6 {
		t.Errorf("%v margins, want %v", margins, want)
	}
	var alone Play // what nobody saved: days, and nothing that was played
	if err := json.Unmarshal([]byte(`{"days":[{"day":1,"seconds":86400,"judged":1000,"late":10,"playedOf":1000,"playedLate":1}]}`), &alone); err != nil {
		t.Fatal(err)
	}
	if _, ok := alone.Price(0.999); ok || alone.Correction() != (Correction{Share: 1}) {
		t.Errorf("nothing was played: a price, or %+v", alone.Correction())
	}
	var none Play
	if err := errors.Join(json.Unmarshal([]byte(mustSave(t, p.Uncorrected())), &none)); err != nil || none.Correction() != (Correction{Share: 1}) {
		t.Errorf("nothing was measured: %+v, %v", none.Correction(), err)
	}
}
