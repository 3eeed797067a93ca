package seen

import (
	"testing"
	"time"
)

// A producer that stops and then sends what it could not send makes no jump, for whatever happened before it; traffic that really
// grows does, also from nothing.
func TestWhatIsAJump(t *testing.T) {
	const poll = 10 * time.Second
	for _, c := range []struct {
		name    string
		last    []float64 // arrivals/s since the poll before, after ten polls of 100/s
		partial bool      // the last poll but one was not answered by a partition with the other half of the arrivals
		want    float64   // what they are expected to come to; 0: it is no jump
	}{
		{"traffic triples at a poll", []float64{100, 100, 300}, false, 500},
		{"traffic triples between two polls", []float64{100, 200}, false, 300},
		{"half of the next jump was seen, then all of it", []float64{200, 300}, false, 300},
		{"a producer stops for half a poll", []float64{50, 150}, false, 0},
		{"a producer stops for a poll", []float64{0, 200}, false, 0},
		{"a producer stops for two polls", []float64{0, 0, 300}, false, 0},
		{"a producer stops for half a poll, then traffic triples", []float64{50, 350}, false, 500},
		{"traffic dips and comes back", []float64{50, 100}, false, 0},
		{"twin: half of the arrivals were not read, then traffic triples", []float64{50, 300}, true, 300},
	} {
		r, clk := &Readings{Columns: &Columns{Count: 1}}, Clock{Poll: poll}.Filled()
		end := 0.0
		for i, rate := range append([]float64{0, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, c.last...) {
			end += rate * poll.Seconds()
			partial := c.partial && i == 10+len(c.last)-1
			read := []Offsets{{End: int64(end), Known: KnowsEnd}}
			r.newest = &Newest{Reading: &Reading{At: int64(i) * int64(poll), Complete: !partial, Offsets: (&AllOffsets{}).next(read)}}
			r.list = append(r.list, r.newest.Reading)
			r.rate(r.newest, read, clk)
		}
		if got := r.Last().JumpTo; got < c.want-1 || got > c.want+1 {
			t.Errorf("%s: a jump to %v, want %v", c.name, got, c.want)
		}
	}
}
