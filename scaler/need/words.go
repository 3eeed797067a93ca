package need

import (
	"fmt"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// Derivation is a rate that must be processed, the consumers for it, and in words how both follow. Every result in the
// words can be recomputed from the numbers before it, up to their rounding.
type Derivation struct {
	PerSecond float64 // records that must be processed
	Consumers int32   // that can do it
	Rate      string  // how the rate follows
	Count     string  // how the consumers follow from the rate
}

// Now derives what is needed now, with or without the backlog:
//
//	1 690/s expected (trend, now 1 540/s) / 92 % utilization + backlog 9 400 records in 120 s (78/s) = 1 915/s
//	20 consumers at 100/s each, but with 20 to 23 consumers, one has 3 of 48 partitions (120/s), so 24
func (n *Need) Now(backlog bool) Derivation {
	rate := fmt.Sprintf("%s / %s utilization%s", n.expected(), number.Percent(n.Utilization), excess(n.Excluded))
	if n.roomed() {
		rate = n.roomWords() + excess(n.Excluded)
	}
	if !backlog {
		return Derivation{n.Base, n.ByRate, rate + " = " + number.PerSecond(n.Base), n.count(n.Base, n.RatePlan, n.ByRate)}
	}
	if n.DrainRate > 0 {
		rate += fmt.Sprintf(" + backlog %s in %s (%s)",
			number.Of(int64(n.Backlog), "record"), number.Seconds(n.DrainSeconds), number.PerSecond(n.DrainRate))
	}
	return Derivation{n.Required, n.Up, rate + " = " + number.PerSecond(n.Required), n.count(n.Required, n.Plan, n.Up)}
}

// ForPeaks derives what a smaller number of consumers must still be able to process: the peak of the stabilization window,
// or the reserve for the peak of the last hour.
func (n *Need) ForPeaks() Derivation {
	rate := fmt.Sprintf("peak %s (last %s) / %s utilization",
		number.PerSecond(n.Peak), number.Seconds(n.WindowSeconds), number.Percent(n.DownUtilization))
	switch {
	case n.room() > 0 && n.room() >= max(n.Peak/n.DownUtilization, n.Peak+n.UnreadRate, n.Reserve):
		rate = n.roomWords()
	case n.reserved():
		rate = fmt.Sprintf("reserve of %s of the last hour's peak %s", number.Percent(n.ReserveShare), number.PerSecond(n.ReservePeak))
	case n.drainsUnread():
		rate = fmt.Sprintf("peak %s (last %s) + %s for what removed consumers leave unread for %s",
			number.PerSecond(n.Peak), number.Seconds(n.WindowSeconds), number.PerSecond(n.UnreadRate), number.Seconds(n.UnreadSeconds))
	}
	rate += fmt.Sprintf("%s = %s", excess(n.DownExcluded), number.PerSecond(n.PeakRequired))
	return Derivation{n.PeakRequired, n.Down, rate, n.count(n.PeakRequired, n.DownPlan, n.Down)}
}

// Arriving is the arrival rate, or that it is unknown.
func (n *Need) Arriving() string {
	if !n.RateKnown {
		return "arrivals unknown"
	}
	return n.AtLeast() + number.PerSecond(n.Rate) + " arrive"
}

// AtLeast stands before a rate that leaves partitions out: they did not answer.
func (n *Need) AtLeast() string {
	if n.Unanswered > 0 {
		return ">= "
	}
	return ""
}

func (n *Need) expected() string {
	from := string(n.ForecastBy)
	switch n.ForecastBy {
	case FromRate:
		return n.Arriving()
	case FromHour, FromDay, FromWeek:
		from = "as " + from + " ago"
	case FromPeriod:
		from = "as " + number.Seconds(n.Period) + " ago"
	}
	return fmt.Sprintf("%s expected (%s, now %s)", number.PerSecond(n.Forecast), from, number.PerSecond(n.Rate))
}

// excess is what hot partitions get beyond a fair share: no second consumer could take it.
func excess(rate float64) string {
	if rate <= 0.5 {
		return ""
	}
	return fmt.Sprintf(" - %s excess of hot partitions", number.PerSecond(rate))
}

// count says how many consumers a rate needs, and why it takes more than the rate alone asks for.
func (n *Need) count(rate float64, planned, to int32) string {
	s := fmt.Sprintf("%s at %s each", number.Of(planned, "consumer"), number.PerSecond(n.PerConsumer))
	if n.Capacity == learn.Tried {
		s += " (tried)"
	}
	if why := n.whole(rate, planned, to); why != "" {
		s += fmt.Sprintf(", but %s, so %d", why, to)
	}
	return s
}

// whole says why the planned number of consumers is not enough: partitions are whole.
func (n *Need) whole(rate float64, planned, to int32) string {
	planned = max(1, planned)
	if planned >= to || n.Useful == 0 {
		return ""
	}
	if n.AllBound {
		return "many " + n.Units() + " need a consumer of their own"
	}
	until := "then"
	if to-planned > 1 {
		until = fmt.Sprintf("with %d to %d consumers,", planned, to-1)
	}
	each := plan.PerConsumer(int(n.Useful), to-1)
	if each == plan.PerConsumer(int(n.Useful), to) { // topics differ in size
		return fmt.Sprintf("%s one has too many %s", until, n.Units())
	}
	atLeast := ""
	if plan.PerConsumer(int(n.Useful), planned) > each {
		atLeast = "at least "
	}
	load := "their rates are uneven"
	if even := rate * float64(each) / float64(n.Useful); even > n.PerConsumer {
		load = number.PerSecond(even)
	}
	return fmt.Sprintf("%s one has %s%d of %d %s (%s)", until, atLeast, each, n.Useful, n.Units(), load)
}

// Units is the plural of [Need.Unit].
func (n *Need) Units() string {
	if n.Tasks > 0 {
		return "tasks"
	}
	return "partitions"
}

// Unit is what an assignor gives to one consumer and never divides: a partition, or a task of Kafka Streams.
func (n *Need) Unit() string { return strings.TrimSuffix(n.Units(), "s") }

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

// Waiting is the lag, or that it is unknown: "lag 9 400 records", "lag >= 9 400 records".
func (n *Need) Waiting() string { return "lag " + n.Records() }

// Records is the lag without its name.
func (n *Need) Records() string {
	switch {
	case !n.LagKnown:
		return "unknown"
	case n.LagAtLeast:
		return ">= " + number.Of(n.Lag, "record")
	}
	return number.Of(n.Lag, "record")
}

// Late is a time lag of the decision: "12 s", ">= 10 min", "<= 40 s", "about 20 min" when it is lag / arrival rate, "unknown".
func (n *Need) Late(seconds float64) string {
	switch n.LagSecondsFrom {
	case LateAtLeast:
		return ">= " + number.Seconds(seconds)
	case LateAtMost:
		return "<= " + number.Seconds(n.LagSecondsAtMost)
	case LateEstimated:
		return "about " + number.Seconds(seconds)
	case LateMeasured:
		return number.Seconds(seconds)
	}
	return "unknown"
}

// Absent lists the group and the topics of the specification that do not exist in the cluster; empty: all exist.
//
//	group "shop" and topic "orders" of cluster "main" do not exist
func (n *Need) Absent() string {
	var names []string
	if n.StandsBy { // a group is made there when the first consumer joins, and a topic when the mirror sees it
		return ""
	}
	if n.NoGroup {
		names = append(names, fmt.Sprintf("group %q", n.Group))
	}
	for _, topic := range n.MissingTopics {
		names = append(names, fmt.Sprintf("topic %q", topic))
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s of cluster %q does not exist", names[0], n.Cluster)
	}
	return fmt.Sprintf("%s of cluster %q do not exist", strings.Join(names, " and "), n.Cluster)
}

// Missing names the partitions and brokers that were not read.
func (n *Need) Missing() string {
	switch {
	case n.Partitions == 0:
		return "no partition was read yet"
	case n.Unanswered > 0:
		return fmt.Sprintf("%d of %s did not answer%s", n.Unanswered, number.Of(n.Partitions, "partition"), brokers(n.Silent))
	}
	return "last read " + number.Seconds(n.AgeSeconds) + " ago" + brokers(n.Silent)
}

// Outage says for how long no reading was complete. seconds is the time since the first poll that was not; a last reading
// that was complete is older than that, and its age says it all.
func (n *Need) Outage(seconds float64) []string {
	if n.Partitions > 0 && n.Unanswered == 0 && n.AgeSeconds >= seconds {
		return []string{"no complete reading for " + number.Seconds(n.AgeSeconds) + brokers(n.Silent)}
	}
	return []string{n.Missing(), "no complete reading for " + number.Seconds(seconds)}
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

// Overload says that a partition gets more than one consumer can process. The forecast and the planned utilization count too.
func (n *Need) Overload(p Partition) string {
	s := fmt.Sprintf("%s gets %s, one consumer can process %s", p, number.PerSecond(p.Rate), number.PerSecond(n.PerConsumer))
	if p.Rate <= n.PerConsumer {
		s += ", too little with forecast and utilization"
	}
	return s
}

// Drains says that the backlog of a partition fills a consumer, and when it is processed.
func (p Partition) Drains() string {
	s := "the backlog of " + p.String() + " needs a consumer of its own"
	if p.ETASeconds > 0 {
		s += " for " + number.Seconds(p.ETASeconds)
	}
	return s
}
