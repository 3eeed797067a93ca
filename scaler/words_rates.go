package scaler

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

func activateWords(d *Decision, n *need.Need) []string {
	arrived := arrivedWords(&d.Why.Waiting)
	if !n.RateKnown || !n.Capacity.Known() {
		return append([]string{n.Waiting() + ", " + n.Arriving()}, arrived...)
	}
	if n.StandsBy { // its commits are those of a mirror
		from := n.Now(false)
		return append([]string{from.Rate, from.Count}, arrived...)
	}
	from := n.Now(true)
	return append([]string{n.Waiting(), from.Rate, from.Count}, arrived...)
}

func scaleUpWords(d *Decision, n *need.Need) []string {
	switch {
	case !n.RateKnown:
		return append([]string{"arrivals unknown", fmt.Sprintf("the group has %s", number.Of(n.Members, "member"))}, memberWords(d)...)
	case n.GoesBack > 0:
		return append([]string{
			fmt.Sprintf("%s, %s", n.Waiting(), n.Arriving()), fmt.Sprintf("%s were tried and could not process it", number.Of(d.Consumers(d.Current), "consumer")),
			fmt.Sprintf("back to %d", n.GoesBack),
		}, memberWords(d)...)
	case !n.Capacity.Known():
		return []string{
			fmt.Sprintf("%s, %s", n.Waiting(), n.Arriving()), "capacity of a consumer unknown, so only one step",
		}
	case d.Why.Advised > d.Current && d.Wanted != d.Replicas(n.Up):
		from := n.Now(false)
		parts := neededWords(n, d.Consumers(d.Current), neededNow(from)+" without the backlog", from)
		parts = append(parts, fmt.Sprintf("%s as if the last advice had been written, which also drains the backlog", number.Of(d.Wanted, "replica")))
		return append(parts, memberWords(d)...)
	case d.Wanted < d.Replicas(n.Up):
		from := n.Now(false)
		parts := neededWords(n, d.Consumers(d.Current), neededNow(from)+" without the backlog", from)
		parts = append(parts, fmt.Sprintf("with the backlog %s, after this change is complete", number.Of(d.Replicas(n.Up), "replica")))
		return append(parts, memberWords(d)...)
	}
	from := n.Now(true)
	parts := neededWords(n, d.Consumers(d.Current), neededNow(from), from)
	if asked := d.Consumers(d.Current); n.Behind && n.Joined < asked {
		parts = append(parts, fmt.Sprintf("%d of the %s have joined, and more arrives than they can process", n.Joined, number.Of(asked, "consumer")))
	}
	return append(append(parts, isolatedWords(n)...), memberWords(d)...)
}

func scaleDownWords(d *Decision, n *need.Need) []string {
	from := n.ForPeaks()
	needed := neededForPeaks(from)
	if n.Up > n.Down {
		from = n.Now(true)
		needed = neededNow(from)
	}
	parts := append(neededWords(n, d.Members().AtLeast(d.Wanted), needed, from), lagWords(d, n),
		fmt.Sprintf("saves %s, costs a rebalance of ~%s", number.Of(d.Current-d.Wanted, "replica"), number.Seconds(d.Why.PauseSeconds)))
	if n.Capacity == learn.Tried {
		parts = append(parts, fmt.Sprintf("tries whether a consumer can process %s, and goes back when the lag grows", number.PerSecond(n.PerConsumer)))
	}
	return append(parts, memberWords(d)...)
}

func toZeroWords(d *Decision, n *need.Need) []string {
	idle := " for " + number.Duration(d.Policy.IdleTime) + " (idleTime)"
	if !n.LagKnown { // nobody reads the old records of a group with offsetReset latest
		return []string{"no arrivals" + idle, "lag unknown, no partition has a committed offset"}
	}
	return []string{"no lag and no arrivals" + idle}
}

func restWords(_ *Decision, n *need.Need) []string {
	return []string{
		fmt.Sprintf("%s after the commits of %s may be unread records, or only offsets of transactions",
			number.Of(n.Rest, "offset"), number.Of(int64(n.Resting), "partition")),
		"lagscaler learns which when commits have passed such offsets three times, or set leavesBehind of the source, or batchHeaders of the cluster",
	}
}

func idleWords(d *Decision, n *need.Need) []string {
	return append([]string{fmt.Sprintf("only %d of %s can have a %s, %d hold none",
		n.Useful, number.Of(n.Members, "consumer"), n.Unit(), d.Why.Idle)}, memberWords(d)...)
}

func thresholdWords(d *Decision, n *need.Need) []string {
	parts := []string{fmt.Sprintf("%s (limit %s), worst partition %s (%s), average %s (%s)",
		n.Waiting(), number.Whole(need.HighTotal), number.Whole(n.MaxLag), number.Whole(need.HighWorst),
		number.Quantity(float64(n.Lag)/float64(max(1, n.Partitions))), number.Whole(need.HighMean))}
	switch planned := n.ForArrivals(); {
	case d.Wanted <= d.Current:
		return append(parts, "no scale down above a limit")
	case planned == 0:
		return append(parts, "one replica more")
	default:
		return append(parts, fmt.Sprintf("%s, %s at %s each", n.Arriving(), number.Of(planned, "consumer"), number.PerSecond(n.PerConsumer)),
			"at least one replica more")
	}
}

func boundWords(_ *Decision, n *need.Need) []string {
	worst := slices.MaxFunc(n.Bound, func(a, b need.Partition) int { return int(a.Rate - b.Rate) })
	enough := plan.RoundPartitions(int64(plan.Consumers(worst.Rate*float64(n.Partitions), n.PerConsumer)))
	parts := []string{n.Overload(worst)}
	if more := len(n.Bound) - 1; more > 0 {
		parts = append(parts, number.Of(more, "more partition")+" like it")
	}
	return append(parts, "more replicas cannot help", fmt.Sprintf("choose another key, or at least %s partitions (now %s)", number.Whole(enough), number.Whole(n.Partitions)))
}

func partitionStalledWords(_ *Decision, n *need.Need) []string {
	worst := slices.MaxFunc(n.Stalled, func(a, b need.Partition) int { return int(a.Lag - b.Lag) })
	parts := []string{fmt.Sprintf("the committed offset of %s does not move, lag %s; a member has it", worst, number.Of(worst.Lag, "record"))}
	if more := len(n.Stalled) - 1; more > 0 {
		parts = append(parts, number.Of(more, "more partition")+" like it")
	}
	return append(parts, "not counted, more replicas cannot help")
}

func steadyWords(d *Decision, n *need.Need) []string {
	switch {
	case d.Decider < 0:
		return []string{"no source"}
	case d.Current == 0:
		return restingWords(d, n)
	case d.Policy.Kind == Thresholds && !n.LagKnown:
		return []string{n.Waiting(), n.Arriving()}
	case d.Policy.Kind == Thresholds:
		return []string{fmt.Sprintf("%s, worst partition %s, below the limits %s and %s",
			n.Waiting(), number.Whole(n.MaxLag), number.Whole(need.HighTotal), number.Whole(need.HighWorst))}
	case !n.RateKnown || !n.Capacity.Known():
		return []string{n.Arriving(), lagWords(d, n)}
	}
	parts := append(keptWords(d, n), lagWords(d, n))
	return append(append(parts, isolatedWords(n)...), memberWords(d)...)
}

// keptWords say what keeps the number of replicas: what is needed now, or the peaks. Peaks only prevent a scale down, so they
// may need more than runs.
func keptWords(d *Decision, n *need.Need) []string {
	now, peaks := n.Now(true), n.ForPeaks()
	switch {
	case n.Down <= n.Up:
		return neededWords(n, d.Consumers(d.Current), neededNow(now), now)
	case peaks.Consumers <= d.Consumers(d.Current):
		return neededWords(n, d.Consumers(d.Current), n.Arriving()+", "+neededForPeaks(peaks), peaks)
	}
	parts := neededWords(n, d.Consumers(d.Current), neededNow(now), now)
	return append(parts[:2], "no scale down while peaks need "+number.PerSecond(peaks.PerSecond), peaks.Rate, peaks.Count)
}

// restingWords say why nothing starts at zero replicas.
func restingWords(d *Decision, n *need.Need) []string {
	w := &d.Why.Waiting
	switch {
	case w.Arrived > 0: // not enough
		return append(arrivedWords(w), fmt.Sprintf("starts above %s (activationLag)", number.Whole(d.Policy.ActivationLag)))
	case w.Again > 0:
		return append([]string{n.Arriving()}, arrivedWords(w)...)
	case n.NoGroup:
		return []string{n.Arriving(), n.Absent(), waitingWords}
	case !n.RateKnown:
		return []string{n.Arriving()}
	case !n.LagKnown:
		return []string{n.Arriving() + ", lag unknown"}
	case n.Lag == 0 && n.Rate == 0:
		return []string{"no lag and no arrivals"}
	}
	return []string{fmt.Sprintf("%s, starts above %s (activationLag)", n.Waiting(), number.Whole(d.Policy.ActivationLag))}
}

func stabilizingWords(d *Decision, n *need.Need) []string {
	if !n.RateKnown {
		return []string{"arrivals unknown until more polls are read" + until(d, ", not before")}
	}
	if !n.Capacity.Known() || d.Policy.Kind == Thresholds {
		return []string{enoughWords(d, n) + until(d, ", scale down not before")}
	}
	from := n.ForPeaks()
	if n.Up > n.Down {
		from = n.Now(true)
	}
	return []string{enoughWords(d, n) + until(d, ", scale down not before"), from.Rate, from.Count}
}

// partitionLimitWords say how many partitions would not limit the verdict.
func partitionLimitWords(d *Decision, s Step, n *need.Need) string {
	consumers := d.Consumers(s.From)
	return fmt.Sprintf("only %s can have a %s, %s need %s %s", number.Of(d.Bounds.Consumers, "consumer"), n.Unit(),
		number.Of(consumers, "consumer"), number.Whole(plan.RoundPartitions(int64(consumers))), n.Units())
}

// shareGroupLimitWords say whose limit it is.
func shareGroupLimitWords(d *Decision, s Step, n *need.Need) string {
	from := "the default of the brokers' group.share.max.size: set maxReplicas, or maxShareMembers of the source, if yours is greater"
	switch {
	case n.DeclaredMaxShareMembers:
		from = "maxShareMembers"
	case n.ReadMaxShareMembers:
		from = "group.share.max.size of its coordinator"
	}
	return fmt.Sprintf("%s needed, a share group may have %d (%s)", number.Of(d.Consumers(s.From), "member"), n.MaxShareMembers, from)
}

func minReplicasWords(d *Decision, s Step, _ *need.Need) string {
	if d.Bounds.Replicas == 0 || s.To <= d.Bounds.Replicas {
		return ""
	}
	return fmt.Sprintf("minReplicas %d is above the %d that can have a partition: %d idle", s.To, d.Bounds.Replicas, s.To-d.Bounds.Replicas)
}

// neededWords say a need, what so many consumers can process, and how the need follows.
func neededWords(n *need.Need, consumers int32, needed string, from need.Derivation) []string {
	can := number.PerSecond(float64(consumers) * n.PerConsumer)
	return []string{fmt.Sprintf("%s, %s can process %s", needed, number.Of(consumers, "consumer"), can), from.Rate, from.Count}
}

func neededNow(from need.Derivation) string { return number.PerSecond(from.PerSecond) + " needed" }

func neededForPeaks(from need.Derivation) string {
	return number.PerSecond(from.PerSecond) + " needed for peaks"
}

// lagWords say for how long the oldest record has waited, and that the consumers suffice though it is too long.
func lagWords(d *Decision, n *need.Need) string {
	if n.Unread > 0 {
		return fmt.Sprintf("time lag %s, %s in partitions that consumers of removed replicas may hold until their sessions end",
			n.Late(n.LagSeconds), number.Of(n.Unread, "record"))
	}
	if n.LagSeconds > d.Policy.TargetLag.Seconds() {
		return fmt.Sprintf("time lag %s is above the target %s, these consumers can process the backlog",
			n.Late(n.LagSeconds), number.Duration(d.Policy.TargetLag))
	}
	return "time lag " + n.Late(n.LagSeconds)
}

// isolatedWords name the partitions whose backlog fills a consumer.
func isolatedWords(n *need.Need) []string {
	switch more := len(n.Isolated) - 1; {
	case more < 0:
		return nil
	case more == 0:
		return []string{n.Isolated[0].Drains()}
	default:
		return []string{n.Isolated[0].Drains(), number.Of(more, "more partition") + " like it"}
	}
}
