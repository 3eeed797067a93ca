package lag

import (
	"slices"
	"testing"
	"time"
)

// What offsets do not tell, the headers of batches do. Each row has the same offsets as the one after it, and the opposite meaning.
func TestWhatALookFinds(t *testing.T) {
	hour := time.Hour
	markers, records := func() bool { return false }, func() bool { return true }
	for _, c := range []struct {
		name   string
		play   func(s *stage)
		finds  func() bool
		want   Stand
		status Status
	}{
		{"two markers", func(s *stage) { s.flow(hour); s.end += 2; s.run(hour, nil) }, markers, StandRead, StatusOK},
		{"twin: two records", func(s *stage) { s.flow(hour); s.end += 2; s.run(hour, nil) }, records, StandRest, StatusRest},
		{"five markers, and nothing else was ever seen", func(s *stage) { s.end += 5; s.run(hour, nil) }, markers, StandRead, StatusOK},
		{"twin: five records", func(s *stage) { s.end += 5; s.run(hour, nil) }, records, StandRest, StatusRest},
		{"5,000 aborted records, where commits reach the end", func(s *stage) { s.flow(hour); s.end += 5000; s.run(hour, nil) }, markers, StandRead, StatusOK},
		{"twin: 5,000 records", func(s *stage) { s.flow(hour); s.end += 5000; s.run(hour, nil) }, records, StandStalled, StatusStalled},
		{"aborted records come each 5 min", func(s *stage) {
			s.run(hour, func(second int) { s.each(second, 300, func() { s.end += 20 }) })
		}, markers, StandRead, StatusOK},
		{"twin: records come each 5 min", func(s *stage) {
			s.run(hour, func(second int) { s.each(second, 300, func() { s.end += 20 }) })
		}, records, StandStalled, StatusStalled},
		{"nobody is there, and behind the commit are markers", func(s *stage) { s.flow(hour); s.member = ""; s.end += 3; s.run(hour, nil) }, markers, StandRead, StatusOK},
		{"twin: records", func(s *stage) { s.flow(hour); s.member = ""; s.end += 3; s.run(hour, nil) }, records, StandMoving, StatusStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.run(time.Minute, nil)
			s.records = c.finds
			c.play(s)
			if s.stand() != c.want || s.last.Status != c.status || s.looks == 0 {
				t.Errorf("%s, %s after %d looks; want %s, %s", s.stand(), s.last.Status, s.looks, c.want, c.status)
			}
		})
	}
}

// A partition is in doubt only while both offsets stand, and while it is not known to be read: work is not looked at.
func TestDoubts(t *testing.T) {
	for name, c := range map[string]struct {
		play func(s *stage)
		want int
	}{
		"nothing waits":            {func(s *stage) { s.flow(time.Hour) }, 0},
		"the end moves":            {func(s *stage) { s.flow(time.Hour); s.run(time.Hour, func(int) { s.end += 50 }) }, 0},
		"it stood for 20 s":        {func(s *stage) { s.flow(time.Hour); s.end += 2; s.run(30*time.Second, nil) }, 0},
		"it stood for 30 s":        {func(s *stage) { s.flow(time.Hour); s.end += 2; s.run(40*time.Second, nil) }, 1},
		"it stands":                {func(s *stage) { s.flow(time.Hour); s.end += 2; s.run(time.Minute, nil) }, 1},
		"jobs of ten minutes":      {func(s *stage) { s.jobs(6, 10*time.Minute, 15*time.Minute) }, 0},
		"rests that were passed":   {func(s *stage) { s.transactions(6) }, 0},
		"nobody is there":          {func(s *stage) { s.flow(time.Hour); s.member = ""; s.end += 50; s.run(time.Minute, nil) }, 1},
		"nobody, for 20 s":         {func(s *stage) { s.flow(time.Hour); s.member = ""; s.end += 50; s.run(30*time.Second, nil) }, 0},
		"the owner says that rest": {func(s *stage) { s.slo.LeavesBehind = 5; s.flow(time.Hour); s.end += 5; s.run(time.Hour, nil) }, 0},
	} {
		s := newStage(t)
		s.run(time.Minute, nil)
		c.play(s)
		var got []Doubt
		for d := range s.last.Doubts() {
			got = append(got, d)
		}
		if len(got) != c.want || c.want > 0 && got[0] != (Doubt{"g", "orders", 0}) {
			t.Errorf("%s: in doubt are %v, want %d", name, got, c.want)
		}
	}
}

// What a look found outlives the process and the look, as long as both offsets stand: it is among the habits that are saved.
func TestWhatALookFoundIsKept(t *testing.T) {
	s := newStage(t)
	s.flow(time.Hour)
	s.records = func() bool { return false }
	s.end += 5
	s.run(time.Hour, nil)
	saved := s.last.Habits()
	for name, more := range map[string]int64{"the offsets stand": 0, "twin: records came meanwhile": 5} {
		next := newStage(t)
		next.end, next.committed = s.end+more, s.committed
		next.h.Teach("g", saved)
		next.run(10*time.Minute, nil)
		if read := next.stand() == StandRead; read != (more == 0) {
			t.Errorf("%s: %s", name, next.stand())
		}
	}
}

// Partitions that a member has come first: a source looks at no more than some of them in a poll.
func TestTheOrderOfDoubts(t *testing.T) {
	var h History
	var s *Snapshot
	var rates []Rates
	for poll := range 12 {
		s = Compute(at(10*poll).topic("orders", [2]int64{0, 9}, [2]int64{0, 9}).group("g", commits("orders", 5, 5),
			member("a", []string{"orders"}, TopicPartitions{"orders", []int32{1}})).observation(), s, nil)
		rates = h.Add(s, func(string) SLO { return DefaultSLO })
	}
	var got []int32
	for d := range rates[0].Doubts() {
		got = append(got, d.Partition)
	}
	if !slices.Equal(got, []int32{1, 0}) {
		t.Errorf("in doubt are the partitions %v: want that with a member, then that without", got)
	}
	for d := range rates[0].Doubts() {
		if d.Partition != 1 {
			t.Errorf("partition %d follows after the first was enough", d.Partition)
		}
		break
	}
}
