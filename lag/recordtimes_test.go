package lag

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// produced are records of a partition: when each arrived, and the time in it, in milliseconds of our clock.
type produced struct{ arrived, times []int64 }

func (p *produced) endAt(at int64) int64 {
	end := int64(0)
	for _, arrived := range p.arrived {
		if arrived <= at {
			end++
		}
	}
	return end
}

// first is what the leader answers.
func (p *produced) first(since, now int64) FirstSince {
	f := FirstSince{Topic: "orders", Since: since, Offset: -1}
	for i, at := range p.times {
		if at >= since && p.arrived[i] <= now {
			f.Offset, f.At = int64(i), at
			break
		}
	}
	return f
}

// watchTimes polls every 10 s, and compares every 5 min.
func watchTimes(p *produced, from, until int64, id [16]byte) *History {
	h := &History{}
	for now := from; now <= until; now += 10_000 {
		s := &Snapshot{At: time.UnixMilli(now), Topics: []TopicRead{{
			Name: "orders", ID: id, Partitions: []PartitionRead{{End: p.endAt(now), At: now, Known: KnownEnd}},
		}}}
		if (now-from)%300_000 == 120_000 {
			s.FirstSince = []FirstSince{p.first(now-60_000, now)}
		}
		h.Add(s, func(string) SLO { return DefaultSLO })
	}
	return h
}

// Times that are those of the arrivals are trusted after 40 minutes. Twins that are not: a backfill, clocks of producers that are
// ahead or behind, which is also our own clock behind or ahead; and a topic without traffic, of which nothing is known.
func TestTimesOfRecords(t *testing.T) {
	const start, minutes = int64(1_700_000_000_000), 45
	id := [16]byte{7}
	for name, c := range map[string]struct {
		pause  int64 // between two records, ms; 0: no traffic
		differ int64 // the time in a record, from its arrival
		want   bool
	}{
		"the times of the arrivals":                  {pause: 7_000, want: true},
		"a batch that waits for 4 s":                 {pause: 7_000, differ: -4_000, want: true},
		"a clock that is ahead by 4 s":               {pause: 7_000, differ: 4_000, want: true},
		"no traffic":                                 {},
		"a backfill of last year":                    {pause: 7_000, differ: -365 * 24 * 3_600_000},
		"a backfill of the last hour":                {pause: 7_000, differ: -3_600_000},
		"clocks behind by 30 s, or ours ahead":       {pause: 7_000, differ: -30_000},
		"clocks ahead by 30 s, or ours behind":       {pause: 7_000, differ: 30_000},
		"clocks ahead by an hour, or ours behind":    {pause: 7_000, differ: 3_600_000},
		"clocks ahead by a minute, one a minute":     {pause: 61_000, differ: 60_000},
		"clocks behind by two minutes, one a minute": {pause: 61_000, differ: -120_000},
	} {
		p := &produced{}
		for at := start - 600_000; c.pause > 0 && at < start+minutes*60_000; at += c.pause {
			p.arrived, p.times = append(p.arrived, at), append(p.times, at+c.differ)
		}
		until := start + minutes*60_000
		r, _ := watchTimes(p, start, until, id).RecordTimes("orders")
		if got := r.Trusted(id, time.UnixMilli(until)); got != c.want {
			t.Errorf("%s: trusted %v: %+v", name, got, r)
		}
	}
}

// Trust ends an hour after the last comparison, with another topic of that name, and with the first record that is not of its time.
func TestTrustInTimesEnds(t *testing.T) {
	const start = int64(1_700_000_000_000)
	id := [16]byte{7}
	p := &produced{}
	for at := start; at < start+45*60_000; at += 5_000 {
		p.arrived, p.times = append(p.arrived, at), append(p.times, at)
	}
	h := watchTimes(p, start, start+45*60_000, id)
	r, _ := h.RecordTimes("orders")
	now := time.UnixMilli(start + 45*60_000)
	switch {
	case !r.Trusted(id, now) || !r.Trusted(id, now.Add(50*time.Minute)):
		t.Errorf("not trusted: %+v", r)
	case r.Trusted(id, now.Add(2*time.Hour)):
		t.Error("trusted two hours later")
	case r.Trusted(id, now.Add(-time.Hour)):
		t.Error("trusted after the clock was set back")
	case r.Trusted([16]byte{8}, now):
		t.Error("trusted for a topic that was created again")
	case r.next(false, now).Trusted(id, now):
		t.Error("trusted after times that did not agree")
	case r.next(true, now.Add(2*time.Hour)).Agreed != 1:
		t.Error("comparisons of before a gap count")
	}
	var after History
	after.TeachTimes(r)
	after.TeachTimes(RecordTimes{Topic: "orders"})
	if got, _ := after.RecordTimes("orders"); got != r {
		t.Errorf("after a restart: %+v, want %+v", got, r)
	}
}

// Whatever arrives when and says what: if times agree, the record that was found arrived within 10 s of its time, or between two
// readings around it.
func TestTimesAgreeOnlyWithArrivals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const first = int64(1_700_000_000_000)
		p, h, at := &produced{}, endHistory{}, first-100_000
		for range rapid.IntRange(0, 60).Draw(rt, "records") {
			at += rapid.Int64Range(0, 20_000).Draw(rt, "pause")
			p.arrived = append(p.arrived, at)
			p.times = append(p.times, at+rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-200_000, 200_000)).Draw(rt, "differ"))
		}
		now := first
		for range rapid.IntRange(1, 30).Draw(rt, "polls") {
			h.add(now, p.endAt(now))
			now += 10_000
		}
		now -= 10_000
		found := p.first(now-60_000, now)
		agrees, known := h.agrees(found)
		if agrees && !known {
			rt.Fatal("agrees, and is not known")
		}
		if !known || found.Offset < 0 {
			return
		}
		differ := found.At - p.arrived[found.Offset]
		if agrees != (differ >= -10_000 && differ <= 10_000) && (differ < -20_000 || differ > 20_000 || differ == 0) {
			rt.Fatalf("agrees %v: the time of a record is %d ms after its arrival", agrees, differ)
		}
	})
}
