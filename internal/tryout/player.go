package tryout

import (
	"maps"
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Poll is what a scaler saw at one poll.
type Poll struct {
	Scaler string
	Labels map[string]string
	In     scaler.Input
}

// Player plays one case. It decides as the engine does: every scaler, and then what the limits of all of them leave of that.
type Player struct {
	played  Case
	follows bool           // what is decided is written, and the next polls show it
	ledger  *brakes.Ledger // nil until the first poll says which clock it has
	members map[string]brakes.Member
	tallies map[string]*tally
}

// NewPlayer is a player that has seen nothing yet. follows says that the history follows its decisions, as in the simulator.
func NewPlayer(c Case, follows bool) *Player {
	return &Player{
		played: c, follows: follows, members: map[string]brakes.Member{}, tallies: map[string]*tally{},
	}
}

// Policy is the player as a policy of the simulator, of one scaler.
func (p *Player) Policy(name string, labels map[string]string) sim.Policy {
	s := p.played.Settings
	source := seen.SourceSpec{}
	if len(s.Sources) > 0 {
		source = s.Sources[0]
	}
	return sim.Tried(p.played.Name, s.Policy, source, func(in scaler.Input) scaler.Result {
		return p.Evaluate([]Poll{{Scaler: name, Labels: labels, In: in}})[0]
	})
}

// Evaluate decides for all scalers of a poll.
func (p *Player) Evaluate(polls []Poll) []scaler.Result {
	results := make([]scaler.Result, len(polls))
	if p.ledger == nil && len(polls) > 0 {
		p.ledger = brakes.NewLedger(polls[0].In.Clock)
	}
	for i := range polls {
		one := &polls[i]
		p.played.prepare(one)
		results[i] = scaler.Evaluate(one.In)
		p.members[one.Scaler] = brakes.Member{
			Name: one.Scaler, Labels: one.Labels, Replicas: one.In.Workload.Spec, Known: one.In.Workload.Sized(), Acts: true,
		}
		if p.follows {
			p.ledger.Observe(one.Scaler, one.In.Workload.LastWrite, one.In.Now)
		}
	}
	if p.played.Brakes != nil {
		p.share(polls, results)
	}
	for i := range polls {
		p.tally(polls[i].Scaler).add(&polls[i].In, &results[i])
	}
	return results
}

// share shares the limits out among the decisions that ask for another size, as the engine does.
func (p *Player) share(polls []Poll, results []scaler.Result) {
	if len(polls) == 0 {
		return
	}
	now := polls[0].In.Now
	round := brakes.Round{Now: now, Limits: p.played.Brakes.Limits}
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		round.Members = append(round.Members, p.members[name])
	}
	for i := range polls {
		if _, asks := results[i].Change(); asks {
			round.Asks = append(round.Asks, brakes.Ask{
				Name: polls[i].Scaler, Asks: results[i].Decision.Asks(), Pending: polls[i].In.Workload.Unschedulable,
			})
		}
	}
	cut := p.ledger.Share(round)
	for i := range polls {
		if b, less := cut[polls[i].Scaler]; less {
			polls[i].In.Brakes = []scaler.Brake{b}
			results[i] = scaler.Evaluate(polls[i].In)
		}
		if c, asks := results[i].Change(); asks {
			p.ledger.Book(polls[i].Scaler, seen.Write{At: now, From: c.From, To: c.To})
			if p.follows {
				p.ledger.Confirm(polls[i].Scaler)
			}
		}
	}
}

func (p *Player) tally(scaler string) *tally {
	t, ok := p.tallies[scaler]
	if !ok {
		t = &tally{held: map[brakeName]*Held{}}
		p.tallies[scaler] = t
	}
	return t
}
