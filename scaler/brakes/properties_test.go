package brakes_test

import (
	"fmt"
	"maps"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// fleet is scalers whose decisions are anything, and what became of their targets.
type fleet struct {
	limits  []brakes.Limit
	names   []string
	sizes   map[string]int32
	last    map[string]seen.Write // as the platform shows it
	history []step
	leader  *brakes.Ledger
	next    *brakes.Ledger   // of a replica that does not lead
	walkers map[string]int32 // the numbers that other autoscalers were given last
}

type step struct {
	name string
	seen.Write
}

func drawLimits(t *rapid.T) (limits []brakes.Limit) {
	for i := range rapid.IntRange(1, 3).Draw(t, "limits") {
		l := brakes.Limit{
			Name: fmt.Sprint(i), AddedPerMinute: rapid.Int32Range(0, 12).Draw(t, "added"), Replicas: rapid.Int32Range(0, 60).Draw(t, "replicas"),
			SteppingDown: rapid.SampledFrom([]float64{0, 0.1, 0.3, 0.5}).Draw(t, "down"),
		}
		if rapid.Bool().Draw(t, "one namespace") {
			l.Namespaces = []*regexp.Regexp{regexp.MustCompile("^(?:a)$")}
		}
		limits = append(limits, l)
	}
	return limits
}

func drawFleet(t *rapid.T) *fleet {
	f := &fleet{limits: drawLimits(t), sizes: map[string]int32{}, walkers: map[string]int32{}, last: map[string]seen.Write{}, leader: brakes.NewLedger(seen.Clock{}), next: brakes.NewLedger(seen.Clock{})}
	for i := range rapid.IntRange(1, 8).Draw(t, "scalers") {
		name := fmt.Sprintf("%s/%d", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "namespace"), i)
		f.names, f.sizes[name] = append(f.names, name), rapid.Int32Range(0, 12).Draw(t, "size")
	}
	return f
}

// walk lets other autoscalers go on, each at least by a replica.
func (f *fleet) walk(t *rapid.T, at time.Time) {
	for _, name := range f.names {
		from, to := f.sizes[name], f.sizes[name]
		switch given, walks := f.walkers[name]; {
		case !walks:
		case given > from:
			to = rapid.Int32Range(from+1, given).Draw(t, "walks to")
		case given < from:
			to = rapid.Int32Range(given, from-1).Draw(t, "walks to")
		}
		if to != from {
			f.sizes[name] = to
			f.history = append(f.history, step{name, seen.Write{At: at, From: from, To: to}})
			f.check(t, at, name, to > from)
		}
	}
}

func (f *fleet) members() (all []brakes.Member) {
	for _, name := range f.names {
		all = append(all, brakes.Member{Name: name, Replicas: f.sizes[name], Known: true, Acts: true})
	}
	return all
}

// draw is what a scaler asks for.
func (f *fleet) draw(t *rapid.T, name string) brakes.Ask {
	return brakes.Ask{
		Name: name, Pending: rapid.SampledFrom([]int32{0, 0, 0, 1}).Draw(t, "pending"),
		Asks: scaler.Asks{
			From: f.sizes[name], To: rapid.Int32Range(0, 20).Draw(t, "to"), First: rapid.Int32Range(0, 4).Draw(t, "first"),
			Units: rapid.SampledFrom([]int32{0, 6, 12, 48}).Draw(t, "units"), Consumers: rapid.Int32Range(1, 3).Draw(t, "consumers"),
			PerConsumer: rapid.SampledFrom([]float64{0, 100}).Draw(t, "per consumer"), Now: rapid.Float64Range(0, 3000).Draw(t, "now"),
			Planned: rapid.Float64Range(0, 3000).Draw(t, "planned"),
		},
	}
}

// write writes a step as the engine does: it may work, be refused, or work without an answer.
func (f *fleet) write(t *rapid.T, at time.Time, name string, to int32) (written bool) {
	w := seen.Write{At: at, From: f.sizes[name], To: to}
	f.leader.Book(name, w)
	how := rapid.SampledFrom([]string{"works", "works", "refused", "no answer, written", "no answer, not written"}).Draw(t, "write")
	switch how {
	case "works":
		f.leader.Confirm(name)
	case "refused":
		f.leader.Refund(name)
	}
	if how != "works" && how != "no answer, written" {
		return false
	}
	f.sizes[name], f.last[name] = to, w
	f.history = append(f.history, step{name, w})
	return true
}

// Over any sequence of decisions, writes that fail and changes of the leader, no minute has more replicas added and no 5 minutes
// more scalers stepping down than a limit allows, and no step makes a pool larger than its limit. A brake is between both ends of
// the step.
func TestNoIntervalHasMoreThanAllowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFleet(t)
		walkers := rapid.Bool().Draw(t, "walkers") // the number that another autoscaler was given is not known to the next leader
		for _, name := range f.names {
			if walkers && rapid.Bool().Draw(t, "walks") {
				f.walkers[name] = f.sizes[name]
			}
		}
		at := noon
		for range rapid.IntRange(1, 30).Draw(t, "polls") {
			before := at
			at = at.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
			f.walk(t, before.Add(time.Duration(rapid.Int64Range(1, int64(at.Sub(before))).Draw(t, "of the walk"))))
			for _, name := range f.names {
				f.leader.Observe(name, f.last[name], at)
				f.next.Observe(name, f.last[name], at)
			}
			if !walkers && rapid.IntRange(0, 9).Draw(t, "leader") == 0 {
				f.leader, f.next = f.next, f.leader
			}
			f.poll(t, at)
		}
	})
}

func (f *fleet) poll(t *rapid.T, at time.Time) {
	r := brakes.Round{Now: at, Limits: f.limits, Members: f.members()}
	for _, name := range f.names {
		if rapid.Bool().Draw(t, "asks") {
			if ask := f.draw(t, name); ask.To != ask.From {
				r.Asks = append(r.Asks, ask)
			}
		}
	}
	cut := f.leader.Share(r)
	for i := range r.Asks {
		a := &r.Asks[i]
		to := allowed(cut, a)
		if lo, hi := min(a.From, a.To), max(a.From, a.To); to < lo || to > hi {
			t.Fatalf("%d -> %d becomes %d", a.From, a.To, to)
		}
		if _, walks := f.walkers[a.Name]; walks {
			f.walkers[a.Name] = to
			f.leader.Give(a.Name, seen.Write{At: at, From: a.From, To: to})
			continue
		}
		if to != a.From && f.write(t, at, a.Name, to) {
			f.check(t, at, a.Name, to > a.From)
		}
	}
}

func (f *fleet) check(t *rapid.T, at time.Time, name string, added bool) {
	for i := range f.limits {
		l := &f.limits[i]
		if !l.Selects(name, nil) {
			continue
		}
		var inMinute, inAll int32
		down, scalers := map[string]bool{}, 0
		for _, s := range f.history {
			if !l.Selects(s.name, nil) {
				continue
			}
			if at.Sub(s.At) < time.Minute {
				inMinute += max(0, s.To-s.From)
			}
			if at.Sub(s.At) < brakes.DownFor && s.To < s.From {
				down[s.name] = true
			}
		}
		for _, name := range f.names {
			if l.Selects(name, nil) {
				inAll += f.sizes[name]
				scalers++
			}
		}
		if l.AddedPerMinute > 0 && inMinute > l.AddedPerMinute {
			t.Fatalf("limit %s: %d added in a minute, %d allowed: %v", l.Name, inMinute, l.AddedPerMinute, f.history)
		}
		if may := max(1, int(l.SteppingDown*float64(scalers))); l.SteppingDown > 0 && len(down) > may {
			t.Fatalf("limit %s: %d step down, %d may: %v", l.Name, len(down), may, f.history)
		}
		if added && l.Replicas > 0 && inAll > l.Replicas {
			t.Fatalf("limit %s: %d in all, %d allowed: %v", l.Name, inAll, l.Replicas, f.history)
		}
	}
}

// The same input gives the same shares, in whatever order it is given.
func TestSharesDoNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFleet(t)
		r := brakes.Round{Now: noon, Limits: f.limits, Members: f.members()}
		for _, name := range f.names {
			r.Asks = append(r.Asks, f.draw(t, name))
		}
		shuffled := r
		shuffled.Asks, shuffled.Members = rapid.Permutation(r.Asks).Draw(t, "asks"), rapid.Permutation(r.Members).Draw(t, "members")
		a, b := brakes.NewLedger(seen.Clock{}), brakes.NewLedger(seen.Clock{})
		for range 2 { // the second time some wait
			if first, second := a.Share(r), b.Share(shuffled); !maps.Equal(first, second) {
				t.Fatalf("%v\n%v", first, second)
			}
			r.Now = r.Now.Add(10 * time.Second)
			shuffled.Now = r.Now
			r.Asks, shuffled.Asks = r.Asks[:len(r.Asks)/2], nil
			for _, a := range r.Asks {
				shuffled.Asks = append([]brakes.Ask{a}, shuffled.Asks...)
			}
		}
	})
}
