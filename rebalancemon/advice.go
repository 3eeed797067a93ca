package rebalancemon

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// AdviceName is one piece of advice: a metric label and a docs anchor.
type AdviceName string

// The advice there is: a closed set. docs/rebalances.md has a paragraph on each.
const (
	// AddPartitions: more members than partitions, so that some never get one.
	AddPartitions AdviceName = "add_partitions"
	// BalanceAssignor: the range assignor gives the first members more, topic by topic.
	BalanceAssignor AdviceName = "balance_assignor"
	// RaisePollInterval: members time out and come back, again and again.
	RaisePollInterval AdviceName = "raise_poll_interval"
	// UseCooperative: an eager assignor stops everyone for long.
	UseCooperative AdviceName = "use_cooperative"
	// UseStatic: every rollout makes every member leave and join.
	UseStatic AdviceName = "use_static"
)

// AdviceNames are all of them, sorted.
var AdviceNames = []AdviceName{AddPartitions, BalanceAssignor, RaisePollInterval, UseCooperative, UseStatic}

// Advice is a change that would help, with the numbers that led to it and what it costs.
type Advice struct {
	Name    AdviceName
	Because string // the numbers
	Do      string
	Cost    string
}

const (
	longPause   = 3 * time.Second // of an eager rebalance: as long as the heartbeat interval, every member waits at least once
	oftenEnough = 3               // rebalances of one kind in an hour that make a pattern
)

// advisers are tried for every group at every poll, in the order of [AdviceNames].
var advisers = []func(g *group, recent []packedEvent) (Advice, bool){
	adviseMembers, adviseBalance, advisePolling, adviseCooperative, adviseStatic,
}

// advise is the advice for a group now.
func advise(g *group, now time.Time) []Advice {
	var all []Advice
	recent := g.stats.events.packed
	for len(recent) > 0 && now.Sub(g.stats.hour.from)-recent[0].at > time.Hour {
		recent = recent[1:]
	}
	for _, adviser := range advisers {
		if a, ok := adviser(g, recent); ok {
			all = append(all, a)
		}
	}
	return all
}

func adviseMembers(g *group, _ []packedEvent) (Advice, bool) {
	if g.membership.assigned == 0 || g.memberStats.members <= g.membership.assigned || g.state.Type == lag.Share {
		return Advice{}, false
	}
	return Advice{
		Name:    AddPartitions,
		Because: fmt.Sprintf("%s share %s: %s idle", number(g.memberStats.members, "member"), number(g.membership.assigned, "partition"), are(g.memberStats.idle)),
		Do:      fmt.Sprintf("run at most %s, or add partitions", number(g.membership.assigned, "member")),
		Cost:    "more partitions send a key elsewhere from then on, so its records are out of order once; they cannot be taken away again",
	}, true
}

// adviseBalance: a quarter of what could go wrong does, and the busiest has at least 3 : 2 of its share.
func adviseBalance(g *group, _ []packedEvent) (Advice, bool) {
	most := 0
	for i := range g.membership.members {
		most = max(most, g.membership.members[i].assigned)
	}
	if g.membership.assignor != "range" || g.memberStats.members < 2 {
		return Advice{}, false
	}
	best := (g.membership.assigned + g.memberStats.members - 1) / g.memberStats.members
	if 2*most < 3*best || most-best < 2 {
		return Advice{}, false
	}
	return Advice{
		Name: BalanceAssignor,
		Because: fmt.Sprintf("range gives the busiest of %d members %d of %d partitions; %d is possible, skew %.2f",
			g.memberStats.members, most, g.membership.assigned, best, g.memberStats.skew),
		Do:   "set partition.assignment.strategy to cooperative-sticky, which spreads partitions over all topics at once",
		Cost: "equal partition numbers of two topics no longer meet at one member: do not, if the application joins them",
	}, true
}

// advisePolling counts members that were taken for dead, and rebalances in which the same processes were there before
// and after.
func advisePolling(_ *group, recent []packedEvent) (Advice, bool) {
	timeouts, same := 0, 0
	for i := range recent {
		switch ev := &recent[i]; {
		case ev.is(MemberTimeout):
			timeouts += int(ev.count)
		case ev.is(UnknownCause) && ev.ended(Success) && ev.joined == ev.left:
			same += int(ev.count)
		}
	}
	if timeouts+same < oftenEnough {
		return Advice{}, false
	}
	return Advice{
		Name:    RaisePollInterval,
		Because: fmt.Sprintf("in the last hour %d rebalances by members that timed out, %d without a change of members", timeouts, same),
		Do:      "raise max.poll.interval.ms above the longest batch's processing time, or lower max.poll.records; if members are killed (memory), see to that first",
		Cost:    "a consumer that hangs for good is noticed later, by as much",
	}, true
}

func adviseCooperative(g *group, recent []packedEvent) (Advice, bool) {
	count, sum := 0, time.Duration(0)
	for i := range recent {
		if recent[i].paused && !recent[i].ended(UnknownOutcome) {
			count++
			sum += recent[i].duration()
		}
	}
	if g.membership.protocol != Eager || count < oftenEnough || sum/time.Duration(count) < longPause {
		return Advice{}, false
	}
	return Advice{
		Name: UseCooperative,
		Because: fmt.Sprintf("%d rebalances in the last hour stopped all %d members for %.1f s each under the eager assignor %s",
			count, g.memberStats.members, (sum / time.Duration(count)).Seconds(), g.membership.assignor),
		Do:   "set partition.assignment.strategy to cooperative-sticky (in two rollouts: first beside the old one, then alone), or group.protocol=consumer on Kafka 4",
		Cost: "two rollouts; a change then takes two short rebalances, in which only the partitions that move stand still",
	}, true
}

func adviseStatic(g *group, recent []packedEvent) (Advice, bool) {
	count, moved := 0, 0
	for i := range recent {
		if recent[i].is(Deploy) {
			count += int(recent[i].count)
			moved += int(recent[i].joined + recent[i].left)
		}
	}
	if count < oftenEnough || moved < g.memberStats.members || g.memberStats.static == g.memberStats.members {
		return Advice{}, false
	}
	return Advice{
		Name: UseStatic,
		Because: fmt.Sprintf("rollouts of the last hour cost %d rebalances and %d joins and leaves; %d of %d members are static",
			count, moved, g.memberStats.static, g.memberStats.members),
		Do:   "give each member a group.instance.id that survives its restart (a StatefulSet's pod name), and set session.timeout.ms above the restart time",
		Cost: "the partitions of a member that crashes, or is scaled away, wait for the whole session timeout",
	}, true
}

// number is a number of things with their name: 1 member, 2 members.
func number(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// are is a number before what the things are: 1 is, 2 are.
func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}
