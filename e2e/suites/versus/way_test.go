package versus

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// rule names what an HPA did to a number on its way to the Deployment.
type rule string

const (
	looks     rule = "it looks each 15 s"            // the number is the size at its next look
	tolerance rule = "its tolerance of a tenth"      // the number is too near to the size
	replaced  rule = "replaced before its next look" // by another number
	atEnd     rule = "the run ended before its look" //
	noRule    rule = "none"                          // nothing that is known explains it
	lookEvery      = 15 * time.Second                // the default of the controller manager
	slack          = 5 * time.Second                 // a poll until the number is published, and the ways through KEDA's adapter
)

// journey is the way of one number from lagscaler to the Deployment.
type journey struct {
	At       time.Time
	Size, To int32         // replicas when the number was given, and the number
	Took     time.Duration // until the Deployment had them; 0: it never did
	Rule     rule
}

// told is a number that another autoscaler got from a time on.
type told struct {
	at       time.Time
	replicas int32
}

// numbers are those that another autoscaler was given after a moment, each once.
func (one *contestant) numbers(began time.Time) (all []told) {
	for _, r := range one.daemon.History() {
		for _, s := range r.Scalers {
			if s.Name != one.loop.Name() || s.Given == nil || r.At.Before(began) {
				continue
			}
			if n := len(all); n == 0 || all[n-1].replicas != *s.Given {
				all = append(all, told{r.At, *s.Given})
			}
		}
	}
	return all
}

// journeys says for every number what became of it.
func journeys(numbers []told, sizes []kube.Size, end time.Time) (all []journey) {
	for i, n := range numbers {
		over := end
		if i+1 < len(numbers) {
			over = numbers[i+1].at
		}
		j := journey{At: n.at, Size: sizeAt(sizes, n.at), To: n.replicas}
		if j.Size == j.To {
			continue // nothing is asked for
		}
		at := slices.IndexFunc(sizes, func(s kube.Size) bool { return s.At.After(n.at) && s.At.Before(over) && s.Replicas == n.replicas })
		if at >= 0 {
			j.Took = sizes[at].At.Sub(n.at)
		}
		j.Rule = j.rule(over.Sub(n.at), i+1 == len(numbers))
		all = append(all, j)
	}
	return all
}

// rule explains a journey of a number that was in force for so long.
func (j journey) rule(inForce time.Duration, last bool) rule {
	near := 10*max(j.Size-j.To, j.To-j.Size) <= j.Size
	switch {
	case j.Took > 0 && j.Took <= lookEvery+slack:
		return looks
	case j.Took > 0:
		return noRule
	case near:
		return tolerance
	case inForce > lookEvery+slack:
		return noRule
	case last:
		return atEnd
	default:
		return replaced
	}
}

func sizeAt(sizes []kube.Size, at time.Time) int32 {
	n := sizes[0].Replicas
	for _, s := range sizes {
		if !s.At.After(at) {
			n = s.Replicas
		}
	}
	return n
}

// tally counts the numbers of a way by what became of them.
type tally struct {
	Rule        rule
	N           int
	Mean, Most  time.Duration // until the Deployment had the number; 0: it never did
	Ups, ToLess int
}

func tallies(all []journey) (out []tally) {
	for _, r := range []rule{looks, tolerance, replaced, atEnd, noRule} {
		one := tally{Rule: r}
		var took []time.Duration
		for _, j := range all {
			if j.Rule != r {
				continue
			}
			one.N++
			if j.To > j.Size {
				one.Ups++
			} else {
				one.ToLess++
			}
			if j.Took > 0 {
				took = append(took, j.Took)
			}
		}
		if one.N == 0 {
			continue
		}
		if len(took) > 0 {
			one.Mean, one.Most = closedloop.Mean(took), slices.Max(took)
		}
		out = append(out, one)
	}
	return out
}

func TestJourneys(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(1_800_000_000+int64(second), 0) }
	for _, test := range []struct {
		name   string
		number told
		next   int // the second of the next number
		sizes  []kube.Size
		want   rule
	}{
		{"made at the next look", told{at(10), 5}, 60, []kube.Size{{At: at(0), Replicas: 2}, {At: at(22), Replicas: 5}}, looks},
		{"made much later", told{at(10), 5}, 60, []kube.Size{{At: at(0), Replicas: 2}, {At: at(40), Replicas: 5}}, noRule},
		{"within a tenth", told{at(10), 11}, 60, []kube.Size{{At: at(0), Replicas: 10}}, tolerance},
		{"just beyond a tenth", told{at(10), 12}, 60, []kube.Size{{At: at(0), Replicas: 10}}, noRule},
		{"another number came first", told{at(10), 5}, 20, []kube.Size{{At: at(0), Replicas: 2}}, replaced},
		{"another size was made", told{at(10), 5}, 60, []kube.Size{{At: at(0), Replicas: 2}, {At: at(22), Replicas: 4}}, noRule},
	} {
		got := journeys([]told{test.number, {at(test.next), 99}}, test.sizes, at(test.next+1))
		if len(got) != 2 || got[0].Rule != test.want {
			t.Errorf("%s: %+v, want %q", test.name, got, test.want)
		}
	}
	same := journeys([]told{{at(10), 2}}, []kube.Size{{At: at(0), Replicas: 2}}, at(60))
	if len(same) != 0 {
		t.Errorf("a number that is the size went nowhere: %+v", same)
	}
}
