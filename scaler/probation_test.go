package scaler_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// While a scaler has stopped, or all have, nothing but its owner's limits scales it down, and what is needed is added.
func TestStoppedNeverScalesDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fleet := rapid.Bool().Draw(t, "fleet")
		live(t, func(w *world, in scaler.Input, r scaler.Result) {
			stop := breaker.Stop{Since: w.now, Until: w.now.Add(time.Hour), Cause: breaker.MadeLate, Well: rapid.Int32Range(0, 30).Draw(t, "well")}
			if w.fleet = stop; !fleet {
				w.fleet, w.memory.Breaker.Stop = breaker.Stop{}, stop
			}
			d, before := r.Decision, in.Memory.Breaker
			if !r.Fresh || !before.Stop.Holds(w.now) && !in.Fleet.Holds(w.now) || in.Workload.FixedReplicas != nil {
				return
			}
			if d.Wanted < d.Current {
				t.Fatalf("stopped: %s", say.Line(d))
			}
			if _, _, ok := d.StoppedBy(); !ok && d.Decides() {
				t.Fatalf("nothing says so: %s", say.Line(d))
			}
		})
	})
}

// traffic is what may happen to a scaler whose numbers are right: every one of these makes records late.
var traffic = []string{
	"rate", "rate", "rate", "rate 0", "rate 0", "replay", "hot", "stuck", "stuck all", "moving", "scaled", "rebalance", "absent", "silent", "unread", "answered", "answered",
	"rollout begins", "rollout ends", "nodes",
}

// As long as consumers process what they are said to, no step down counts, whatever else happens: the traffic, rebalances, offsets that
// are set back, hot or stuck partitions, pods that are missing, brokers that do not answer.
func TestTrafficNeverCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.each = rapid.SampledFrom([]int{7, 12, 24}).Draw(t, "partitions")
		w.source.ProcessingTime = 10 * time.Millisecond
		w.spec.Preset = rapid.SampledFrom([]scaler.Preset{scaler.Balanced, scaler.Economy}).Draw(t, "preset")
		w.rate = rapid.Float64Range(0, 2000).Draw(t, "rate")
		if err := w.start(rapid.Int32Range(1, 20).Draw(t, "replicas")); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(2, 12).Draw(t, "events") {
			for range rapid.SampledFrom([]int{3, 20, 40, 60}).Draw(t, "polls") {
				for range 10 {
					w.second()
				}
				r := w.poll()
				if n := len(w.memory.Breaker.Late); n > 0 {
					t.Fatalf("%+v counts at %v: %s", w.memory.Breaker.Late[n-1], w.now, say.Line(r.Decision))
				}
			}
			w.disturbBy(t, traffic)
		}
	})
}

// Records are late after a step down in each of these worlds. It counts where the consumers process less than they are said to, and
// nothing else explains it.
func TestWhyRecordsAreLate(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration // the step down
		happen [][]string
		counts bool
	}{
		"consumers are slower":                    {20 * time.Second, [][]string{{"speed", "50"}}, true},
		"more arrives":                            {20 * time.Second, [][]string{{"rate", "2500"}, {"annotated", "pause-scale-out"}}, false},
		"more arrives, and it scales up":          {20 * time.Second, [][]string{{"rate", "1600"}}, false},
		"a little more arrives, and they are":     {20 * time.Second, [][]string{{"rate", "1200"}, {"speed", "50"}}, false},
		"one partition gets a third":              {20 * time.Second, [][]string{{"hot", "0", "0.3"}}, false},
		"a rebalance, later":                      {90 * time.Second, [][]string{{"rebalance", "50"}}, false},
		"a rebalance, later, and they are slower": {90 * time.Second, [][]string{{"rebalance", "10"}, {"speed", "50"}}, false},
		"offsets are set back":                    {20 * time.Second, [][]string{{"replay", "90000"}}, false},
		"all partitions are stuck":                {20 * time.Second, [][]string{{"stuck", "all"}}, false},
		"one is stuck":                            {20 * time.Second, [][]string{{"stuck", "0"}}, false},
		"one is stuck, and they are slower":       {20 * time.Second, [][]string{{"stuck", "0"}, {"speed", "50"}}, false},
		"members leave":                           {70 * time.Second, [][]string{{"absent", "6"}}, false},
		"somebody else scales down":               {20 * time.Second, [][]string{{"scaled", "6"}, {"annotated", "pause-scale-out"}}, false},
		"a rollout, and they are slower":          {20 * time.Second, [][]string{{"rollout", "begins"}, {"speed", "50"}}, false},
		"a broker is silent, and they are slower": {20 * time.Second, [][]string{{"silent", "3", "16"}, {"speed", "50"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.source.ProcessingTime, w.rate = 10*time.Millisecond, 1000
			if err := w.start(16); err != nil {
				t.Fatal(err)
			}
			var stepped time.Time
			late, happened := 0.0, false
			for range 100 {
				for range 10 {
					w.second()
				}
				r := w.poll()
				if stepped.IsZero() {
					if r.Decision.Desired < 16 {
						stepped = w.now
					}
					continue
				}
				if since := w.now.Sub(stepped); since >= c.after && !happened {
					happened = true
					for _, words := range c.happen {
						if err := w.happen(words); err != nil {
							t.Fatal(err)
						}
					}
				} else if since < 4*time.Minute {
					late = max(late, r.Decision.Needs[0].LagSeconds)
				}
			}
			if up := w.wl.Spec > 12; !happened || late <= 35 && !up {
				t.Errorf("neither late nor undone: %.0f s", late)
			}
			if b := w.memory.Breaker; len(b.Late) > 0 != c.counts || len(b.Undone) > 0 {
				t.Errorf("counts: %+v, %+v", b.Late, b.Undone)
			}
		})
	}
}

// lives lets scalers of three namespaces live for some hours, with the rule for all of them as the engine applies it. each is called
// for every scaler each second.
func lives(t *testing.T, scalers, hours int, each func(i, second int, w *world)) (list []*world, stopped time.Time) {
	t.Helper()
	var all breaker.Stop
	for i := range scalers {
		w := newWorld()
		w.each, w.source.ProcessingTime, w.rate = 12, 10*time.Millisecond, 480
		w.now = w.now.Add(time.Duration(i%3) * time.Second)
		if err := w.start(12); err != nil {
			t.Fatal(err)
		}
		list = append(list, w)
	}
	for second := 1; second <= hours*3600; second++ {
		var members []breaker.Member
		for i, w := range list {
			each(i, second, w)
			if w.second(); second%10 == 0 {
				w.fleet = all
				w.poll()
				m := &w.memory
				members = append(members, breaker.Member{
					Namespace: []string{"shop", "bank", "mail"}[i%3], Stopped: m.Breaker.Stop.Since, WentDown: len(m.Downs) > 0,
				})
			}
		}
		if len(members) == 0 {
			continue
		}
		if all = breaker.Fleet(all, list[0].now, seen.Clock{}.Filled(), members); stopped.IsZero() && all.Holds(list[0].now) {
			stopped = list[0].now
		}
	}
	return list, stopped
}

// Four of ten scalers believe that a consumer processes three times as much as it does. They stop themselves, and then all do: one
// whose numbers are right keeps its replicas for an hour when its traffic falls.
func TestAFleetThatLearnsWrong(t *testing.T) {
	fallsAt, fell := 0, -1
	list, stopped := lives(t, 10, 3, func(i, second int, w *world) {
		if i < 4 && second > 60 {
			w.believes = 300
		}
		if i == 9 {
			if fallsAt == 0 && !w.fleet.Until.IsZero() {
				fallsAt = second
				w.rate = 100
			}
			if fallsAt > 0 && fell < 0 && w.wl.Spec < 6 {
				fell = second
			}
		}
	})
	own := 0
	for _, w := range list {
		if !w.memory.Breaker.Stop.Since.IsZero() {
			own++
		}
	}
	if stopped.IsZero() || own != 4 {
		t.Fatalf("all stopped at %v, %d stopped themselves, want 4", stopped, own)
	}
	if after := fell - fallsAt; fell < 0 || after < 3500 || after > 2*3600 {
		t.Errorf("traffic fell at %d s, replicas at %d s", fallsAt, fell)
	}
}

// Its twin: everybody gets four times as much at each full hour. Nobody stops.
func TestEverybodyJumpsAtTheFullHour(t *testing.T) {
	list, stopped := lives(t, 6, 4, func(_, second int, w *world) {
		if w.rate = 280; second%3600 < 300 {
			w.rate = 1100
		}
	})
	downs := 0
	for _, w := range list {
		downs += w.writes
		if b := &w.memory.Breaker; !b.Stop.Since.IsZero() || len(b.Late) > 0 {
			t.Errorf("%+v", b)
		}
	}
	if !stopped.IsZero() || downs == 0 {
		t.Errorf("all stopped at %v after %d writes", stopped, downs)
	}
}

// What was counted, and a stop, survive a restart; numbers that cannot have been saved are refused.
func TestTheBreakerIsSaved(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var m scaler.Memory
	m.Breaker = breaker.State{
		Step:  &breaker.Step{At: at, From: 24, To: 16, MadeFor: []breaker.Rate{{Cluster: "main", Group: "orders", PerSecond: 900}}},
		Late:  []breaker.Counted{{At: at, From: 30, To: 24}},
		Stop:  breaker.Stop{Since: at, Until: at.Add(time.Hour), Cause: breaker.MadeLate, Steps: 3, Well: 30},
		Fleet: breaker.Stop{Since: at, Until: at.Add(time.Hour), Steps: 4}, Level: 2, Clean: at,
	}
	data, err := m.Save()
	if err != nil {
		t.Fatal(err)
	}
	m.Version = 1
	loaded, err := scaler.LoadMemory(data)
	if err != nil || normal(t, loaded) != normal(t, m) {
		t.Errorf("saved %s\nloaded %s, %v", normal(t, m), normal(t, loaded), err)
	}
	for name, broken := range map[string]string{
		"a negative rate": `{"version":1,"breaker":{"step":{"madeFor":[{"perSecond":-1}]}}}`,
		"a level":         `{"version":1,"breaker":{"level":6}}`,
		"replicas":        `{"version":1,"breaker":{"stop":{"well":-2}}}`,
	} {
		if _, err := scaler.LoadMemory([]byte(broken)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
