package seen

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What was put in comes out, at this poll and of all polls before, whatever offsets do: they advance, go back, leap beyond 16 and 32 bits, are
// not answered, change their owner, and partitions are added. What is not known is zero.
func TestOffsetsOfAllPolls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(math.MaxUint16-2, math.MaxUint16+2),
			rapid.Int64Range(math.MaxUint32-2, math.MaxUint32+2), rapid.Int64Range(0, math.MaxInt64))
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		var want [][]Offsets
		var all []AllOffsets
		before := &AllOffsets{}
		for range rapid.IntRange(1, 12).Draw(t, "polls") {
			columns += rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(t, "added")
			put := make([]Offsets, columns)
			for c := range put {
				o := Offsets{Owner: rapid.Int32Range(-1, 1).Draw(t, "owner"), Known: rapid.SampledFrom([]Known{KnowsBoth, KnowsBoth, KnowsEnd, KnowsPosition, 0}).Draw(t, "known")}
				if o.Known&KnowsEnd != 0 {
					o.End = offset.Draw(t, "end")
				}
				if o.Known&KnowsPosition != 0 {
					o.Position = offset.Draw(t, "position")
				}
				put[c] = o
			}
			want, all = append(want, put), append(all, before.next(put))
			before = &all[len(all)-1]
		}
		for i := range want {
			if all[i].Len() != len(want[i]) {
				t.Fatalf("poll %d has %d columns, want %d", i, all[i].Len(), len(want[i]))
			}
			for c := range want[i] {
				if got := all[i].Of(c); got != want[i][c] {
					t.Fatalf("poll %d, column %d: %+v, want %+v", i, c, got, want[i][c])
				}
			}
		}
	})
}

// Offsets take as many bits as they need: those of a group that processes what comes about 2.5 bytes, and nothing where nothing comes. A
// new floor is for 32 polls, so that one that lasts longer does not make them long.
func TestRoomOfOffsets(t *testing.T) {
	for _, c := range []struct{ grows, waits, bits, floors int64 }{
		{0, 0, 0, 1}, {0, 5, 3, 1}, {10, 5, 9 + 3, 2}, {200, 100, 13 + 7, 2}, {10_000, 5000, 19 + 13, 2}, {10_000, -5000, 19 + 14, 2},
	} {
		var all []AllOffsets
		last, most := AllOffsets{}, 0
		floors := map[*int64]bool{}
		for poll := range int64(62) {
			end := 1e12 + poll*c.grows
			o := Offsets{End: end, Position: end - c.waits, Owner: int32(poll), Known: KnowsBoth}
			last = last.next(slices.Repeat([]Offsets{o}, 8))
			all, floors[&last.lasts.floor[0]] = append(all, last), true
			most = max(most, int(last.bits[bitsAbove])+int(last.bits[bitsBehind]))
		}
		if most != int(c.bits) || len(last.bits) > offsetsHead+8+most || int64(len(floors)) != c.floors {
			t.Errorf("%d records a poll, %d wait: %d bits each, %d bytes, %d floors, want %d, %d", c.grows, c.waits, most, len(last.bits), len(floors), c.bits, c.floors)
		}
		if o := all[61].Of(7); o.End != 1e12+61*c.grows || o.Lag() != c.waits {
			t.Errorf("%d records a poll: %+v", c.grows, o)
		}
	}
}
