package chaos

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

var (
	pageFile   = flag.String("reliability", "", "run all faults, and write this file")
	randomTime = flag.Duration("chaos-time", 5*time.Minute, "how long faults come at random")
	chaosSeed  = flag.Uint64("chaos-seed", 2026, "of traffic and faults")
	onlyFaults = flag.String("chaos-faults", "", "only these faults, by name, with commas between them")
)

// TestChaos is a piece of make chaos: one fault of brokers, network and replicas each.
func TestChaos(t *testing.T) {
	s := boot(t, *chaosSeed)
	r := s.run([]string{"broker frozen", "connections cut", "leader killed"}, 0)
	for _, target := range r.targets() {
		if !target.Met {
			t.Errorf("not met: %s, but %s\n%s", target.Want, target.Got, strings.Join(target.Details, "\n"))
		}
	}
}

// TestReliability is all of it: make chaos.
func TestReliability(t *testing.T) {
	if *pageFile == "" {
		t.Skip("skipped: this breaks things for a quarter of an hour and writes docs/reliability.md; make chaos runs it")
	}
	s := boot(t, *chaosSeed)
	s.foreign = kafka.Start(t, kafka.Config{Version: kafka.V43, Nodes: 1, Users: []kafka.User{user}}).SASLBootstrap()
	var names []string
	for _, f := range faults {
		if *onlyFaults == "" || slices.Contains(strings.Split(*onlyFaults, ","), f.name) {
			names = append(names, f.name)
		}
	}
	r := s.run(names, *randomTime)
	lesson := s.stopsItself()
	r.Lesson = &lesson
	var out bytes.Buffer
	if err := page.Execute(&out, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*pageFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, target := range r.targets() {
		if !target.Met {
			t.Errorf("not met: %s, but %s", target.Want, target.Got)
		}
	}
}

// episode is one fault, or two at once, from its beginning until the next.
type episode struct {
	Name           string
	Random         bool
	Began, Healed  time.Time
	Recovered      time.Time // zero: not within the patience of the test
	Polls          int       // from Healed to Recovered
	Before, After  int       // MiB
	Sizes          int       // changes of the replicas
	Why            error     // it did not recover
	Wrong, Back    []finding
	MadeUp         []finding
	Late, LateHeld int64
	Partial        int // polls of either replica that left something unknown
	Leaderless     int // polls in which no replica led
}

// over is when all was well again, or the test stopped waiting for it.
func (e episode) over() time.Time {
	if e.Why != nil {
		return e.Healed.Add(patience)
	}
	return e.Recovered
}

// run begins and ends the named faults one after the other, then others at random, and judges all of it.
func (s *system) run(names []string, random time.Duration) result {
	s.t.Helper()
	sizes := s.WatchSizes(s.t, s.NS, closedloop.Workload)
	r := result{Seed: *chaosSeed, Began: time.Now()}
	r.MemoryBefore = s.memory()
	for _, f := range faults {
		if slices.Contains(names, f.name) && f.possible(s) {
			r.Episodes = append(r.Episodes, s.episode(f.lasts, f))
		}
	}
	for end := time.Now().Add(random); time.Now().Before(end); {
		some := s.choose()
		lasts := time.Duration(3+s.random.IntN(12)) * time.Second
		if len(some) == 1 && some[0].lasts == 0 {
			lasts = 0 // it is over when it has begun
		}
		e := s.episode(lasts, some...)
		e.Random = true
		r.Episodes = append(r.Episodes, e)
	}
	r.Ended, r.MemoryAfter = time.Now(), s.memory()
	s.pause(3 * closedloop.Poll) // until what happened last is told
	s.judge(&r, sizes())
	return r
}

func (f fault) possible(s *system) bool { return f.able == nil || f.able(s) }

// choose is a fault by chance, and sometimes another of another area.
func (s *system) choose() []fault {
	var some []fault
	for _, i := range s.random.Perm(len(faults)) {
		f := faults[i]
		if !f.possible(s) || slices.ContainsFunc(some, func(o fault) bool { return o.area == f.area }) {
			continue
		}
		some = append(some, f)
		if len(some) == 2 || s.random.IntN(3) > 0 {
			break
		}
	}
	return some
}

// episode begins faults, ends them, and waits until all is well again.
func (s *system) episode(lasts time.Duration, some ...fault) episode {
	s.t.Helper()
	var names []string
	for _, f := range some {
		names = append(names, f.name)
	}
	e := episode{Name: strings.Join(names, " + "), Before: s.memory(), Began: time.Now()}
	var ends []func()
	for _, f := range some {
		ends = append(ends, f.begin(s))
	}
	s.pause(time.Until(e.Began.Add(lasts)))
	for _, end := range slices.Backward(ends) {
		end()
	}
	e.Healed = time.Now()
	if e.Why = s.until(patience, func() error { return s.wellSince(e.Healed) }); e.Why == nil {
		e.Recovered = time.Now()
		e.Polls = int((e.Recovered.Sub(e.Healed) + closedloop.Poll - 1) / closedloop.Poll)
	} else {
		s.t.Errorf("%s: not well after %v: %v", e.Name, patience, e.Why)
	}
	e.After = s.memory()
	s.t.Logf("%s: %v, then well after %d polls; %d MiB, then %d", e.Name, e.Healed.Sub(e.Began).Round(time.Second), e.Polls, e.Before, e.After)
	s.pause(3 * closedloop.Poll)
	return e
}

// judge finds what was wrong, and in which episode.
func (s *system) judge(r *result, sizes []kube.Size) {
	s.t.Helper()
	at := func(when time.Time) *episode {
		for i := len(r.Episodes) - 1; i > 0; i-- {
			if !when.Before(r.Episodes[i].Began) {
				return &r.Episodes[i]
			}
		}
		return &r.Episodes[0]
	}
	for _, size := range sizes[1:] {
		at(size.At).Sizes++
	}
	e := s.evidence(sizes)
	for _, f := range slices.Concat(e.wrongWrites(), e.withoutLease()) {
		at(f.At).Wrong = append(at(f.At).Wrong, f)
	}
	for _, f := range s.counters.fallen {
		at(f.At).Back = append(at(f.At).Back, f)
	}
	for _, f := range e.madeUp() {
		at(f.At).MadeUp = append(at(f.At).MadeUp, f)
	}
	for _, late := range e.late() {
		if late.At.Before(r.Began) {
			continue
		}
		at(late.At).Late += late.N
		if late.Held {
			at(late.At).LateHeld += late.N
		}
	}
	for i := range r.Episodes {
		one := &r.Episodes[i]
		one.Partial, one.Leaderless = e.disturbed(one.Began, one.over())
	}
	r.Sizes, r.Pages, r.Done, r.Rebalances = len(sizes)-1, s.counters.pages, s.Consumed().Done, len(e.logged)
}

// result is what docs/reliability.md shows.
type result struct {
	Seed                      uint64
	Began, Ended              time.Time
	Episodes                  []episode
	Sizes, Pages, Rebalances  int
	Done                      int64
	MemoryBefore, MemoryAfter int
	Lesson                    *stopped // nil: that was not played
}

// target is a promise, and what became of it.
type target struct {
	Want, Got string
	Met       bool
	Details   []string
}

func (r result) targets() []target {
	var wrong, back, madeUp []string
	held, unwell := int64(0), 0
	for _, e := range r.Episodes {
		wrong, back, madeUp = append(wrong, told(e, e.Wrong)...), append(back, told(e, e.Back)...), append(madeUp, told(e, e.MadeUp)...)
		held += e.LateHeld
		if e.Why != nil {
			unwell++
		}
	}
	none := func(want string, of string, details []string) target {
		return target{want, fmt.Sprintf("%d %s", len(details), of), len(details) == 0, details}
	}
	all := []target{
		none("no wrong scale action", fmt.Sprintf("of %d", r.Sizes), wrong),
		none("no counter goes back", fmt.Sprintf("on %d pages", r.Pages), back),
		none("no rebalance is made up", fmt.Sprintf("beside %d", r.Rebalances), madeUp),
		{"no record is late because of a hold", fmt.Sprintf("%d of %d", held, r.Done), held == 0, nil},
		{"all is well again after each fault", fmt.Sprintf("%d of %d not", unwell, len(r.Episodes)), unwell == 0, nil},
		{"the memory does not grow by half", fmt.Sprintf("%d MiB, then %d", r.MemoryBefore, r.MemoryAfter), 2*r.MemoryAfter <= 3*r.MemoryBefore, nil},
	}
	if r.Lesson != nil {
		all = append(all, r.Lesson.target())
	}
	return all
}

// told are findings as lines.
func told(e episode, all []finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s, at %s: %s", e.Name, f.At.UTC().Format(time.TimeOnly), f.What))
	}
	return out
}
