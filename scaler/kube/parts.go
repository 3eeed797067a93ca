package kube

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/brakes"
)

// annotationParts is what a shard has of the limits above single scalers, what of that is used, and how much more is asked for. Package
// scaler/brakes has the rules: what is written is read by the others before they take more.
const annotationParts = "lagscaler.io/brakes"

// shardParts are what a Lease says of the parts of its shard.
type shardParts struct {
	index   int
	all     map[string]brakes.Parts // by limit
	unknown bool                    // its holder knows of no parts: it may use everything
}

func partsIn(text string, index int, live bool) shardParts {
	p := shardParts{index: index, unknown: text == "" && live}
	if text == "" {
		return p
	}
	if err := json.Unmarshal([]byte(text), &p.all); err != nil || !counts(p.all) {
		return shardParts{index: index, unknown: true} // somebody edited it
	}
	return p
}

// counts reports whether parts are numbers of replicas and scalers: none is below zero.
func counts(all map[string]brakes.Parts) bool {
	for _, p := range all {
		for _, n := range []brakes.Part{p.Added, p.Replicas, p.Down} {
			if min(n.Has, n.Uses, n.Asks, p.Acting) < 0 {
				return false
			}
		}
	}
	return true
}

// parts are what this shard has of the limits. The lock of shards is held, except in take.
type parts struct {
	exchange
	index int

	limits  []brakes.Limit
	needs   map[string]brakes.Parts // what the engine last said
	marking map[string]brakes.Parts // in the write under way
	written map[string]brakes.Parts
}

// limited reports whether there are limits.
func (p *parts) limited() bool { return len(p.limits) > 0 }

// mark is what is written. before is what the Lease has; begins: this replica begins to lead, and that is of its predecessor. It stays
// until the engine has said what is used: what the predecessor used runs on.
func (p *parts) mark(before string, begins bool, others []shardParts) string {
	if begins {
		p.reset()
		p.written = partsIn(before, p.index, true).all
	}
	told := false
	if p.limits, p.needs, told = p.told(); !told {
		p.marking = p.written
		return before
	}
	p.marking = map[string]brakes.Parts{}
	less := map[string]brakes.Parts{}
	for i := range p.limits {
		l := &p.limits[i]
		own := p.needs[l.Name]
		fair, next, taken := own, own, p.takenOf(l.Name)
		p.each(l, others, func(limit int32, of func(*brakes.Parts) *brakes.Part, own int, all []brakes.Part) {
			of(&fair).Has = brakes.Next(limit, own, all)
			of(&next).Has = max(of(&fair).Has, of(&taken).Has) // what the engine goes by now it may be about to use
		})
		less[l.Name], p.marking[l.Name] = fair, next
	}
	p.lower(less)
	text, err := json.Marshal(p.marking)
	if err != nil {
		return "{}" // numbers always encode
	}
	return string(text)
}

// marked notes that it is written.
func (p *parts) marked() { p.written = p.marking }

// read takes in what the others have written. It was read after the last write.
func (p *parts) read(others []shardParts) {
	usable := map[string]brakes.Parts{}
	for i := range p.limits {
		l := &p.limits[i]
		written := p.written[l.Name]
		use := written
		p.each(l, others, func(limit int32, of func(*brakes.Parts) *brakes.Part, own int, all []brakes.Part) {
			of(&use).Has = min(brakes.Usable(limit, own, all, of(&written).Has), brakes.Next(limit, own, all))
		})
		usable[l.Name] = use
	}
	p.offer(usable)
}

// each calls f for the numbers of a limit, with the parts of all shards, and which of them is the own one.
func (p *parts) each(l *brakes.Limit, others []shardParts, f func(limit int32, of func(*brakes.Parts) *brakes.Part, own int, all []brakes.Part)) {
	acting := p.needs[l.Name].Acting
	for i := range others {
		acting += others[i].all[l.Name].Acting
	}
	for _, n := range []struct {
		limit int32
		of    func(*brakes.Parts) *brakes.Part
	}{
		{l.AddedPerMinute, func(x *brakes.Parts) *brakes.Part { return &x.Added }},
		{l.Replicas, func(x *brakes.Parts) *brakes.Part { return &x.Replicas }},
		{l.Steppers(acting), func(x *brakes.Parts) *brakes.Part { return &x.Down }},
	} {
		var all []brakes.Part
		for i := range others {
			other := others[i].all[l.Name]
			part := *n.of(&other)
			if others[i].unknown {
				part.Has = n.limit
			}
			all = append(all, part)
		}
		needs := p.needs[l.Name]
		own, _ := slices.BinarySearchFunc(others, p.index, func(s shardParts, index int) int { return cmp.Compare(s.index, index) })
		f(n.limit, n.of, own, slices.Insert(all, own, *n.of(&needs)))
	}
}
