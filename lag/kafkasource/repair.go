package kafkasource

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// repair finds the coordinators of groups that nobody listed and of those whose coordinator was moving when it was
// asked, and reads them there. A coordinator's move takes some 100 ms, in which groups may be listed by nobody
// while every broker answers without an error.
func (p *poll) repair(ctx context.Context) {
	for round := range moveRounds {
		lost := p.misplaced()
		if len(lost) == 0 || round > 0 && pause(ctx, movePause) != nil {
			break
		}
		for broker, groups := range p.locate(ctx, lost) {
			p.replace(p.read(ctx, broker, groups))
		}
	}
	p.mourn()
	p.absent()
	p.report()
}

// misplaced are the groups to look for, sorted: read from a broker that is not their coordinator any more, or listed
// by nobody although the broker that had them last answered. Groups of a broker that is down are not looked for.
func (p *poll) misplaced() []string {
	var names []string
	for i := range p.reads {
		if r := p.reads[i]; isMoving(r.Err) {
			names = append(names, r.Group)
		}
	}
	for name, g := range p.s.memory.groups {
		if _, down := p.down[g.coordinator]; !down && g.buried == 0 && p.index(name) < 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (p *poll) index(group string) int {
	i, ok := slices.BinarySearchFunc(p.reads, group, func(r *read, name string) int { return strings.Compare(r.Group, name) })
	if !ok {
		return -1
	}
	return i
}

// locate asks for the groups' coordinators, and returns the groups by broker, as if it had listed them.
func (p *poll) locate(ctx context.Context, names []string) map[int32][]listed {
	byBroker := map[int32][]listed{}
	for name, broker := range p.findCoordinators(ctx, names) {
		if _, down := p.down[broker]; down || broker < 0 {
			continue
		}
		l := listed{GroupState: lag.GroupState{At: time.Now(), Group: name, Type: lag.Classic, Coordinator: broker}}
		if g, ok := p.s.memory.groups[name]; ok {
			l.Type, l.protocol = g.kind, g.protocol
		}
		if i := p.index(name); i >= 0 {
			l.Type, l.protocol = p.reads[i].Type, p.reads[i].Protocol
		}
		byBroker[broker] = append(byBroker[broker], l)
	}
	return byBroker
}

// findCoordinators asks for all at once, or one by one where brokers are before 3.0.
func (p *poll) findCoordinators(ctx context.Context, names []string) map[string]int32 {
	found := map[string]int32{}
	for rest := names; len(rest) > 0; {
		req := kmsg.NewPtrFindCoordinatorRequest()
		req.CoordinatorKey, req.CoordinatorKeys = rest[0], rest[:min(len(rest), p.s.cfg.Limits.Groups)]
		answer, err := as[*kmsg.FindCoordinatorResponse](p.s.anyOf(ctx, &p.tally, req))
		if err != nil {
			p.fail(lag.StageList, anyBroker, err)
			return found
		}
		if answer.Version < 4 {
			if answer.ErrorCode == 0 {
				found[rest[0]] = answer.NodeID
			}
			rest = rest[1:]
			continue
		}
		for _, c := range answer.Coordinators {
			if c.ErrorCode == 0 {
				found[c.Key] = c.NodeID
			}
		}
		rest = rest[len(req.CoordinatorKeys):]
	}
	return found
}

// replace puts what was read of misplaced groups among the others. What still does not answer properly stays misplaced.
func (p *poll) replace(reads []*read) {
	for _, r := range reads {
		switch i := p.index(r.Group); {
		case i >= 0:
			p.reads[i] = r
		case !isMoving(r.Err):
			p.reads = append(p.reads, r)
		}
	}
	p.sort()
}

func (p *poll) sort() { slices.SortFunc(p.reads, byGroup) }

// report tells which groups could not be read although their coordinator answered, in one line for each coordinator and code.
func (p *poll) report() {
	bad := troubles{}
	for _, r := range p.reads {
		if _, down := p.down[r.Coordinator]; r.Err != lag.OK && r.Err != lag.Unlisted && !down {
			bad.add(r.Coordinator, r.Err, strconv.Quote(r.Group))
		}
	}
	bad.tell(p, lag.StageDescribe, "groups")
}
