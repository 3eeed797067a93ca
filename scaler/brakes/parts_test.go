package brakes_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func TestFair(t *testing.T) {
	p := func(uses, asks int32) brakes.Part { return brakes.Part{Uses: uses, Asks: asks} }
	for _, c := range []struct {
		limit int32
		parts []brakes.Part
		want  []int32
	}{
		{12, []brakes.Part{p(4, 0), p(0, 6), p(2, 0)}, []int32{4, 6, 2}},
		{12, []brakes.Part{p(0, 0), p(0, 0), p(0, 0)}, []int32{4, 4, 4}},
		{12, []brakes.Part{p(4, 9), p(0, 3), p(2, 0)}, []int32{9, 1, 2}},
		{12, []brakes.Part{p(20, 9), p(4, 3)}, []int32{10, 2}}, // more runs than the limit allows: nobody has room
		{1, []brakes.Part{p(0, 0), p(0, 1)}, []int32{0, 1}},    // the last one goes to who asks
		{1, []brakes.Part{p(0, 0), p(0, 0)}, []int32{1, 0}},
		{0, []brakes.Part{p(0, 5)}, []int32{0}},
	} {
		if got := brakes.Fair(c.limit, c.parts); !slices.Equal(got, c.want) {
			t.Errorf("%d of %+v: %v; want %v", c.limit, c.parts, got, c.want)
		}
	}
}

// holder is a shard: it writes what it has, then reads what the others have written, and may use what that leaves.
type holder struct {
	usable, written int32
	uses, asks      int32
}

// However the writes and reads of shards lie between each other, and however many there are, all together may use the limit at most. When
// nothing changes any more, all of it is somebody's.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int32Range(0, 30).Draw(t, "limit")
		shards := make([]holder, rapid.IntRange(1, 5).Draw(t, "shards"))
		written := make([]brakes.Part, len(shards)) // in the Leases
		step := func(i int, write bool) {
			h := &shards[i]
			all := slices.Clone(written)
			all[i].Uses, all[i].Asks = h.uses, h.asks
			if write {
				next := brakes.Next(limit, i, all)
				h.usable = min(h.usable, next)
				all[i].Has = next
				written, h.written = all, next
				return
			}
			h.usable = brakes.Usable(limit, i, written, h.written)
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			i := rapid.IntRange(0, len(shards)-1).Draw(t, "shard")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				shards[i].asks = rapid.Int32Range(0, 40).Draw(t, "asks")
			case 1: // what it uses grows as far as it may, and shrinks
				shards[i].uses = rapid.Int32Range(0, max(0, shards[i].usable)).Draw(t, "uses")
			case 2:
				step(i, true)
			default:
				step(i, false)
			}
			sum := int32(0)
			for _, h := range shards {
				sum += h.usable
			}
			if sum > limit {
				t.Fatalf("%d of %d may be used: %+v", sum, limit, shards)
			}
		}
		for range 3 * len(shards) {
			for i := range shards {
				step(i, true)
				step(i, false)
			}
		}
		sum := int32(0)
		for _, h := range shards {
			sum += h.usable
		}
		if sum != limit {
			t.Fatalf("when all have settled, %d of %d may be used: %+v", sum, limit, shards)
		}
	})
}

// What was cut is asked for, and a shard without a part steps neither up nor down.
func TestNeeds(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	l := brakes.NewLedger(seen.Clock{})
	r := brakes.Round{
		Now: now, Limits: []brakes.Limit{{Name: "pool", Replicas: 12, AddedPerMinute: 6, SteppingDown: 0.5}},
		Members: []brakes.Member{
			{Name: "shop/a", Replicas: 2, Known: true, Acts: true}, {Name: "shop/b", Replicas: 3, Known: true, Acts: true},
		},
		Asks:  []brakes.Ask{{Name: "shop/a", Asks: scaler.Asks{From: 2, To: 6}}, {Name: "shop/b", Asks: scaler.Asks{From: 3, To: 1}}},
		Parts: map[string]brakes.Parts{},
	}
	cut := l.Share(r)
	if len(cut) != 2 || cut["shop/a"].To != 2 || cut["shop/b"].To != 3 {
		t.Errorf("a shard that has nothing yet cuts %+v", cut)
	}
	r.Asks = nil
	want := brakes.Parts{Added: brakes.Part{Asks: 4}, Replicas: brakes.Part{Uses: 5, Asks: 4}, Down: brakes.Part{Asks: 1}, Acting: 2}
	if got := l.Needs(r)["pool"]; got != want {
		t.Errorf("needs %+v; want %+v", got, want)
	}
}
