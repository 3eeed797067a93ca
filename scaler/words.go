package scaler

import (
	"fmt"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// The words of the rules: the numbers that made each hold. words_rates.go has those that derive a number of replicas.

func targetWords(d *Decision, _ *need.Need) []string {
	return []string{d.Target.String() + " does not exist or has no scale"}
}

func activateWords(_ *Decision, n *need.Need) []string {
	return []string{fmt.Sprintf("lag %s, %s arriving", number.Whole(n.Lag), number.PerSecond(n.Rate))}
}

func stalledWords(_ *Decision, n *need.Need) []string {
	return []string{
		fmt.Sprintf("%d of %d partitions have lag and nothing moves, though members hold them", len(n.Stalled), n.Partitions),
		"lag " + number.Whole(n.Lag), "replicas cannot help: look at the consumers",
	}
}

func foughtWords(d *Decision, _ *need.Need) []string {
	return []string{
		fmt.Sprintf("somebody else changed the replicas %d times in 10 min, last %d -> %d", d.Why.Fights, d.Why.From, d.Why.To),
		"stop one of the two",
	}
}

func downstreamWords(_ *Decision, n *need.Need) []string {
	s := n.Downstream
	did := fmt.Sprintf("%d consumers did %s", s.AtN, number.PerSecond(s.Cap))
	if s.Did > 0 {
		did += fmt.Sprintf(", %d do %s", s.CapN, number.PerSecond(s.Did))
	} else {
		did += fmt.Sprintf(", %d did %s each at best", s.CapN, number.PerSecond(s.Best))
	}
	return []string{did, "next probe " + number.Clock(s.NextProbe)}
}

func unschedulableWords(d *Decision, n *need.Need) []string {
	return []string{
		fmt.Sprintf("%d wanted, but %d pods found no node", n.Up, d.Why.Unschedulable), "more would wait too",
	}
}

func rebalancingWords(d *Decision, _ *need.Need) []string {
	return []string{fmt.Sprintf("for %s; a step now would make it longer", number.Seconds(d.Why.RebalanceSeconds))}
}

func stuckWords(d *Decision, _ *need.Need) []string {
	return []string{fmt.Sprintf("rebalancing for %s; look for a member that joins and leaves", number.Seconds(d.Why.RebalanceSeconds))}
}

func fallbackWords(d *Decision, n *need.Need) []string {
	parts := append([]string{n.Missing()}, "for "+number.Seconds(d.Why.OutageSeconds))
	if d.Policy.FallbackReplicas > 0 {
		return append(parts, fmt.Sprintf("fallbackReplicas %d", d.Policy.FallbackReplicas))
	}
	return append(parts, "no fallbackReplicas set")
}

func partialWords(_ *Decision, n *need.Need) []string {
	return append([]string{n.Missing()}, "never scale down on a lower bound")
}

func staleWords(_ *Decision, n *need.Need) []string {
	return append([]string{n.Missing()}, "never scale down on what was")
}

func noMembersWords(d *Decision, _ *need.Need) []string {
	return []string{fmt.Sprintf("%d ready replicas, but the group has no member", d.Why.Ready)}
}

func missingWords(d *Decision, _ *need.Need) []string {
	return []string{fmt.Sprintf("%d of %d members of %d ready replicas joined",
		d.Why.Joined, d.Why.Ready*max(1, d.Why.PerReplica), d.Why.Ready)}
}

func rolloutWords(d *Decision, n *need.Need) []string {
	return []string{wouldDo(d, n), "the pods are being replaced"}
}

func externalWords(d *Decision, n *need.Need) []string {
	return []string{
		wouldDo(d, n),
		fmt.Sprintf("somebody else set %d -> %d, adopted until %s", d.Why.From, d.Why.To, until(d)),
	}
}

func uncommittedWords(_ *Decision, n *need.Need) []string {
	return []string{fmt.Sprintf("none of %d partitions has a committed offset", n.Partitions)}
}

func capacityWords(_ *Decision, n *need.Need) []string {
	if n.Capacity == learn.NotKnown {
		return []string{"no processingTime declared, and no consumer was seen working yet"}
	}
	return []string{"no processingTime declared, and no consumer was busy all the time yet; the best did " + number.PerSecond(n.PerConsumer)}
}

func laggingWords(d *Decision, n *need.Need) []string {
	half := 0.5 * d.Policy.TargetLag.Seconds()
	return []string{wouldDo(d, n), fmt.Sprintf("the oldest record waits %s > %s + %s", number.Seconds(n.MovingSeconds), number.Seconds(half), number.Duration(lagSlack))}
}

func toleranceWords(d *Decision, n *need.Need) []string {
	return []string{wouldDo(d, n), fmt.Sprintf("less than 10 %% of %d", d.Current)}
}

func budgetWords(d *Decision, n *need.Need) []string {
	return []string{wouldDo(d, n), fmt.Sprintf("%d steps down in the last hour, the next after %s", d.Why.Downs, until(d))}
}

func costWords(d *Decision, n *need.Need) []string {
	return []string{wouldDo(d, n), fmt.Sprintf("a rebalance takes %s + %s > target %s, for less than 30 %% of %d",
		number.Seconds(d.Why.PauseSeconds), number.Duration(rebalanceSlack), number.Duration(d.Policy.TargetLag), d.Current)}
}

func toZeroWords(d *Decision, _ *need.Need) []string {
	return []string{"no lag and no arrivals for " + number.Duration(d.Policy.IdleTime)}
}

// wouldDo says how many would be enough.
func wouldDo(d *Decision, n *need.Need) string {
	return fmt.Sprintf("%d would do", d.Replicas(max(n.Down, n.Up)))
}

func until(d *Decision) string {
	if d.Wait == nil || d.Wait.Until == nil {
		return "?"
	}
	return number.Clock(*d.Wait.Until)
}

// memberWords tell how consumers and replicas differ, where they do.
func memberWords(d *Decision) []string {
	var parts []string
	if d.Why.PerReplica > 1 {
		parts = append(parts, fmt.Sprintf("%d consumers in a replica", d.Why.PerReplica))
	}
	if d.Why.Foreign > 0 {
		parts = append(parts, fmt.Sprintf("%d consumers run elsewhere", d.Why.Foreign))
	}
	return parts
}
