package scaler

import (
	"fmt"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/number"
)

// phrases say what each verdict rests on, in parts. A test holds them against Reasons.
var phrases = map[Reason]func(d *Decision, n *Need) []string{
	TargetNotFound: func(d *Decision, _ *Need) []string {
		return []string{d.Target.String() + " does not exist or has no scale"}
	},
	Activate: func(_ *Decision, n *Need) []string {
		return []string{fmt.Sprintf("lag %s, %s arriving", number.Whole(n.Lag), number.PerSecond(n.Rate))}
	},
	Stalled: func(_ *Decision, n *Need) []string {
		return []string{
			fmt.Sprintf("%d of %d partitions have lag and nothing moves, though members hold them", len(n.Stalled), n.Partitions),
			"lag " + number.Whole(n.Lag), "replicas cannot help: look at the consumers",
		}
	},
	ReplicasFought: func(d *Decision, _ *Need) []string {
		return []string{
			fmt.Sprintf("somebody else changed the replicas %d times in 10 min, last %d -> %d", d.Why.Fights, d.Why.From, d.Why.To),
			"stop one of the two",
		}
	},
	DownstreamBound: func(_ *Decision, n *Need) []string {
		s := n.Downstream
		did := fmt.Sprintf("%d consumers did %s", s.AtN, number.PerSecond(s.Cap))
		if s.Did > 0 {
			did += fmt.Sprintf(", %d do %s", s.CapN, number.PerSecond(s.Did))
		} else {
			did += fmt.Sprintf(", %d did %s each at best", s.CapN, number.PerSecond(s.Best))
		}
		return []string{did, "next probe " + number.Clock(s.NextProbe)}
	},
	Unschedulable: func(d *Decision, n *Need) []string {
		return []string{
			fmt.Sprintf("%d wanted, but %d pods found no node", n.Up, d.Why.Unschedulable), "more would wait too",
		}
	},
	Rebalancing: func(d *Decision, _ *Need) []string {
		return []string{fmt.Sprintf("for %s; a step now would make it longer", number.Seconds(d.Why.RebalanceSeconds))}
	},
	RebalanceStuck: func(d *Decision, _ *Need) []string {
		return []string{fmt.Sprintf("rebalancing for %s; look for a member that joins and leaves", number.Seconds(d.Why.RebalanceSeconds))}
	},
	Fallback: func(d *Decision, n *Need) []string {
		parts := append(blind(n), "for "+number.Seconds(d.Why.OutageSeconds))
		if d.Policy.FallbackReplicas > 0 {
			return append(parts, fmt.Sprintf("fallbackReplicas %d", d.Policy.FallbackReplicas))
		}
		return append(parts, "no fallbackReplicas set")
	},
	ScaleUp:       scaleUpPhrase,
	IdleConsumers: idlePhrase,
	DataPartial: func(_ *Decision, n *Need) []string {
		return append(blind(n), "never scale down on a lower bound")
	},
	DataStale: func(_ *Decision, n *Need) []string {
		return append(blind(n), "never scale down on what was")
	},
	NoMembers: func(d *Decision, _ *Need) []string {
		return []string{fmt.Sprintf("%d ready replicas, but the group has no member", d.Why.Ready)}
	},
	MembersMissing: func(d *Decision, _ *Need) []string {
		return []string{fmt.Sprintf("%d of %d members of %d ready replicas joined",
			d.Why.Joined, d.Why.Ready*max(1, d.Why.PerReplica), d.Why.Ready)}
	},
	RolloutInProgress: func(d *Decision, n *Need) []string {
		return []string{wouldDo(d, n), "the pods are being replaced"}
	},
	ExternalChange: func(d *Decision, n *Need) []string {
		return []string{
			wouldDo(d, n),
			fmt.Sprintf("somebody else set %d -> %d, adopted until %s", d.Why.From, d.Why.To, until(d)),
		}
	},
	NoCommittedOffsets: func(_ *Decision, n *Need) []string {
		return []string{fmt.Sprintf("none of %d partitions has a committed offset", n.Partitions)}
	},
	CapacityUnknown: func(_ *Decision, n *Need) []string {
		if n.Capacity == NotKnown {
			return []string{"no processingTime declared, and no consumer was seen working yet"}
		}
		return []string{"no processingTime declared, and no consumer was busy all the time yet; the best did " + number.PerSecond(n.PerConsumer)}
	},
	ThresholdHigh:   thresholdPhrase,
	Settling:        settlingPhrase,
	HoldStabilizing: stabilizingPhrase,
	HoldLag: func(d *Decision, n *Need) []string {
		half := 0.5 * d.Policy.TargetLag.Seconds()
		return []string{wouldDo(d, n), fmt.Sprintf("the oldest record waits %s > %s + %s", number.Seconds(n.MovingSeconds), number.Seconds(half), number.Duration(lagSlack))}
	},
	HoldTolerance: func(d *Decision, n *Need) []string {
		return []string{wouldDo(d, n), fmt.Sprintf("less than 10 %% of %d", d.Current)}
	},
	HoldBudget: func(d *Decision, n *Need) []string {
		return []string{wouldDo(d, n), fmt.Sprintf("%d steps down in the last hour, the next after %s", d.Why.Downs, until(d))}
	},
	HoldRebalanceCost: func(d *Decision, n *Need) []string {
		return []string{wouldDo(d, n), fmt.Sprintf("a rebalance takes %s + %s > target %s, for less than 30 %% of %d",
			number.Seconds(d.Why.PauseSeconds), number.Duration(pauseSlack), number.Duration(d.Policy.TargetLag), d.Current)}
	},
	ScaleDown: scaleDownPhrase,
	ScaleToZero: func(d *Decision, _ *Need) []string {
		return []string{"no lag and no arrivals for " + number.Duration(d.Policy.IdleTime)}
	},
	PartitionBound:   boundPhrase,
	PartitionStalled: stalledPhrase,
	Steady:           steadyPhrase,
}

func blind(n *Need) []string {
	switch {
	case n.Partitions == 0:
		return []string{"never read"}
	case n.Unanswered > 0:
		s := fmt.Sprintf("%d of %d partitions unanswered", n.Unanswered, n.Partitions)
		return []string{s + brokers(n.Silent)}
	}
	return []string{"last read " + number.Seconds(n.AgeSeconds) + " ago" + brokers(n.Silent)}
}

func brokers(silent []int32) string {
	if len(silent) == 0 {
		return ""
	}
	var ids []string
	for _, b := range silent {
		ids = append(ids, fmt.Sprint(b))
	}
	if len(ids) == 1 {
		return " (broker " + ids[0] + ")"
	}
	return " (brokers " + strings.Join(ids, ", ") + ")"
}

// wouldDo says how many would be enough.
func wouldDo(d *Decision, n *Need) string {
	return fmt.Sprintf("%d would do", d.replicas(max(n.Down, n.Up)))
}

func until(d *Decision) string {
	if d.Wait == nil || d.Wait.Until == nil {
		return "?"
	}
	return number.Clock(*d.Wait.Until)
}

// replicas turns consumers into replicas as the decision did.
func (d *Decision) replicas(consumers int32) int32 {
	return crew{foreign: d.Why.Foreign, perReplica: d.Why.PerReplica}.replicas(consumers)
}

func (d *Decision) consumers(replicas int32) int32 {
	return crew{foreign: d.Why.Foreign, perReplica: d.Why.PerReplica}.consumers(replicas)
}

// crewPhrase tells how consumers and replicas differ, where they do.
func (d *Decision) crewPhrase() []string {
	var parts []string
	if d.Why.PerReplica > 1 {
		parts = append(parts, fmt.Sprintf("%d consumers in a replica", d.Why.PerReplica))
	}
	if d.Why.Foreign > 0 {
		parts = append(parts, fmt.Sprintf("%d consumers run elsewhere", d.Why.Foreign))
	}
	return parts
}
