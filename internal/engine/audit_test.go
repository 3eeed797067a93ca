package engine

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// short are deeds in short, without the time.
func short(deeds []Deed) (lines []string) {
	for _, d := range deeds {
		line := fmt.Sprintf("%s %s %s->%s", d.Kind, d.Scaler, d.Before, d.After)
		if d.From != nil && d.To != nil {
			line = fmt.Sprintf("%s %s %d->%d %s %s", d.Kind, d.Scaler, *d.From, *d.To, d.Reason, d.Outcome)
		}
		lines = append(lines, line)
	}
	return lines
}

// The trail has each write with its derivation, and each change of what is in force, once.
func TestAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 1)
		f.all[0].Generation, f.all[0].DeclaredBy = 3, "argocd"
		f.err = errors.New("forbidden")
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		var deeds []Deed
		e := New(s, Options{Targets: f, Audit: func(d Deed) { deeds = append(deeds, d) }})
		firstChange(t, e)
		f.err = nil
		f.all[0].Workload.Freeze = &seen.Freeze{Stops: seen.StopsAll, By: "namespace shop", Until: time.Now().Add(time.Minute)}
		e.Tick(t.Context(), time.Now())
		e.Tick(t.Context(), time.Now())
		f.all[0].Workload.Freeze, f.all[0].Policy.MaxReplicas = nil, 9
		s.Brakes.Limits = []brakes.Limit{{Name: "all", AddedPerMinute: 20, SteppingDown: 0.1, Replicas: 900}}
		e.configure(s)
		for configured := time.Now(); len(f.applied) == 0 && time.Since(configured) < time.Hour; {
			time.Sleep(10 * time.Second)
			e.Tick(t.Context(), time.Now())
		}
		s.Mode = scaler.Advise
		e.configure(s)
		e.Tick(t.Context(), time.Now())
		want := []string{
			"mode shop/orders-00 ->act",
			"limits shop/orders-00 ->minReplicas 1",
			"write shop/orders-00 3->1 IdleConsumers Failed",
			"freeze shop/orders-00 none->no write until 2000-01-01T00:",
			"limits  ->limit all: addedPerMinute 20 steppingDown 0.1 replicas 900",
			"limits shop/orders-00 minReplicas 1->minReplicas 1, maxReplicas 9",
			"freeze shop/orders-00 no write until 2000-01-01T00:",
			"write shop/orders-00 3->1 IdleConsumers Applied",
			"mode shop/orders-00 act->advise",
		}
		have := short(deeds)
		if !slices.EqualFunc(have, want, func(have, want string) bool { return strings.HasPrefix(have, want) }) {
			t.Errorf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
		}
		for _, d := range deeds {
			if d.Scaler != "" && (d.Generation != 3 || d.DeclaredBy != "argocd" || d.Target == "") || d.At.IsZero() {
				t.Errorf("%+v", d)
			}
			if d.Kind == DeedWrite && (len(d.Derivation) == 0 || d.Line == "" || (d.Error == "") != (d.Outcome == scaler.Applied)) {
				t.Errorf("%+v", d)
			}
		}
	})
}

// A scaler that was deleted and comes again has its mode and its limits anew.
func TestAuditOfAScalerThatComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 1)
		var deeds []Deed
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f, Audit: func(d Deed) { deeds = append(deeds, d) }})
		tick := func(want int, when string) {
			t.Helper()
			time.Sleep(10 * time.Second)
			if e.Tick(t.Context(), time.Now()); len(deeds) != want {
				t.Errorf("%s: %v", when, short(deeds))
			}
		}
		all := f.all
		tick(2, "at first")
		tick(2, "nothing changes")
		f.all = nil
		tick(2, "it is gone")
		f.all = all
		tick(4, "it is there again")
	})
}

// A replica that does not lead does nothing, and what it sees when it leads is all new.
func TestAFollowerHasNoDeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 1)
		leads := false
		var deeds []Deed
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: f, Audit: func(d Deed) { deeds = append(deeds, d) }, Leading: func() bool { return leads },
		})
		e.Tick(t.Context(), time.Now())
		if len(deeds) != 0 {
			t.Errorf("%v", short(deeds))
		}
		leads = true
		e.Tick(t.Context(), time.Now())
		if have := short(deeds); len(have) != 2 {
			t.Errorf("%v", have)
		}
	})
}

// What is in force of all scalers says which of them, and when.
func TestInForceOfAll(t *testing.T) {
	times, err := scaler.WindowSpec{Start: "0 8 * * 1-5", End: "0 18 * * 1-5", TimeZone: "Europe/Berlin", MinReplicas: 1}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	shop := brakes.Selector{Namespaces: []*regexp.Regexp{regexp.MustCompile("^(?:shop-.*)$"), regexp.MustCompile("mail")}, Labels: map[string]string{"tier": "web", "env": "prod"}}
	s := brakes.Settings{
		Limits:  []brakes.Limit{{Name: "web", Selector: shop, Replicas: 9}, {Name: "all", AddedPerMinute: 2, SteppingDown: 0.5}},
		Windows: []brakes.Window{{Name: "peak", Stops: seen.StopsDown, Why: "the rush", Times: times}},
		Switch:  &brakes.Switch{Selector: brakes.Selector{Labels: map[string]string{"tier": "web"}}, Stops: seen.StopsAll, Until: start},
	}
	for _, c := range []struct{ have, want string }{
		{limitsOfAll(&s), "limit web (namespaces shop-.* mail, labels env=prod tier=web): replicas 9; limit all: addedPerMinute 2 steppingDown 0.5"},
		{freezesOfAll(&s), "window peak: stops down from 0 8 * * 1-5 to 0 18 * * 1-5 Europe/Berlin (the rush); switch (labels tier=web): stops all until 2026-01-05T12:00Z"},
		{limitsOfAll(&brakes.Settings{}) + freezesOfAll(&brakes.Settings{}), ""},
	} {
		if c.have != c.want {
			t.Errorf("%s\nwant %s", c.have, c.want)
		}
	}
}
