package lag

import (
	"testing"
	"time"
)

// stage plays one partition, ten seconds a poll: producers append, a consumer reads and commits as its test says.
type stage struct {
	film
	end, committed int64
	member         string // "": nobody
	paused         bool
	open           int64       // records of an open transaction
	records        func() bool // what a look at the headers finds behind the commit; nil: nobody looks
	looks          int         // how often somebody looked
	noData         [2]int64    // commit and end at which it found no record
	last           Rates
	seen           map[Status]int
	worst          float64 // time lag
}

func newStage(t *testing.T) *stage {
	return &stage{film: film{t: t, slo: DefaultSLO}, end: 1000, committed: 1000, member: "m", seen: map[Status]int{}}
}

func (s *stage) poll() {
	w := at(s.secs).topic("orders", [2]int64{0, s.end}).open(s.open)
	change := []func(*GroupRead){commits("orders", s.committed)}
	if s.member != "" {
		change = append(change, member(s.member, []string{"orders"}, TopicPartitions{"orders", []int32{0}}))
	} else {
		change = append(change, state(Empty))
	}
	if s.paused {
		change = append(change, state(PreparingRebalance))
	}
	if s.look() {
		change = append(change, func(g *GroupRead) { g.Commits[0].Partitions[0].Evidence = NoData })
	}
	s.last = s.see(w.group("g", change...))
	s.seen[s.last.Status]++
	if seconds, _, ok := s.last.TimeLag.Value(); ok {
		s.worst = max(s.worst, seconds)
	}
}

// look is what a source does: it looks where there is doubt, and remembers while both offsets stand. It reports whether no
// record is known to lie behind the commit.
func (s *stage) look() bool {
	if s.records == nil || s.committed == s.end {
		return false
	}
	now := [2]int64{s.committed, s.end}
	if s.noData == now {
		return true
	}
	for range s.last.Doubts() {
		if s.looks++; !s.records() {
			s.noData = now
		}
	}
	return s.noData == now
}

// run plays a time; each is called before every poll, with the seconds since the run began.
func (s *stage) run(d time.Duration, each func(second int)) *stage {
	for second := 0; second < int(d.Seconds()); second += 10 {
		if each != nil {
			each(second)
		}
		s.poll()
	}
	return s
}

func (s *stage) stand() Stand { return s.last.PartitionStand(0, 0) }

func (s *stage) fresh() { s.seen, s.worst = map[Status]int{}, 0 }

// flow is a group that reads everything at once: its commits reach the end.
func (s *stage) flow(d time.Duration) *stage {
	return s.run(d, func(int) { s.end += 50; s.committed = s.end })
}

// transaction appends records and a marker; the consumer commits the record after the last one.
func (s *stage) transaction(records int64) {
	s.end += records + 1
	s.committed = s.end - 1
}

// The rows of the table of rests, each beside its twin: the world that gives the same offsets and means the opposite.
func TestWhatLiesBehindACommit(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		name string
		play func(s *stage)
		want Stand
	}{
		{"one marker", func(s *stage) { s.end++; s.run(hour, nil) }, StandRest},
		{"five markers, and no commit ever reached the end", func(s *stage) { s.end += 5; s.run(hour, nil) }, StandRest},
		{"twin: stuck on five records, where commits reach the end", func(s *stage) { s.flow(hour); s.end += 5; s.run(hour, nil) }, StandStalled},
		{"twin: stuck on two records", func(s *stage) { s.flow(hour); s.end += 2; s.run(hour, nil) }, StandRest},
		{"five, where a transaction was open before", func(s *stage) {
			s.flow(hour)
			s.open = 3
			s.run(time.Minute, func(int) { s.end += 50; s.committed = s.end })
			s.open = 0
			s.end += 5
			s.run(hour, nil)
		}, StandRest},
		{"stuck while a transaction comes each 5 min", func(s *stage) {
			s.run(hour, func(second int) { s.each(second, 300, func() { s.end += 2 }) })
		}, StandStalled},
		{"stuck with 60,000 waiting, and the upstream stops", func(s *stage) {
			s.flow(hour)
			s.run(10*time.Minute, func(int) { s.end += 1000 })
			s.run(5*hour, nil)
		}, StandStalled},
		{"rests of one that were passed when records came", func(s *stage) { s.transactions(6) }, StandRead},
		{"twin: jobs of ten minutes, one record each 15 min", func(s *stage) { s.jobs(6, 10*time.Minute, 15*time.Minute) }, StandMoving},
		{"twin: only two were passed", func(s *stage) { s.transactions(3) }, StandRest},
		{"twin: passed, but after a restart each time", func(s *stage) {
			for i := range 6 {
				s.member = string(rune('a' + i))
				s.transaction(10)
				s.run(10*time.Minute, nil)
			}
		}, StandRest},
		{"twin: passed, but each time after a rebalance", func(s *stage) {
			for range 6 {
				s.paused = true
				s.poll()
				s.paused = false
				s.transaction(10)
				s.run(10*time.Minute, nil)
			}
		}, StandRest},
		{"passed, then a commit reached the end by itself", func(s *stage) {
			s.transactions(6)
			s.committed = s.end
			s.poll()
			s.end++
			s.run(10*time.Minute, nil)
		}, StandRest},
		{"read, and then nobody is there", func(s *stage) { s.transactions(6); s.member = ""; s.run(hour, nil) }, StandRead},
		{"twin: a record comes while nobody is there", func(s *stage) {
			s.transactions(6)
			s.member = ""
			s.end += 3
			s.run(hour, nil)
		}, StandMoving},
		{"nobody is there, and 60,000 wait", func(s *stage) { s.flow(hour); s.member = ""; s.end += 60_000; s.run(hour, nil) }, StandMoving},
		{"the owner says that 5 are left behind", func(s *stage) { s.slo.LeavesBehind = 5; s.flow(hour); s.end += 5; s.run(hour, nil) }, StandRead},
		{"twin: 6 wait", func(s *stage) { s.slo.LeavesBehind = 5; s.flow(hour); s.end += 6; s.run(hour, nil) }, StandStalled},
		{"a consumer that commits each second stands for 2 min", func(s *stage) {
			s.flow(hour)
			s.run(150*time.Second, func(int) { s.end += 50 })
		}, StandStalled},
		{"twin: nothing is known of its rhythm", func(s *stage) { s.run(10*time.Minute, func(int) { s.end += 50 }) }, StandSlow},
		{"it has stood for more than 15 min", func(s *stage) { s.run(17*time.Minute, func(int) { s.end += 50 }) }, StandStalled},
		{"twin: commitsWithin is 30 min", func(s *stage) {
			s.slo.CommitsWithin = 30 * time.Minute
			s.run(17*time.Minute, func(int) { s.end += 50 })
		}, StandMoving},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.run(time.Minute, nil)
			c.play(s)
			if s.stand() != c.want {
				t.Errorf("%s (status %s), want %s; learned %+v", s.stand(), s.last.Status, c.want, s.last.Habits())
			}
		})
	}
}

func (s *stage) each(second, every int, do func()) {
	if second%every == 0 {
		do()
	}
}

// transactions come each ten minutes; each leaves a marker.
func (s *stage) transactions(n int) {
	for range n {
		s.transaction(10)
		s.run(10*time.Minute, nil)
	}
}

// jobs take a time each, and the next comes after a longer one.
func (s *stage) jobs(n int, takes, every time.Duration) {
	for range n {
		s.end++
		s.run(takes, nil)
		s.committed = s.end
		s.run(every-takes, nil)
	}
	s.end++
	s.run(takes/2, nil)
}

// Transactions at all paces never stall, and a rest is late at no time.
func TestMarkersAreNeverLate(t *testing.T) {
	for _, every := range []time.Duration{20 * time.Second, time.Minute, 10 * time.Minute, 2 * time.Hour} {
		s := newStage(t)
		s.run(24*time.Hour, func(second int) { s.each(second, int(every.Seconds()), func() { s.transaction(20) }) })
		if s.seen[StatusStalled]+s.seen[StatusStopped] > 0 || s.worst > 30 {
			t.Errorf("each %v: %v, time lag up to %v s", every, s.seen, s.worst)
		}
		if every > time.Minute && s.stand() != StandRead {
			t.Errorf("each %v: %s after a day", every, s.stand())
		}
	}
}

// Sinks that commit when they rotate their file are not stalled, and checkpointing jobs without members neither.
func TestRareCommitsAreNotStalled(t *testing.T) {
	for _, every := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute} {
		for _, member := range []string{"m", ""} {
			for _, rate := range []int64{1000, 1} {
				s := newStage(t)
				s.member = member
				s.run(6*time.Hour, func(second int) {
					s.end += rate
					s.each(second+int(every.Seconds()/2), int(every.Seconds()), func() { s.committed = s.end })
				})
				if s.seen[StatusStalled] > 0 {
					t.Errorf("commits each %v, member %q, %d records a poll: %v", every, member, rate, s.seen)
				}
				s.run(time.Hour, func(int) { s.end += rate }) // twin: it hangs
				if s.seen[StatusStalled] == 0 && member != "" {
					t.Errorf("commits each %v, then hangs: %v", every, s.seen)
				}
			}
		}
	}
}

// One long stand teaches nothing where commits are quick; three in a day do, for a week.
func TestAHangTeachesNothing(t *testing.T) {
	s := newStage(t)
	s.flow(time.Hour)
	hang := func() bool {
		s.fresh()
		s.run(10*time.Minute, func(int) { s.end += 50 })
		stalled := s.seen[StatusStalled] > 0
		s.flow(time.Hour)
		return stalled
	}
	for i, want := range []bool{true, true, true, false} {
		if got := hang(); got != want {
			t.Errorf("hang %d: stalled %v, want %v", i+1, got, want)
		}
	}
	s.flow(8 * 24 * time.Hour)
	if !hang() {
		t.Error("a week later it is still not stalled")
	}
}

// A stuck consumer that is restarted again and again is stalled each time, once it stood for long enough; its restarts do not
// count as its work.
func TestRestartsDoNotTeach(t *testing.T) {
	s := newStage(t)
	s.flow(time.Hour)
	for i := range 5 {
		s.run(20*time.Minute, func(int) { s.end += 50 })
		if s.stand() != StandStalled {
			t.Fatalf("time %d: %s, learned %+v", i, s.stand(), s.last.Habits())
		}
		s.member = string(rune('a' + i))
		s.committed = s.end
		s.poll()
	}
}

// A transaction on one partition says nothing of its neighbour: a consumer stuck there is stalled. Twins: the neighbour had one, too;
// an earlier build remembered the topic only.
func TestTransactionsOfANeighbour(t *testing.T) {
	for _, c := range []struct {
		name   string
		opens  [2]int64 // records of a transaction
		taught bool
		want   Stand
	}{
		{"the other partition had a transaction", [2]int64{3, 0}, false, StandStalled},
		{"twin: this one, too", [2]int64{3, 3}, false, StandRest},
		{"twin: an earlier build remembered one on the topic", [2]int64{3, 0}, true, StandRest},
	} {
		f := film{t: t, slo: DefaultSLO}
		if c.taught {
			f.h.Teach("g", Habits{{Topic: "orders", Transactions: true}})
		}
		end, last := [2]int64{1000, 1000}, Rates{}
		poll := func(committed [2]int64, open bool) {
			w := at(f.secs).topic("orders", [2]int64{0, end[0]}, [2]int64{0, end[1]})
			for i, n := range c.opens {
				if open && n > 0 {
					w.topics[0].Partitions[i].Stable = end[i] - n
				}
			}
			last = f.see(w.group("g", commits("orders", committed[0], committed[1]), member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0, 1}})))
		}
		for i := range 60 {
			end[0], end[1] = end[0]+50, end[1]+50
			poll(end, i == 30)
		}
		committed := end
		for range 360 {
			poll(committed, false)
			end[1] = committed[1] + 60
		}
		if got := last.PartitionStand(0, 1); got != c.want {
			t.Errorf("%s: %s, want %s; learned %+v", c.name, got, c.want, last.Habits())
		}
	}
}

// So many partitions with transactions are remembered; of more, the topic.
func TestTransactionsOfManyPartitions(t *testing.T) {
	h := TopicHabits{}
	for p := int32(2 * readKept); p > 0; p -= 2 {
		h.transaction(p)
		if !h.transactionsOn(p) || p > 2 && h.transactionsOn(p-1) || h.Transactions {
			t.Fatalf("after partition %d: %+v", p, h)
		}
	}
	if h.transaction(1); !h.Transactions || !h.transactionsOn(77) || len(h.Transacted) > 0 {
		t.Errorf("of more: %+v", h)
	}
}

// What is learned survives a restart of this process where it is saved, and what is read stays read with nobody there.
func TestWhatIsLearnedIsTaught(t *testing.T) {
	s := newStage(t)
	s.transactions(6)
	next := newStage(t)
	next.h.Teach("g", s.last.Habits())
	next.secs, next.end, next.committed, next.member = s.secs, s.end, s.committed, ""
	next.run(time.Minute, nil)
	if next.stand() != StandRead || next.last.Status != StatusOK {
		t.Errorf("%s, %s", next.stand(), next.last.Status)
	}
	unknown := newStage(t) // twin: nothing was saved
	unknown.secs, unknown.end, unknown.committed, unknown.member = s.secs, s.end, s.committed, ""
	if unknown.run(time.Minute, nil); unknown.stand() != StandRest {
		t.Errorf("nothing was saved: %s", unknown.stand())
	}
}

// A rest is no time lag; what comes after it is counted from its arrival.
func TestTimeLagBeginsBehindTheRest(t *testing.T) {
	s := newStage(t)
	s.end++
	s.run(time.Hour, nil)
	if _, _, ok := s.last.TimeLag.Value(); ok || s.last.Rest.Unknown != 1 || s.last.Status != StatusRest {
		t.Errorf("time lag of a rest: %+v, %+v", s.last.TimeLag, s.last.Rest)
	}
	s.end += 500
	s.run(20*time.Second, nil)
	if seconds, atLeast, ok := s.last.TimeLag.Value(); !ok || seconds > 30 || !atLeast {
		t.Errorf("20 s after records came: %v s, known %v, at least %v: the rest may be records", seconds, ok, atLeast)
	}
}

// A marker that comes after its records were committed, and then stands for an hour, is no slow commit: a consumer that hangs is
// stalled soon. Twin: the same offsets without records after the hour, a job of an hour.
func TestAMarkerAfterTheCommitIsNoWork(t *testing.T) {
	for _, job := range []bool{false, true} {
		s := newStage(t).flow(10 * time.Minute)
		for range 4 {
			s.end += 100
			s.committed = s.end
			s.run(10*time.Second, nil)
			s.end++ // a marker, or the record of a job
			if s.run(time.Hour, nil); job {
				s.committed = s.end
				s.poll()
			}
		}
		s.run(10*time.Minute, func(int) { s.end += 50 })
		if stalled := s.stand() == StandStalled; stalled == job {
			t.Errorf("job %v: %s after 10 min, learned %+v", job, s.stand(), s.last.Habits())
		}
	}
}

func TestStandNames(t *testing.T) {
	for s, want := range map[Stand]string{StandMoving: "moving", StandRead: "read", StandRest: "rest", StandSlow: "slow", StandStalled: "stalled"} {
		if s.String() != want {
			t.Errorf("%d is %q, want %q", s, s, want)
		}
	}
}

// What a sink has read since its last commit is not late; what it has not read for longer than its interval is.
func TestTimeLagReckonsWithTheInterval(t *testing.T) {
	s := newStage(t)
	every := 15 * time.Minute
	sink := func(second int) {
		s.end += 1000
		s.each(second+600, int(every.Seconds()), func() { s.committed = s.end })
	}
	s.run(3*time.Hour, sink)
	if got := s.last.Rest.Interval; got < every-20*time.Second || got > every {
		t.Fatalf("interval %v, want %v", got, every)
	}
	s.fresh()
	if s.run(time.Hour, sink); s.worst > 20 {
		t.Errorf("time lag up to %v s, though it commits in its rhythm", s.worst)
	}
	s.fresh()
	if s.run(25*time.Minute, func(int) { s.end += 1000 }); s.worst < 300 {
		t.Errorf("time lag up to %v s, though it has not committed for 25 min", s.worst)
	}
	// The twin: jobs of ten minutes, of which each commits what came ten minutes before. Its backlog counts.
	job := newStage(t)
	var waiting int64
	job.run(3*time.Hour, func(second int) {
		job.end += 100
		job.each(second, 600, func() { job.committed, waiting = max(job.committed, waiting), job.end })
	})
	if job.last.Rest.Interval != 0 || job.worst < 600 {
		t.Errorf("interval %v, time lag up to %v s", job.last.Rest.Interval, job.worst)
	}
}

// A reader that hangs on many records, after which none came, is stalled also in the next process: only what was saved tells
// it from a large rest where the commit was never seen at the end.
func TestStuckStaysStalledAfterARestart(t *testing.T) {
	s := newStage(t)
	s.run(10*time.Minute, func(int) { s.end += 50; s.committed = s.end - 50 }) // it keeps up, and something always waits
	s.run(20*time.Minute, func(int) { s.end += 50 })
	s.run(time.Hour, nil)
	play := func(learned Habits) *stage {
		next := newStage(t)
		next.secs, next.end, next.committed = s.secs, s.end, s.committed
		next.h.Teach("g", learned)
		return next.run(time.Minute, nil)
	}
	next := play(s.last.Habits())
	if s.stand() != StandStalled || next.stand() != StandStalled {
		t.Errorf("%s before, %s after the restart", s.stand(), next.stand())
	}
	if unknown := play(nil); unknown.stand() == StandStalled { // twin: nothing was saved
		t.Errorf("nothing was saved: %s", unknown.stand())
	}
	next.committed += 100
	if next.run(10*time.Second, nil); next.stand() == StandStalled || len(next.last.Habits().Of("orders").Stuck) > 0 {
		t.Errorf("the commit moved: %s, %+v", next.stand(), next.last.Habits())
	}
}
