package breaker

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	clock = seen.Clock{}.Filled()
)

const window = 4 * time.Minute

// script is a scaler that polls, and what happens to it.
type script struct {
	state State
	now   time.Time
	size  int32
}

func begin() *script { return &script{now: noon, size: 24} }

// poll lets a poll pass.
func (s *script) poll(change func(*Look)) *script {
	s.now = s.now.Add(clock.Poll)
	l := Look{Now: s.now, Clock: clock, Window: window, Replicas: s.size}
	if change != nil {
		change(&l)
	}
	s.state = s.state.Next(&l)
	return s
}

func (s *script) polls(d time.Duration, change func(*Look)) *script {
	for until := s.now.Add(d); s.now.Before(until); {
		s.poll(change)
	}
	return s
}

// to decides and writes a number of replicas.
func (s *script) to(n int32, change func(*Step)) *script {
	step := Step{At: s.now, From: s.size, To: n}
	if change != nil {
		change(&step)
	}
	s.state = s.state.Propose(step)
	w := seen.Write{At: s.now.Truncate(time.Second), From: s.size, To: n}
	s.size = n
	return s.poll(func(l *Look) { l.Write = w })
}

func late(l *Look) { l.Late = true }

// bad is a step down that makes records late, and the step up after it.
func (s *script) bad() *script {
	from := s.size
	s.to(from-8, nil).polls(time.Minute, late).to(from, nil)
	return s.polls(window, nil)
}

// undone is a step down that is undone.
func (s *script) undone(change func(*Step)) *script {
	from := s.size
	s.to(from-8, change).polls(time.Minute, nil).to(from, nil)
	return s.polls(window, nil)
}

// Which steps count.
func TestWhatCounts(t *testing.T) {
	trial := func(s *Step) { s.Trial = true }
	for name, c := range map[string]struct {
		play         func(*script)
		late, undone int
	}{
		"nothing happens":            {func(s *script) { s.to(16, nil).polls(window, nil) }, 0, 0},
		"late":                       {func(s *script) { s.bad() }, 1, 0},
		"undone":                     {func(s *script) { s.undone(nil) }, 0, 1},
		"a trial that is undone":     {func(s *script) { s.undone(trial) }, 0, 0},
		"a trial that was late":      {func(s *script) { s.to(16, trial).polls(time.Minute, late).to(24, nil).polls(window, nil) }, 1, 0},
		"late after its probation":   {func(s *script) { s.to(16, nil).polls(window, nil).polls(window, late) }, 0, 0},
		"undone after its probation": {func(s *script) { s.to(16, nil).polls(window, nil).to(24, nil).polls(window, nil) }, 0, 0},
		"late while it rebalances":   {func(s *script) { s.to(16, nil).polls(window, func(l *Look) { l.Late, l.Unsound = true, true }) }, 0, 0},
		"more arrives": {func(s *script) {
			s.to(16, nil).polls(time.Minute, late).poll(func(l *Look) { l.Void = true }).polls(window, late)
		}, 0, 0},
		"somebody else changes it": {func(s *script) {
			s.to(16, nil).polls(time.Minute, late).poll(func(l *Look) { l.Foreign = true }).polls(window, late)
		}, 0, 0},
		"polls are missing": {func(s *script) {
			s.to(16, nil).polls(time.Minute, late)
			s.now = s.now.Add(time.Minute)
			s.polls(window, late)
		}, 0, 0},
		"a step down follows": {func(s *script) { s.to(16, nil).polls(time.Minute, late).to(12, nil).polls(window, nil) }, 1, 0},
		"a write that nobody decided": {func(s *script) {
			s.poll(func(l *Look) { l.Write = seen.Write{At: s.now, From: 24, To: 16} }).polls(window, late)
		}, 0, 0},
		"a limit of its owner, later": {func(s *script) {
			s.to(16, nil).polls(time.Minute, late).poll(func(l *Look) { l.Write = seen.Write{At: s.now, From: 16, To: 20} }).polls(window, late)
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin()
			c.play(s)
			if len(s.state.Late) != c.late || len(s.state.Undone) != c.undone {
				t.Errorf("%d late, %d undone, want %d, %d: %+v", len(s.state.Late), len(s.state.Undone), c.late, c.undone, s.state)
			}
			if s.state.Step != nil {
				t.Errorf("still on probation: %+v", s.state.Step)
			}
		})
	}
}

// When it stops, for how long, and when that is forgotten.
func TestWhenItStops(t *testing.T) {
	s := begin().bad().bad()
	if s.state.Stop.Holds(s.now) {
		t.Fatal("stops after two")
	}
	s.bad()
	stop := s.state.Stop
	if !stop.Holds(s.now) || stop.Cause != MadeLate || stop.Steps != 3 || stop.Last.From != 24 || stop.Until.Sub(stop.Since) != time.Hour {
		t.Fatalf("after three: %+v", stop)
	}
	for _, want := range []time.Duration{2, 4, 8, 16, 24, 24} {
		s.polls(stop.Until.Sub(s.now), nil)
		if s.state.Stop.Holds(s.now) {
			t.Fatalf("stops for more than %v", stop.Until.Sub(stop.Since))
		}
		s.bad().bad() // two are enough now
		if stop = s.state.Stop; !stop.Holds(s.now) || stop.Until.Sub(stop.Since) != want*time.Hour {
			t.Fatalf("%+v lasts %v, want %v h", stop, stop.Until.Sub(stop.Since), want)
		}
	}
	s.polls(stop.Until.Sub(s.now)+24*time.Hour, nil)
	if s.state.Level != 4 {
		t.Errorf("level %d after a clean day, want 4", s.state.Level)
	}
	s.polls(4*24*time.Hour+time.Minute, nil)
	if s.bad().bad(); s.state.Level != 0 || s.state.Stop.Holds(s.now) {
		t.Errorf("not forgotten after five clean days: %+v", s.state)
	}
}

// Steps that are undone stop it when they are many within an hour.
func TestUndone(t *testing.T) {
	s := begin().undone(nil).undone(nil).undone(nil)
	if s.state.Stop.Holds(s.now) {
		t.Fatal("stops after three")
	}
	if s.undone(nil); s.state.Stop.Cause != WereUndone || !s.state.Stop.Holds(s.now) {
		t.Errorf("after four: %+v", s.state.Stop)
	}
	s = begin()
	for range 20 {
		s.undone(nil).polls(20*time.Minute, nil)
	}
	if s.state.Stop.Holds(s.now) {
		t.Errorf("two an hour stop it: %+v", s.state.Stop)
	}
}

// It goes back until that number was reached, or somebody else has chosen another one.
func TestWell(t *testing.T) {
	down := func() *script { return begin().bad().bad().to(16, nil).polls(window+time.Minute, late) }
	if s := down(); s.state.Stop.Well != 24 {
		t.Errorf("%+v", s.state.Stop)
	}
	s := down()
	if s.size = 24; s.poll(nil).state.Stop.Well != 0 {
		t.Errorf("reached: %+v", s.state.Stop)
	}
	if s := down().poll(func(l *Look) { l.Foreign = true }); s.state.Stop.Well != 0 {
		t.Errorf("somebody else: %+v", s.state.Stop)
	}
	if s := down(); s.state.Released().Stop.Holds(s.now) {
		t.Error("a changed processing time does not end it")
	}
}

// Whatever happens: a stop lasts at most a day, also when the clock is set; no Step or list that was returned is changed later; a
// poll that says that something else explains it never makes a step count; the same looks give the same state.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, again, now, size := State{}, State{}, noon, int32(24)
		for range rapid.IntRange(1, 200).Draw(t, "polls") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{10, 10, 10, 10, 30, 300, 7200, -3600}).Draw(t, "after")) * time.Second)
			l := Look{
				Now: now, Clock: clock, Window: window, Replicas: size, Foreign: rapid.IntRange(0, 20).Draw(t, "foreign") == 0,
				Void: rapid.IntRange(0, 9).Draw(t, "void") == 0, Unsound: rapid.Bool().Draw(t, "unsound"), Late: rapid.Bool().Draw(t, "late"),
			}
			if rapid.IntRange(0, 3).Draw(t, "writes") == 0 {
				to := rapid.Int32Range(1, 30).Draw(t, "to")
				state, again = state.Propose(Step{At: now, From: size, To: to}), again.Propose(Step{At: now, From: size, To: to})
				l.Write = seen.Write{At: now, From: size, To: to}
				size = to
			}
			before, step := state, state.Step
			var was Step
			if step != nil {
				was = *step
			}
			state, again = state.Next(&l), again.Next(&l)
			switch {
			case !reflect.DeepEqual(state, again):
				t.Fatal("the same looks, another state")
			case step != nil && !reflect.DeepEqual(*step, was):
				t.Fatal("a step was changed")
			case state.Stop.Until.Sub(now) > StopsForMost || state.Stop.Since.After(now):
				t.Fatalf("stops from %v until %v at %v", state.Stop.Since, state.Stop.Until, now)
			case l.Void && l.Write == (seen.Write{}) && (len(state.Late) > len(before.Late) || len(state.Undone) > len(before.Undone)):
				t.Fatal("a step counts though something else explains it")
			case state.Check() != nil:
				t.Fatal(state.Check())
			case len(state.Late) >= LateAtMost || len(state.Undone) >= UndoneAtMost:
				if !state.Stop.Holds(now) {
					t.Fatalf("does not stop: %+v", state)
				}
			}
		}
	})
}

// When all stop.
func TestFleet(t *testing.T) {
	of := func(namespace string, ago time.Duration) Member {
		return Member{Namespace: namespace, Stopped: noon.Add(-ago)}
	}
	calm := func(n int) (list []Member) {
		for range n {
			list = append(list, Member{Namespace: "shop", WentDown: true})
		}
		return list
	}
	three := []Member{of("shop", 0), of("shop", time.Minute), of("bank", 59*time.Minute)}
	for _, c := range []struct {
		name    string
		before  Stop
		members []Member
		stops   bool
	}{
		{"nobody", Stop{}, nil, false},
		{"three of two namespaces", Stop{}, three, true},
		{"two of two namespaces", Stop{}, three[1:], false},
		{"three of one namespace", Stop{}, []Member{three[0], three[1], three[0]}, false},
		{"a tenth of those that went down", Stop{}, append(calm(27), three...), true},
		{"less than a tenth", Stop{}, append(calm(28), three...), false},
		{"one of them long ago", Stop{}, []Member{three[0], three[1], of("bank", 61*time.Minute)}, false},
		{"one in the future", Stop{}, []Member{three[0], three[1], of("bank", -time.Minute)}, false},
		{"they stopped all before", Stop{Since: noon.Add(-30 * time.Second), Until: noon}, three, false},
		{"it holds", Stop{Since: noon.Add(-time.Minute), Until: noon.Add(time.Minute)}, nil, true},
		{"it held", Stop{Since: noon.Add(-time.Hour), Until: noon}, nil, false},
	} {
		got := Fleet(c.before, noon, clock, c.members)
		if got.Holds(noon) != c.stops || got.Holds(noon.Add(time.Hour)) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
