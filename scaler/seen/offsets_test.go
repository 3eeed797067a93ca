package seen

import (
	"math"
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

// Ten minutes of offsets take 2 bytes each while they grow slowly, and 4 otherwise. A new floor is for at least eight polls.
func TestRoomOfOffsets(t *testing.T) {
	for _, c := range []struct{ grows, bytes, floors int64 }{
		{0, 2, 1}, {1_000, 2, 1}, {2_000, 2, 2}, {8_191, 2, 7}, {8_192, 4, 1}, {1_000_000, 4, 1},
	} {
		var all []AllOffsets
		last := AllOffsets{}
		floors := map[*int64]bool{}
		for poll := range int64(62) {
			o := Offsets{End: 1e12 + poll*c.grows, Position: 1e12 + poll*c.grows, Owner: int32(poll), Known: KnowsBoth}
			last = last.next([]Offsets{o, o, o})
			all, floors[&last.lasts.floor[0]] = append(all, last), true
		}
		if took := int64(len(all[61].above)); took != 6*c.bytes || int64(len(floors)) != c.floors {
			t.Errorf("%d records a poll: %d bytes, %d floors, want %d, %d", c.grows, took, len(floors), 6*c.bytes, c.floors)
		}
	}
}
