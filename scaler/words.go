package scaler

import (
	"cmp"
	"fmt"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The words of the rules: the number that decided, the derivation, what follows. Every number has a unit, and an unknown one is
// called unknown. words_rates.go has the words that derive a number of replicas.

func targetWords(d *Decision, _ *need.Need) []string {
	return []string{d.Target.String() + " does not exist or has no scale subresource"}
}

func stalledWords(_ *Decision, n *need.Need) []string {
	return []string{
		fmt.Sprintf("no committed offset moves; %d of %s lag and a member", len(n.Stalled), have(n.Partitions, "partition")),
		n.Waiting(), "more replicas cannot help, check the consumers",
	}
}

func foughtWords(d *Decision, _ *need.Need) []string {
	return []string{
		fmt.Sprintf("another client changed the replicas %d times in 10 min, last %d -> %d", d.Why.Fights, d.Why.ChangedFrom, d.Why.ChangedTo),
		"find it and stop it, or stop this scaler",
	}
}

func downstreamWords(d *Decision, n *need.Need) []string {
	s := n.Downstream
	parts := []string{
		fmt.Sprintf("%s processed %s", number.Of(s.AtN, "consumer"), number.PerSecond(s.Cap)),
		fmt.Sprintf("%s can do the same at 90 %% of the best rate, %s per consumer", number.Of(s.CapN, "consumer"), number.PerSecond(s.Best)),
	}
	if s.Did > 0 {
		parts[1] = fmt.Sprintf("%s process %s", number.Of(s.CapN, "consumer"), number.PerSecond(s.Did))
	}
	return append(parts, "no scale up before "+number.Clock(s.NextProbe))
}

func unschedulableWords(d *Decision, n *need.Need) []string {
	return []string{
		fmt.Sprintf("%s cannot be scheduled", number.Of(d.Why.Unschedulable, "pod")),
		fmt.Sprintf("%s needed, but more pods would stay Pending too", number.Of(d.Replicas(n.Up), "replica")),
	}
}

func rebalancingWords(d *Decision, _ *need.Need) []string {
	return []string{
		"rebalancing for " + number.Seconds(d.Why.RebalanceSeconds) + until(d, ", waits at most until"), "a change now would make it longer",
	}
}

func stuckWords(d *Decision, _ *need.Need) []string {
	return []string{
		"rebalancing for " + number.Seconds(d.Why.RebalanceSeconds), "look for a member that joins and leaves again and again",
	}
}

func fallbackWords(d *Decision, n *need.Need) []string {
	parts := n.Outage(d.Why.OutageSeconds)
	if d.Policy.FallbackReplicas > 0 {
		return append(parts, fmt.Sprintf("at least fallbackReplicas %d", d.Policy.FallbackReplicas))
	}
	return append(parts, "fallbackReplicas not set")
}

func partialWords(_ *Decision, n *need.Need) []string {
	return []string{n.Missing(), "no scale down, because the real numbers may be higher"}
}

func staleWords(_ *Decision, n *need.Need) []string {
	return []string{n.Missing(), "no scale down on old numbers"}
}

// absentWords name the group and the topics that do not exist. A broker also hides a group without the permission to describe it.
func absentWords(d *Decision, n *need.Need) []string {
	parts := []string{n.Absent()}
	switch {
	case n.NoGroup && d.Verdict == GroupNotFound:
		return append(parts, fmt.Sprintf("%s ready and none has joined it", are(d.Why.Ready)), "check the name, and the permission to describe the group")
	case n.NoGroup:
		parts = append(parts, waitingWords)
	}
	return append(parts, "arrivals there are unknown, so no scale down; check the name")
}

// waitingWords are said of a group that does not exist while no replica is ready.
const waitingWords = "the first consumer that joins makes the group"

func noMembersWords(d *Decision, n *need.Need) []string {
	if n.MembersUnknown {
		return []string{fmt.Sprintf("who is in the group is not known, though %s ready", are(d.Why.Ready))}
	}
	return []string{fmt.Sprintf("the group has no member, though %s ready", are(d.Why.Ready))}
}

func missingWords(d *Decision, n *need.Need) []string {
	if n.MembersUnknown {
		return noMembersWords(d, n)
	}
	return []string{fmt.Sprintf("only %d of %d consumers joined the group, though %s ready",
		d.Why.Joined, cmp.Or(d.Why.Expected, d.Why.Ready*max(1, d.Why.PerReplica)), are(d.Why.Ready))}
}

// have is a number of things before what they have: 1 partition has, 6 partitions have.
func have(n int32, thing string) string {
	if n == 1 {
		return "1 " + thing + " has"
	}
	return number.Of(n, thing) + " have"
}

// are is a number of replicas before what they are: 1 replica is, 6 replicas are.
func are(replicas int32) string {
	if replicas == 1 {
		return "1 replica is"
	}
	return number.Of(replicas, "replica") + " are"
}

func failoverWords(d *Decision, n *need.Need) []string {
	f := d.Why.Failover
	return []string{
		fmt.Sprintf("%s in cluster %s, %d in cluster %s", number.Of(f.Left, "member"), f.From, f.Moved, f.To),
		"no scale down before " + number.Clock(f.Until) + " while both have members", enoughWords(d, n),
	}
}

func rolloutWords(d *Decision, n *need.Need) []string {
	return []string{enoughWords(d, n), "waits until the rollout has replaced the pods"}
}

func externalWords(d *Decision, n *need.Need) []string {
	return []string{
		enoughWords(d, n),
		fmt.Sprintf("another client set %d -> %d%s", d.Why.ChangedFrom, d.Why.ChangedTo, until(d, ", accepted until")),
	}
}

func uncommittedWords(_ *Decision, n *need.Need) []string {
	switch {
	case n.NoGroup:
		return []string{"lag unknown, " + n.Absent(), waitingWords}
	case n.Partitions == 0:
		return []string{"lag unknown, no partition of the group is known"}
	}
	return []string{fmt.Sprintf("lag unknown, none of %s has a committed offset", number.Of(n.Partitions, "partition"))}
}

func capacityWords(_ *Decision, n *need.Need) []string {
	if n.Capacity == learn.NotKnown {
		return []string{"capacity of a consumer unknown", "no processingTime declared, and no consumer was busy for a whole interval yet"}
	}
	return []string{
		"capacity of a consumer unknown", "no processingTime declared, and no consumer was busy for a whole interval yet",
		"the best one processed " + number.PerSecond(n.PerConsumer),
	}
}

func laggingWords(d *Decision, n *need.Need) []string {
	half := 0.5 * d.Policy.TargetLag.Seconds()
	return []string{
		enoughWords(d, n),
		fmt.Sprintf("waits until time lag %s falls to %s (half the target %s, + %s)", n.Late(n.MovingSeconds),
			number.Seconds(half+lagSlack.Seconds()), number.Duration(d.Policy.TargetLag), number.Duration(lagSlack)),
	}
}

func toleranceWords(d *Decision, n *need.Need) []string {
	return []string{enoughWords(d, n), fmt.Sprintf("%s, less than 10 %%", savesWords(d, n))}
}

func budgetWords(d *Decision, n *need.Need) []string {
	return []string{enoughWords(d, n), fmt.Sprintf("scaled down %d times in the last hour%s", d.Why.Downs, until(d, ", not again before"))}
}

func costWords(d *Decision, n *need.Need) []string {
	return []string{
		enoughWords(d, n), fmt.Sprintf("%s, less than 30 %%", savesWords(d, n)),
		fmt.Sprintf("a rebalance of %s + %s is longer than the target %s",
			number.Seconds(d.Why.PauseSeconds), number.Duration(rebalanceSlack), number.Duration(d.Policy.TargetLag)),
	}
}

// savesWords say how many replicas a hold keeps back.
func savesWords(d *Decision, n *need.Need) string {
	return fmt.Sprintf("saves %d of %s", d.Current-d.Enough(max(n.Down, n.Up)), number.Of(d.Current, "replica"))
}

func joinedWords(d *Decision, n *need.Need) string {
	if n.MembersUnknown {
		return "who joined is not known"
	}
	return number.Of(d.Why.Joined, "consumer") + " joined"
}

func settlingWords(d *Decision, n *need.Need) []string {
	parts := []string{
		"waits until the last change is complete" + until(d, ", at least until"),
		fmt.Sprintf("%d of %s ready, %s", d.Why.Ready, number.Of(d.Current, "replica"), joinedWords(d, n)),
	}
	switch up := d.Replicas(n.Up); {
	case !n.RateKnown:
		return append(parts, n.Arriving())
	case up > d.Current:
		return append(parts, fmt.Sprintf("then scale up to %d", up))
	case d.Enough(max(n.Down, n.Up)) < d.Current && up < d.Current:
		return append(parts, enoughWords(d, n))
	}
	return parts
}

// enoughWords say to how many replicas the target would be scaled down.
func enoughWords(d *Decision, n *need.Need) string {
	if !n.RateKnown {
		return "arrivals unknown"
	}
	fewer := d.Enough(max(n.Down, n.Up))
	switch holding := holding(d.Members(), n, d.Current); {
	case fewer < d.Current:
	case holding > 0 && holding < d.Current && d.Current > 1:
		fewer = holding
	default: // only the step to zero is left
		fewer = 0
	}
	return number.Of(fewer, "replica") + " would be enough"
}

// until is when the hold ends by itself, after a word; empty: that is not known.
func until(d *Decision, word string) string {
	if d.Wait == nil || d.Wait.Until == nil {
		return ""
	}
	return word + " " + number.Clock(*d.Wait.Until)
}

// memberWords tell how consumers and replicas differ, where they do.
func memberWords(d *Decision) []string {
	var parts []string
	if d.Why.PerReplica > 1 {
		parts = append(parts, fmt.Sprintf("%d consumers per replica", d.Why.PerReplica))
	}
	switch {
	case d.Why.Alone:
		parts = append(parts, fmt.Sprintf("the other place has %s, so all others are needed here (share %d %%)", number.Of(d.Why.Elsewhere, "consumer"), d.Why.Share))
	case d.Why.Share > 0:
		parts = append(parts, fmt.Sprintf("%d %% of the consumers run here, %d elsewhere now", d.Why.Share, d.Why.Elsewhere))
	case d.Why.Elsewhere > 0:
		parts = append(parts, number.Of(d.Why.Elsewhere, "consumer")+" outside the target")
	}
	if d.Why.Gone > 0 {
		parts = append(parts, number.Of(d.Why.Gone, "member")+" of pods that are gone, not counted")
	}
	if d.Why.PerReplica > 1 || d.Why.Elsewhere > 0 || d.Why.Joined > d.Why.Ready {
		switch d.Why.MembersBy {
		case seen.ByRatio:
			parts = append(parts, "which replica a member runs in is not known, so a scale down counts 1 consumer per replica; consumersPerReplica would say it")
		case seen.BySpec:
			parts = append(parts, "as consumersPerReplica says")
		case seen.ByName:
			parts = append(parts, "members told apart by client id")
		}
	}
	return parts
}

// MappedWords name the evidence that matched members with replicas; empty: the group was not read.
func (d *Decision) MappedWords() string {
	var s string
	switch d.Why.MembersBy {
	case seen.ByAddress:
		s = "members are told apart by the addresses of the pods"
	case seen.ByName:
		s = "members are told apart by client ids that have the pods' names"
	case seen.BySpec:
		s = "consumersPerReplica; neither addresses nor client ids tell the members apart"
	case seen.ByRatio:
		return "not known which member runs in which replica: members / ready replicas to scale up, 1 to scale down; consumersPerReplica would say it"
	default:
		return ""
	}
	s += fmt.Sprintf("; %d elsewhere", d.Why.Elsewhere)
	if d.Why.LeastPerReplica > 0 && (d.Why.LeastPerReplica < d.Why.PerReplica || d.Why.LeastElsewhere < d.Why.Elsewhere) {
		s += fmt.Sprintf("; a scale down counts %d, and %d elsewhere", d.Why.LeastPerReplica, d.Why.LeastElsewhere)
	}
	return s
}
