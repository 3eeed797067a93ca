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
//	  and no coordinator is found, or it is down    the group gets the reason, as long as it lasts   addUnlisted
//	two brokers list a group                        takes the one with members, or the later one     removeDuplicates
//	the group is Dead, or not found                 Unlisted for 30 s, then Dead                     doubtDead
//	OffsetFetch without commits that were there     CommitsMissing for 30 s, then accepts it         RejectMissingCommits
//	the group's broker does not list its groups     the group gets the error of that broker          addUnlisted
//
// 30 s is Config.Grace, set by kafkasource's Limits.Grace. So a group is gone only when a coordinator that is up has said so
// for 30 s without a break:
//
//	a partition of __consumer_offsets       FindCoordinator            the group
//	has a leader, which answers             names it                   is there, or Dead after 30 s
//	has a leader, which does not answer     names it                   BROKER_UNREACHABLE, or what else it says
//	has no leader: its only replica is      COORDINATOR_NOT_AVAILABLE  the same
//	  down, or the controller fenced it
//
// The first two look the same in the list of groups: nobody lists the group. What the other packages do:
//
//	lag             lag.Compute keeps the last values of a group that is not read, as unknown;
//	                lag.LeaderChanges counts the moves
//	rebalancemon    does not count a move as a rebalance

// followCoordinators finds the coordinators of groups that nobody listed and of those whose coordinator was moving when
// it was asked, and reads them there.
func (r *Reading) followCoordinators(ctx context.Context) {
	for try := range cluster.MoveTries {
		names := r.moved(try == 0)
		if len(names) == 0 || try > 0 && r.round.Pause(ctx) != nil {
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
// coordinator any more, or no broker lists them although their last coordinator answered, or somebody declared them and
// they were never seen. Groups of a broker that is down are not among them. Those that had no coordinator in the poll
// before are looked up only once in this one.
func (r *Reading) moved(first bool) []string {
	var names []string
	for _, g := range r.groups {
		if cluster.CoordinatorMoving(g.Err) {
			names = append(names, g.Group)
		}
	}
	for name, c := range r.cache {
		_, down := r.round.Lost(c.coordinator)
		if !down && c.deadPolls == 0 && (first || !c.lost) && index(r.groups, name) < 0 {
			names = append(names, name)
		}
	}
	if first {
		names = append(names, r.neverSeen()...)
	}
	slices.Sort(names)
	return names
}

// neverSeen are the declared groups that no poll has found. They are not looked up while the cluster has no group at all: a
// broker that is asked for a coordinator then creates __consumer_offsets.
func (r *Reading) neverSeen() []string {
	if len(r.groups) == 0 && !r.round.Cluster.HasOffsetsTopic() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.declared), func(name string) bool {
		_, cached := r.cache[name]
		return cached || index(r.groups, name) >= 0 || !r.cfg.Group(name)
	})
}

// locate looks up the groups' coordinators, and returns the groups by broker, as if it had listed them. It notes why
// there is none that could be asked.
func (r *Reading) locate(ctx context.Context, names []string) map[int32][]Listed {
	byBroker := map[int32][]Listed{}
	for name, found := range r.findCoordinators(ctx, names) {
		broker := found.broker
		if code, down := r.round.Lost(broker); down {
			found.code = code
		}
		if r.unfound[name] = found.code; found.code != lag.OK || broker < 0 {
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

// foundCoordinator is a group's coordinator, or why there is none.
type foundCoordinator struct {
	broker int32
	code   lag.ErrorCode
}

// findCoordinators asks for all at once, or one by one where brokers are before 3.0: then only for as many groups in a poll
// as one request of later brokers is about, beginning with others in the next poll.
func (r *Reading) findCoordinators(ctx context.Context, names []string) map[string]foundCoordinator {
	found := map[string]foundCoordinator{}
	begin := r.lookups % len(names)
	rest := slices.Concat(names[begin:], names[:begin])
	for single := 0; len(rest) > 0 && single < r.cfg.Batch; {
		req := kmsg.NewPtrFindCoordinatorRequest()
		req.CoordinatorKey, req.CoordinatorKeys = rest[0], rest[:min(len(rest), r.cfg.Batch)]
		answer, err := transport.AsResponse[*kmsg.FindCoordinatorResponse](r.round.SendAny(ctx, req))
		if err != nil {
			r.round.Fail(lag.StageList, transport.AnyBroker, err)
			for _, name := range rest {
				found[name] = foundCoordinator{code: transport.Code(err)}
			}
			return found
		}
		if answer.Version < 4 {
			found[rest[0]] = foundCoordinator{answer.NodeID, lag.ErrorCode(answer.ErrorCode)}
			rest = rest[1:]
			single++
			r.lookups++
			continue
		}
		for _, c := range answer.Coordinators {
			found[c.Key] = foundCoordinator{c.NodeID, lag.ErrorCode(c.ErrorCode)}
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
		default:
			r.unfound[g.Group] = g.Err
		}
	}
	r.sort()
}

// reportErrors tells which groups could not be read although their coordinator answered, and which have no coordinator, in
// one line for each coordinator and code.
func (r *Reading) reportErrors() {
	described, found := cluster.Failures{}, cluster.Failures{}
	for _, g := range r.groups {
		_, down := r.round.Lost(g.Coordinator)
		switch {
		case g.Err == lag.OK || g.Err == lag.Unlisted || down:
		case g.Coordinator < 0:
			found.Add(g.Coordinator, g.Err, strconv.Quote(g.Group))
		default:
			described.Add(g.Coordinator, g.Err, strconv.Quote(g.Group))
		}
	}
	r.round.FailAll(lag.StageDescribe, described, "groups")
	r.round.FailAll(lag.StageList, found, "groups without a coordinator")
}
