package tryout

import (
	"maps"
	"slices"

	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/scaler"
)

// Recorded plays cases on the inputs of a recording, in one pass.
type Recorded struct {
	History *History
	Tried   Tried
	players []*Player
}

// Replays are the replays of all cases. Read the recording through them, and flush them.
func (r *Recorded) Replays() []*record.Replay {
	var all []*record.Replay
	for _, c := range r.Tried.Cases() {
		p := NewPlayer(c, false)
		r.players = append(r.players, p)
		all = append(all, &record.Replay{Learns: true, Together: func(polls []record.Poll) []scaler.Result {
			mine := make([]Poll, len(polls))
			for i := range polls {
				mine[i] = Poll{Scaler: polls[i].Scaler, Labels: polls[i].Labels, In: polls[i].In}
				if polls[i].Scaler == r.Tried.Scaler && r.Tried.Labels != nil {
					mine[i].Labels = r.Tried.Labels
				}
			}
			return p.Evaluate(mine)
		}})
	}
	return all
}

// Outcomes are those of the scalers that are tried: as it was, and then each case.
func (r *Recorded) Outcomes() []Outcome {
	rows := map[string][]Outcome{}
	for _, past := range r.History.Pasts() {
		if r.Tried.Scaler == "" || r.Tried.Scaler == past.Name {
			rows[past.Name] = []Outcome{past.Was}
		}
	}
	for _, p := range r.players {
		for _, o := range p.Outcomes() {
			if mine, tried := rows[o.Scaler]; tried {
				rows[o.Scaler] = append(mine, o)
			}
		}
	}
	var all []Outcome
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, rows[name]...)
	}
	return all
}

// Tried is what is tried on the scalers of a recording; of one of them, or of all when name is empty.
func (h *History) Tried(name string) (Tried, error) {
	t := Tried{Scaler: name, Recorded: true}
	pasts := h.Pasts()
	if name != "" {
		p, err := h.Past(name)
		if err != nil {
			return t, err
		}
		pasts = []*Past{p}
	}
	for _, p := range pasts {
		t.Present = p.Present
		t.Used.Limits = t.Used.Limits || p.Used.Limits
		t.Used.Freeze = t.Used.Freeze || p.Used.Freeze
		t.Used.Annotations = t.Used.Annotations || p.Used.Annotations
	}
	for _, p := range pasts { // a brake that one of them has is removed from all
		policy := &t.Present.Policy
		policy.MinReplicas, policy.MaxReplicas = max(policy.MinReplicas, p.Present.Policy.MinReplicas), max(policy.MaxReplicas, p.Present.Policy.MaxReplicas)
		if len(policy.Schedule) == 0 {
			policy.Schedule = p.Present.Policy.Schedule
		}
	}
	return t, nil
}
