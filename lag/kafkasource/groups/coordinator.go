package groups

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// What happens when a coordinator moves. A broker stops, or another leader is elected for a partition of
// __consumer_offsets, and another broker becomes coordinator of some groups. It loads their offsets for some 100 ms. For
// a moment it may not know groups and commits whose last record it has not seen replicated. Brokers then respond so:
//
//	response                                        what this package does                           function
//	ListGroups: coordinator is loading              asks again, up to four times in 300 ms           listPatiently
//	other requests: loading, or not coordinator     looks up the coordinator, reads the group there  followCoordinators
//	no broker lists a group that was there          the same, up to three times in 200 ms            followCoordinators
//	  and its coordinator is not found either       Unlisted for 30 s, then Dead                     addUnlisted
//	two brokers list a group                        takes the one with members, or the later one     removeDuplicates
//	the group is Dead, or not found                 Unlisted for 30 s, then Dead                     doubtDead
//	OffsetFetch without commits that were there     CommitsMissing for 30 s, then accepts it         RejectMissingCommits
//	the group's broker does not list its groups     the group gets the error of that broker          addUnlisted
//
// 30 s is Limits.Unlisted. What the other packages do:
//
//	lag             lag.Compute keeps the last values of a group that is Unlisted or has CommitsMissing, as unknown;
//	                lag.LeaderChanges counts the moves
//	rebalancemon    does not count a move as a rebalance

// followCoordinators finds the coordinators of groups that nobody listed and of those whose coordinator was moving when
// it was asked, and reads them there.
func (r *Reading) followCoordinators(ctx context.Context) {
	for try := range cluster.MoveTries {
		names := r.moved()
		if len(names) == 0 || try > 0 && cluster.Pause(ctx) != nil {
			break
		}
		for broker, listed := range r.locate(ctx, names) {
			r.replace(r.readFrom(ctx, broker, listed))
		}
	}
	r.doubtDead()
	r.addUnlisted()
	r.reportErrors()
}

// moved are the groups whose coordinator is to be looked up, sorted: they were read from a broker that is not their
// coordinator any more, or no broker lists them although their last coordinator answered. Groups of a broker that is
// down are not among them.
func (r *Reading) moved() []string {
	var names []string
	for _, g := range r.groups {
		if cluster.CoordinatorMoving(g.Err) {
			names = append(names, g.Group)
		}
	}
	for name, c := range r.cache {
		if _, down := r.round.Lost(c.coordinator); !down && c.deadPolls == 0 && index(r.groups, name) < 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// locate looks up the groups' coordinators, and returns the groups by broker, as if it had listed them.
func (r *Reading) locate(ctx context.Context, names []string) map[int32][]Listed {
	byBroker := map[int32][]Listed{}
	for name, broker := range r.findCoordinators(ctx, names) {
		if _, down := r.round.Lost(broker); down || broker < 0 {
			continue
		}
		l := Listed{GroupState: lag.GroupState{At: time.Now(), Group: name, Type: lag.Classic, Coordinator: broker}}
		if c, ok := r.cache[name]; ok {
			l.Type, l.Protocol = c.groupType, c.protocol
		}
		if i := index(r.groups, name); i >= 0 {
			l.Type, l.Protocol = r.groups[i].Type, r.groups[i].Protocol
		}
		byBroker[broker] = append(byBroker[broker], l)
	}
	return byBroker
}

// findCoordinators asks for all at once, or one by one where brokers are before 3.0.
func (r *Reading) findCoordinators(ctx context.Context, names []string) map[string]int32 {
	found := map[string]int32{}
	for rest := names; len(rest) > 0; {
		req := kmsg.NewPtrFindCoordinatorRequest()
		req.CoordinatorKey, req.CoordinatorKeys = rest[0], rest[:min(len(rest), r.cfg.Batch)]
		answer, err := transport.AsResponse[*kmsg.FindCoordinatorResponse](r.round.SendAny(ctx, req))
		if err != nil {
			r.round.Fail(lag.StageList, transport.AnyBroker, err)
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

// replace puts the new readings of moved groups in place of the old ones. A group whose coordinator is still moving stays moved.
func (r *Reading) replace(groups []*group) {
	for _, g := range groups {
		switch i := index(r.groups, g.Group); {
		case i >= 0:
			r.groups[i] = g
		case !cluster.CoordinatorMoving(g.Err):
			r.groups = append(r.groups, g)
		}
	}
	r.sort()
}

// reportErrors tells which groups could not be read although their coordinator answered, in one line for each
// coordinator and code.
func (r *Reading) reportErrors() {
	failures := cluster.Failures{}
	for _, g := range r.groups {
		if _, down := r.round.Lost(g.Coordinator); g.Err != lag.OK && g.Err != lag.Unlisted && !down {
			failures.Add(g.Coordinator, g.Err, strconv.Quote(g.Group))
		}
	}
	r.round.FailAll(lag.StageDescribe, failures, "groups")
}
