package lag

import (
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever was appended when, and however the clocks differ within the margin: what is said of the time lag soon after the start
// is true.
func TestTheEndBeforeTheStartBoundsTimeLags(t *testing.T) {
	const first, margin = int64(10_000_000), 5 * time.Second
	rapid.Check(t, func(rt *rapid.T) {
		target := rapid.Int64Range(10, 600).Draw(rt, "target") * 1000
		var appended []int64 // when, by our clock
		at := first - 2*target
		for range rapid.IntRange(1, 60).Draw(rt, "records") {
			at += rapid.Int64Range(0, target/5).Draw(rt, "pause")
			appended = append(appended, at)
		}
		endAt := func(at int64) int64 {
			return int64(sort.Search(len(appended), func(i int) bool { return appended[i] > at }))
		}
		differ := rapid.Int64Range(-margin.Milliseconds(), margin.Milliseconds()).Draw(rt, "clocks differ")
		var h endHistory
		h.add(first, endAt(first))
		h.seed(PastEnd{At: first - target, End: endAt(first - target - differ), Margin: margin})
		now := first
		for range rapid.IntRange(0, 30).Draw(rt, "polls") {
			now += 10_000
			h.add(now, endAt(now))
		}
		end := endAt(now)
		if end == 0 {
			return
		}
		offset := rapid.Int64Range(0, end-1).Draw(rt, "offset")
		age := float64(now-appended[offset]) / 1000
		ends := topicEnds{partitions: []endHistory{h}}
		p := PartitionLag{Committed: offset, End: end, Known: KnownCommitted | KnownEnd}
		said := ends.timeLag(&p, offset)
		seconds, atLeast, ok := said.Value()
		most, bounded := said.AtMost()
		const rounding = 0.01
		switch {
		case bounded && age > most+rounding:
			rt.Fatalf("said at most %v s, and it is %v", most, age)
		case ok && atLeast && age < seconds-rounding:
			rt.Fatalf("said at least %v s, and it is %v", seconds, age)
		case ok && !atLeast && (age < seconds-10-seconds/12 || age > seconds+10+seconds/12):
			rt.Fatalf("said %v s, and it is %v", seconds, age)
		case !ok && !bounded && len(h.points) > 1 && h.margin > 0 && offset < h.points[1].end:
			rt.Fatalf("nothing said of %d, it is %v s old", offset, age)
		}
	})
}

func TestTheEndBeforeTheStart(t *testing.T) {
	seeded := func(past PastEnd) *endHistory {
		var h endHistory
		h.add(60_000, 400)
		h.seed(past)
		return &h
	}
	h := seeded(PastEnd{At: 0, End: 100, Margin: time.Second})
	for offset, want := range map[int64]TimeLag{
		50:  NewTimeLag(59, true),
		100: {seconds: 61, known: true, atMost: true},
		399: {seconds: 61, known: true, atMost: true},
	} {
		if got, ok := h.bound(offset); !ok || got != want {
			t.Errorf("offset %d: %+v, want %+v", offset, got, want)
		}
	}
	if _, ok := h.bound(400); ok {
		t.Error("a record that came since the first poll is bounded")
	}
	for name, past := range map[string]PastEnd{
		"later than the first poll":           {At: 61_000, End: 100},
		"an end above that of the first poll": {At: 0, End: 500},
	} {
		if h := seeded(past); len(h.points) != 1 || h.margin != 0 {
			t.Errorf("%s is believed: %+v", name, h)
		}
	}
	h.add(70_000, 300) // truncated
	if h.margin != 0 || len(h.points) != 1 {
		t.Errorf("what was before a truncation is kept: %+v", h)
	}
}

func TestWorstOfBounds(t *testing.T) {
	exact := func(s float64) TimeLag { return NewTimeLag(s, false) }
	least := func(s float64) TimeLag { return NewTimeLag(s, true) }
	most := func(s float32) TimeLag { return TimeLag{seconds: s, known: true, atMost: true} }
	unknown := TimeLag{}
	for name, c := range map[string]struct {
		partitions []TimeLag
		want       TimeLag
	}{
		"values":                     {[]TimeLag{exact(20), exact(30)}, exact(30)},
		"a value and unknown":        {[]TimeLag{exact(20), unknown}, least(20)},
		"an upper bound":             {[]TimeLag{exact(20), most(60)}, most(60)},
		"an upper bound below":       {[]TimeLag{exact(70), most(60)}, exact(70)},
		"a lower bound":              {[]TimeLag{exact(20), least(60)}, least(60)},
		"an upper and a lower bound": {[]TimeLag{most(60), least(20)}, least(20)},
		"an upper bound and unknown": {[]TimeLag{most(60), unknown}, unknown},
		"none":                       {nil, unknown},
	} {
		g := GroupLag{Topics: []TopicLag{{Topic: "orders"}}}
		for i := range c.partitions {
			g.Topics[0].Partitions = append(g.Topics[0].Partitions, PartitionLag{Partition: int32(i), End: 9, Known: KnownCommitted | KnownEnd})
		}
		r := Rates{timeLags: [][]TimeLag{c.partitions}}
		if got := r.worst(&g, nil); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A partition that did not answer may be the worst one. Twin: one that was never committed is known not to be in any sum.
func TestWorstBesideAPartitionThatDidNotAnswer(t *testing.T) {
	read := func(n int32, committed int64) PartitionLag {
		return PartitionLag{Partition: n, Committed: committed, End: 9, Known: KnownCommitted | KnownEnd}
	}
	silent := PartitionLag{Partition: 1, Committed: 4, Known: KnownCommitted, Err: LeaderNotAvailable}
	never := PartitionLag{Partition: 1, End: 9, Known: KnownStart | KnownEnd}
	for name, c := range map[string]struct {
		partitions []PartitionLag
		late       TimeLag
		want       TimeLag
	}{
		"nothing waits in the other":   {[]PartitionLag{read(0, 9), silent}, NewTimeLag(0, false), TimeLag{}},
		"the other is late":            {[]PartitionLag{read(0, 2), silent}, NewTimeLag(20, false), NewTimeLag(20, true)},
		"at most, of the other":        {[]PartitionLag{read(0, 2), silent}, TimeLagAtMost(60), TimeLag{}},
		"twin: it was never committed": {[]PartitionLag{read(0, 9), never}, NewTimeLag(0, false), NewTimeLag(0, false)},
		"twin: both answered":          {[]PartitionLag{read(0, 9), read(1, 9)}, NewTimeLag(0, false), NewTimeLag(0, false)},
	} {
		g := GroupLag{Topics: []TopicLag{{Topic: "orders", Partitions: c.partitions}}}
		late := []TimeLag{c.late, {}}
		if c.partitions[1].Err == OK && c.partitions[1].Known.Has(KnownCommitted) {
			late[1] = c.late
		}
		r := Rates{timeLags: [][]TimeLag{late}}
		if got := r.worst(&g, nil); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
