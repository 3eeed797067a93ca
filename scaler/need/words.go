package need

import (
	"fmt"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// Headroom is the derivation of the required rate from the arrivals, with or without the drain:
// 1 540/s (trend -> 1 690/s) / 0.92 = 1 837/s + drain 9 400 in 120 s (78/s) = 1 915/s.
func (n *Need) Headroom(drain bool) string {
	var b strings.Builder
	b.WriteString(number.PerSecond(n.Rate))
	switch n.ForecastBy {
	case FromRate:
	case FromTrend, FromJump, FromBurst:
		fmt.Fprintf(&b, " (%s -> %s)", n.ForecastBy, number.PerSecond(n.Forecast))
	default:
		fmt.Fprintf(&b, " (%s ago -> %s)", n.ForecastBy, number.PerSecond(n.Forecast))
	}
	fmt.Fprintf(&b, " / %s", number.Quantity(n.Utilization))
	if n.Excluded > 0.5 {
		fmt.Fprintf(&b, " - %s that no second consumer can share", number.PerSecond(n.Excluded))
	}
	fmt.Fprintf(&b, " = %s", number.PerSecond(n.Base))
	if drain && n.DrainRate > 0 {
		fmt.Fprintf(&b, " + drain %s in %s (%s) = %s",
			number.Whole(int64(n.Backlog)), number.Seconds(n.DrainSeconds), number.PerSecond(n.DrainRate), number.PerSecond(n.Required))
	}
	return b.String()
}

// DownHeadroom is the derivation of the rate that a smaller fleet must hold: the peak of the stabilization window with
// headroom, or the reserve.
func (n *Need) DownHeadroom() string {
	if n.reserved() {
		return fmt.Sprintf("room for the hour's %s to come back x %s", number.PerSecond(n.RoomPeak), number.Quantity(n.RoomShare))
	}
	return fmt.Sprintf("max %s in %s / %s", number.PerSecond(n.Peak), number.Seconds(n.WindowSeconds), number.Quantity(n.DownUtilization))
}

// Rounding says why a number of consumers is more than the plan's: only numbers that lower the partitions of each consumer
// help. It is empty when the number is the plan's. From 0: nothing runs that it could be compared with.
func (n *Need) Rounding(planned, from, to int32) string {
	switch before, after := plan.PerConsumer(int(n.Useful), from), plan.PerConsumer(int(n.Useful), to); {
	case planned >= to || n.Useful == 0:
		return ""
	case n.AllBound:
		return fmt.Sprintf("%d = every partition its own consumer", to)
	case from > 0 && after < before:
		return fmt.Sprintf("%d = next count lowering %d->%d partitions/consumer (P=%d)", to, before, after, n.Useful)
	default:
		return fmt.Sprintf("%d holds it at %d partitions each (P=%d)", to, after, n.Useful)
	}
}

// NextSmaller is the next smaller number of consumers that have more partitions each; 0: none.
func (n *Need) NextSmaller(consumers int32) int32 {
	if n.Useful == 0 {
		return max(0, consumers-1)
	}
	each := plan.PerConsumer(int(n.Useful), consumers)
	for k := consumers - 1; k > 0; k-- {
		if more := plan.PerConsumer(int(n.Useful), k); more > each {
			return int32(plan.PerConsumer(int(n.Useful), int32(more))) // the smallest that has no more than that
		}
	}
	return 0
}

// Missing names the partitions and brokers that were not read.
func (n *Need) Missing() string {
	switch {
	case n.Partitions == 0:
		return "never read"
	case n.Unanswered > 0:
		s := fmt.Sprintf("%d of %d partitions unanswered", n.Unanswered, n.Partitions)
		return s + brokers(n.Silent)
	}
	return "last read " + number.Seconds(n.AgeSeconds) + " ago" + brokers(n.Silent)
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

// String is the partition as Kafka's tools write it.
func (p Partition) String() string { return fmt.Sprintf("%s-%d", p.Topic, p.Partition) }

// Drains says when the backlog of a partition is gone that fills a consumer.
func (p Partition) Drains() string {
	s := p.String() + " drains alone"
	if p.ETASeconds > 0 {
		s += " in " + number.Seconds(p.ETASeconds)
	}
	return s
}
