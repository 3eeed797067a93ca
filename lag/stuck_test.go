package lag

import (
	"testing"
	"time"
)

// duo plays two partitions of one consumer, ten seconds a poll.
type duo struct {
	film
	end, committed [2]int64
	last           Rates
}

func (d *duo) run(lasts time.Duration, each func()) {
	for range int(lasts.Seconds()) / 10 {
		each()
		w := at(d.secs).topic("orders", [2]int64{0, d.end[0]}, [2]int64{0, d.end[1]})
		d.last = d.see(w.group("g", commits("orders", d.committed[0], d.committed[1]),
			member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0, 1}}),
			func(g *GroupRead) { g.Members[0].ClientID, g.Members[0].Host = "worker-1", "10.0.0.7" }))
	}
}

// flow reads everything of a partition.
func (d *duo) flow(p int) { d.end[p] += 50; d.committed[p] = d.end[p] }

// TestStuck: a record that fails for ever, beside the worlds that look like it.
func TestStuck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		play  func(d *duo)
		want  int
		moves bool // the other partition
	}{
		{"a record fails for ever", func(d *duo) { d.flow(0); d.end[1] += 50 }, 1, true},
		{"a record fails for ever, and the other partition gets nothing", func(d *duo) { d.end[1] += 50 }, 1, false},
		{"the consumer hangs", func(d *duo) { d.end[0] += 50; d.end[1] += 50 }, 2, false},
		{"nothing arrives", func(d *duo) { d.flow(0) }, 0, false},
		{"a hot partition that moves slowly", func(d *duo) { d.flow(0); d.end[1] += 500; d.committed[1] += 50 }, 0, false},
		{"a rest", func(d *duo) {
			d.flow(0)
			if d.end[1] == d.committed[1] {
				d.end[1]++
			}
		}, 0, false},
	} {
		d := &duo{film: film{t: t, slo: DefaultSLO}, end: [2]int64{1000, 1000}, committed: [2]int64{1000, 1000}}
		d.run(20*time.Minute, func() { d.flow(0); d.flow(1) })
		offset := d.committed[1]
		from := t0.Add(time.Duration(d.secs) * time.Second)
		d.run(10*time.Minute, func() { tt.play(d) })
		g := &d.prev.Groups[0]
		stuck := d.last.Stuck(g)
		if len(stuck) != tt.want {
			t.Errorf("%s: %+v, want %d", tt.name, stuck, tt.want)
			continue
		}
		if tt.want != 1 {
			continue
		}
		s := stuck[0]
		if s.Topic != "orders" || s.Partition != 1 || s.Committed != offset || s.OwnerName() != "worker-1@10.0.0.7" || s.OthersMove != tt.moves {
			t.Errorf("%s: %+v, others move: want %v", tt.name, s, tt.moves)
		}
		if off := s.Since.Sub(from).Abs(); off > 20*time.Second {
			t.Errorf("%s: since %v, want %v", tt.name, s.Since, from)
		}
	}
}
