package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// trials plays hours of steady arrivals, and counts the steps down of trials and the returns from them.
func trials(t *testing.T, mode scaler.Mode, declared time.Duration, replicas int32, hours int) (w *world, down, back int) {
	t.Helper()
	w = newWorld()
	w.spec.Mode, w.noWrites = mode, mode != scaler.Act
	w.each, w.rate, w.source.ProcessingTime = 12, 520, declared
	if err := w.start(replicas); err != nil {
		t.Fatal(err)
	}
	for range hours * 360 {
		for range 10 {
			w.second()
		}
		r := w.poll()
		switch d := &r.Decision; {
		case !r.Fresh || d.Desired == d.Current:
		case d.Verdict == scaler.ScaleDown && d.Needs[0].Capacity == learn.Tried:
			down++
		case d.Needs[0].GoesBack > 0:
			back++
		}
	}
	return w, down, back
}

// A capacity that was declared right is tried once, because nobody can tell before; then the consumers were busy, and it is known for a
// week. Where nothing is declared, or twice the truth, trials go on until consumers were busy. In advise nothing is tried.
func TestTrials(t *testing.T) {
	for _, c := range []struct {
		name        string
		mode        scaler.Mode
		declared    time.Duration
		replicas    int32
		hours       int
		least, most int   // steps down
		ends        int32 // replicas
	}{
		{"declared right", scaler.Act, 10 * time.Millisecond, 6, 14, 1, 1, 6},
		{"declared right, before its time", scaler.Act, 10 * time.Millisecond, 6, 5, 0, 0, 6},
		{"declared twice as long", scaler.Act, 20 * time.Millisecond, 12, 14, 1, 4, 6},
		{"not declared", scaler.Act, 0, 12, 5, 2, 4, 6},
		{"not declared, in advise", scaler.Advise, 0, 12, 5, 0, 0, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, down, back := trials(t, c.mode, c.declared, c.replicas, c.hours)
			if down < c.least || down > c.most || w.wl.Spec != c.ends {
				t.Errorf("%d steps down and %d back, %d replicas; want %d to %d, and %d replicas", down, back, w.wl.Spec, c.least, c.most, c.ends)
			}
			if mu, _ := w.memory.Sources[0].Capacity(); c.most > 0 && (mu < 95 || mu > 105) {
				t.Errorf("capacity %v, in truth 100", mu)
			}
		})
	}
}

// What was tried is remembered: after a restart nothing is tried again that has just been.
func TestTrialsAreSaved(t *testing.T) {
	w, _, _ := trials(t, scaler.Act, 0, 12, 5)
	data, err := w.memory.Save()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := scaler.LoadMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	was, is := &w.memory.Sources[0], &loaded.Sources[0]
	if is.BusyAt.IsZero() || !is.BusyAt.Equal(was.BusyAt) || !is.NoTrial.Equal(was.NoTrial) || is.MayTry(w.now, seen.Clock{}.Filled()) {
		t.Errorf("busy at %v and no trial before %v, saved as %v and %v", was.BusyAt, was.NoTrial, is.BusyAt, is.NoTrial)
	}
}

// Five minutes with fewer consumers show that they are enough if the partitions were read; if one was not, they show nothing.
func TestATrialThatIsNotRead(t *testing.T) {
	for name, unread := range map[string]int{"read": 0, "one partition is not read": 1} {
		w, _, _ := trials(t, scaler.Act, 0, 12, 0)
		play := func(until func(*learn.Source) bool) *learn.Source {
			for range 360 * 3 {
				for range 10 {
					w.second()
				}
				w.poll()
				if s := &w.memory.Sources[0]; until(s) {
					return s
				}
			}
			t.Fatalf("%s: not seen within three hours", name)
			return nil
		}
		stepped := play(func(s *learn.Source) bool { return s.Trial != nil && !s.Trial.Stepped.IsZero() }).Trial.Stepped
		w.unknown = unread
		s := play(func(*learn.Source) bool { return w.now.Sub(stepped) > 6*time.Minute })
		if (s.Trial == nil) != (unread == 0) {
			t.Errorf("%s: after six minutes the trial is %+v", name, s.Trial)
		}
		w.unknown = 0
		play(func(s *learn.Source) bool { return s.Trial == nil })
		if took := w.now.Sub(stepped); unread > 0 && took < 11*time.Minute {
			t.Errorf("%s: the trial ended after %v, of which it was read for less than five minutes", name, took)
		}
	}
}

// A trial whose step down is not written yet ends when something begins that prevents it. Otherwise it would go on to assume a capacity
// that nobody can show.
func TestATrialThatMayNotStepEnds(t *testing.T) {
	for name, c := range map[string]struct {
		prevent func(w *world)
		ends    bool
	}{
		"nothing":            {func(*world) {}, false},
		"the scaler stops":   {func(w *world) { w.memory.Breaker.Stop = stopFrom(w.now) }, true},
		"the fleet stops":    {func(w *world) { w.fleet = stopFrom(w.now) }, true},
		"a freeze":           {func(w *world) { w.wl.Freeze = &seen.Freeze{Stops: seen.StopsDown, Until: w.now.Add(time.Hour)} }, true},
		"a pause":            {func(w *world) { w.wl.Paused = true }, true},
		"no more scale-ins":  {func(w *world) { w.wl.PauseScaleIn = true }, true},
		"it only advises":    {func(w *world) { w.policy.Mode = scaler.Advise }, true},
		"pods are not ready": {func(w *world) { w.wl.Ready-- }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, _ := trials(t, scaler.Act, 0, 12, 0)
			poll := func() *learn.Source {
				for range 10 {
					w.second()
				}
				w.poll()
				return &w.memory.Sources[0]
			}
			for range 360 * 2 {
				if s := poll(); s.Trial != nil {
					break
				}
			}
			if s := &w.memory.Sources[0]; !s.Trial.Waits() {
				t.Fatalf("no trial waits for its step within two hours: %+v", s.Trial)
			}
			c.prevent(w)
			for range 3 { // the next regular decision is at most 30 s away
				poll()
			}
			s := &w.memory.Sources[0]
			if (s.Trial == nil) != c.ends || c.ends && !s.NoTrial.After(w.now.Add(time.Hour)) {
				t.Errorf("half a minute later the trial is %+v, and none begins before %v", s.Trial, s.NoTrial)
			}
			if got, from := s.Capacity(); c.ends && from == learn.Tried {
				t.Errorf("a capacity of %v/s is still assumed", got)
			}
		})
	}
}

func stopFrom(now time.Time) breaker.Stop {
	return breaker.Stop{Since: now, Until: now.Add(time.Hour), Cause: breaker.MadeLate}
}

// Where a peak of the hour that may return decides how many consumers run, fewer have little to do, and a trial of them would show nothing:
// a capacity that is declared right stays what it is. Before, it was raised to twice that, and the next peak was late.
func TestNoTrialForAPeakThatIsOver(t *testing.T) {
	w := newWorld()
	w.each, w.source.ProcessingTime = 48, 10*time.Millisecond
	w.rate = 750
	if err := w.start(24); err != nil {
		t.Fatal(err)
	}
	for second := range 10 * 3600 {
		// the peaks are so far apart that no time between them repeats itself
		hour := second / 3600
		begins := hour * 300 % 1500
		if w.rate = 750; second%3600 >= begins && second%3600 < begins+180 {
			w.rate = 2900
		}
		w.second()
		if second%10 != 9 {
			continue
		}
		w.poll()
		if mu, from := w.memory.Sources[0].Capacity(); from != learn.Declared && mu > 105 {
			t.Fatalf("after %v consumers of 100/s are said to do %.0f/s (%s)", time.Duration(second)*time.Second, mu, from)
		}
	}
}
