package scaler

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

func scaleUpWords(d *Decision, n *need.Need) []string {
	if !n.Capacity.Known() {
		return []string{
			fmt.Sprintf("%s arriving, lag %s, what a consumer can do is not known", number.PerSecond(n.Rate), number.Whole(n.Lag)),
			"one useful step at a time",
		}
	}
	planned, to, drain := n.Plan, n.Up, true
	if d.Wanted < d.Replicas(n.Up) {
		planned, to, drain = n.RatePlan, n.ByRate, false
	}
	parts := []string{n.Headroom(drain), fmt.Sprintf("plan %d at %s each", planned, number.PerSecond(n.PerConsumer))}
	if s := n.Rounding(planned, d.Consumers(d.Current), to); s != "" {
		parts = append(parts, s)
	}
	if !drain {
		parts = append(parts, fmt.Sprintf("arrivals alone; %d with the backlog once this has settled", d.Replicas(n.Up)))
	}
	if len(n.Isolated) > 0 {
		parts = append(parts, n.Isolated[0].Drains())
	}
	if more := len(n.Isolated) - 1; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more drain alone", more))
	}
	return append(parts, memberWords(d)...)
}

func scaleDownWords(d *Decision, n *need.Need) []string {
	sum := n.DownHeadroom()
	if n.DownExcluded > 0.5 {
		sum += fmt.Sprintf(" - %s that no second consumer can share", number.PerSecond(n.DownExcluded))
	}
	parts := []string{sum + " = " + number.PerSecond(n.PeakRequired), fmt.Sprintf("plan %d", n.DownPlan)}
	to := d.Consumers(d.Wanted)
	if n.Up > n.Down {
		parts = append(parts, fmt.Sprintf("%d needed now", d.Replicas(n.Up)))
	}
	if n.Useful > 0 {
		parts = append(parts, fmt.Sprintf("%d holds it at %d partitions each", to, plan.PerConsumer(int(n.Useful), to)))
	}
	return append(append(parts, "lag "+number.Seconds(n.LagSeconds),
		fmt.Sprintf("saves %d, costs one ~%s rebalance", d.Current-d.Wanted, number.Seconds(d.Why.PauseSeconds))), memberWords(d)...)
}

func idleWords(d *Decision, n *need.Need) []string {
	return append([]string{fmt.Sprintf("%d consumers for %d useful partitions: %d idle",
		d.Consumers(d.Current), n.Useful, d.Consumers(d.Current)-n.Useful)}, memberWords(d)...)
}

func thresholdWords(d *Decision, n *need.Need) []string {
	mean := float64(n.Lag) / float64(max(1, n.Partitions))
	lag := fmt.Sprintf("lag %s, max %s, avg %s; high above %s, %s or %s",
		number.Whole(n.Lag), number.Whole(n.MaxLag), number.Quantity(mean), number.Whole(need.HighTotal), number.Whole(need.HighWorst), number.Whole(need.HighMean))
	if d.Wanted > d.Current {
		return []string{lag, fmt.Sprintf("plan %d for %s, at least one more", plan.Consumers(n.Rate, n.PerConsumer), number.PerSecond(n.Rate))}
	}
	return []string{lag, "nothing goes down above"}
}

func settlingWords(d *Decision, n *need.Need) []string {
	var parts []string
	if n.Up != n.Down || d.Replicas(n.Up) != d.Current {
		parts = append(parts, fmt.Sprintf("%d wanted", d.Replicas(max(n.Up, n.Down))))
	}
	parts = append(parts, fmt.Sprintf("%d of %d ready, %d joined", d.Why.Ready, d.Current, d.Why.Joined))
	if d.Wait != nil && d.Wait.Until != nil {
		parts = append(parts, "the last write settles until "+until(d))
	}
	return parts
}

func stabilizingWords(d *Decision, n *need.Need) []string {
	if !n.RateKnown {
		return []string{"nothing is known of the rates yet"}
	}
	return []string{
		wouldDo(d, n),
		n.DownHeadroom() + " = " + number.PerSecond(n.PeakRequired),
		"not before " + until(d),
	}
}

func boundWords(_ *Decision, n *need.Need) []string {
	worst := slices.MaxFunc(n.Bound, func(a, b need.Partition) int { return int(a.Rate - b.Rate) })
	enough := plan.RoundPartitions(int64(plan.Consumers(worst.Rate*float64(n.Partitions), n.PerConsumer)))
	parts := []string{fmt.Sprintf("%s gets %s, one consumer does %s", worst, number.PerSecond(worst.Rate), number.PerSecond(n.PerConsumer))}
	if len(n.Bound) > 1 {
		parts = append(parts, fmt.Sprintf("%d more like it", len(n.Bound)-1))
	}
	return append(parts, "replicas cannot help", fmt.Sprintf("re-key or >= %s partitions", number.Whole(enough)))
}

func partitionStalledWords(_ *Decision, n *need.Need) []string {
	worst := slices.MaxFunc(n.Stalled, func(a, b need.Partition) int { return int(a.Lag - b.Lag) })
	parts := []string{fmt.Sprintf("%s does not move though a member holds it, lag %s", worst, number.Whole(worst.Lag))}
	if len(n.Stalled) > 1 {
		parts = append(parts, fmt.Sprintf("%d more like it", len(n.Stalled)-1))
	}
	return append(parts, "left out")
}

func steadyWords(d *Decision, n *need.Need) []string {
	switch {
	case d.Decider < 0:
		return []string{"no source"}
	case d.Current == 0:
		return []string{"nothing waits and nothing arrives"}
	case d.Policy.Kind == Thresholds:
		return []string{fmt.Sprintf("lag %s, max %s: below the thresholds", number.Whole(n.Lag), number.Whole(n.MaxLag))}
	case !n.Capacity.Known():
		return []string{number.PerSecond(n.Rate) + " arriving", "lag " + number.Seconds(n.LagSeconds)}
	}
	parts := []string{n.Headroom(true), fmt.Sprintf("plan %d at %s each", n.Plan, number.PerSecond(n.PerConsumer))}
	if s := n.Rounding(n.Plan, 0, min(max(n.Up, n.Down), d.Consumers(d.Current))); s != "" {
		parts = append(parts, s)
	}
	return append(append(parts, "lag "+number.Seconds(n.LagSeconds)), memberWords(d)...)
}

// partitionLimitWords say how many partitions would not limit the verdict.
func partitionLimitWords(d *Decision, _ Step, n *need.Need) string {
	return fmt.Sprintf("%d useful partitions; the plan asks for %s",
		d.Bounds.Partitions, number.Whole(plan.RoundPartitions(int64(n.Up))))
}

func minReplicasWords(d *Decision, s Step, _ *need.Need) string {
	if d.Bounds.Useful == 0 || s.To <= d.Bounds.Useful {
		return ""
	}
	return fmt.Sprintf("minReplicas %d is above the %d useful: %d idle", s.To, d.Bounds.Useful, s.To-d.Bounds.Useful)
}
