package metrics

import (
	"slices"
	"strconv"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

var (
	clusterLabels   = []string{"kafka_cluster"}
	groupLabels     = []string{"kafka_cluster", "group"}
	topicLabels     = []string{"kafka_cluster", "group", "topic"}
	partitionLabels = []string{"kafka_cluster", "group", "topic", "partition"}
)

func labelsOf(base []string, own ...string) []string { return append(slices.Clip(base), own...) }

// lowerBound is part of the HELP of every count that depends on polling.
const lowerBound = "A lower bound, because states are read every {sample} and members every {interval}, unless the cluster has intervals of its own."

func gauge(a Area, name, help string, f func(*groupView, *out), own ...string) row[*groupView] {
	return row[*groupView]{Metric: Metric{Name: name, Type: Gauge, Area: a, Stability: Stable, Labels: labelsOf(groupLabels, own...), Help: help}, emit: f}
}

func keptWhenStale(a Area, name, help string, f func(*groupView, *out), own ...string) row[*groupView] {
	r := gauge(a, name, help, f, own...)
	r.keptWhenStale = true
	return r
}

func counter(a Area, name, help string, f func(*groupView, *out), own ...string) row[*groupView] {
	return row[*groupView]{Metric: Metric{Name: name, Type: Counter, Area: a, Stability: Stable, Labels: labelsOf(groupLabels, own...), Help: help}, emit: f}
}

func optional[V view](r row[V]) row[V] {
	r.Optional = true
	return r
}

func experimental(r row[*groupView]) row[*groupView] {
	r.Stability = Experimental
	return r
}

// groupTable has at most 40 series for each group. Not counted are slo_lag_seconds, which exists only when configured, rests, slow
// commits, commits above the end, the expiry of commits and the names of the worst and of stalled partitions, which exist only while there are some, the outcomes
// and causes of rebalances that happened, and advice.
var groupTable = slices.Concat(lagRows, thresholdRows, rateRows, stateRows, memberRows, rebalanceRows)

var lagRows = []row[*groupView]{
	gauge(AreaLag, "lagscaler_group_lag_records", "Records between the committed and the end offsets, summed over the partitions whose lag is known.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Total), g.sum.Known > 0) }),
	gauge(AreaLag, "lagscaler_group_max_lag_records", "Lag of the worst partition, in records.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Max), g.sum.Known > 0) }),
	gauge(AreaLag, "lagscaler_group_worst_partition_lag_records", "Lag of the partition with the greatest lag, by its name, in records. Only while its lag exceeds slo_lag_records, or the status is warning, stalled or stopped.",
		func(g *groupView, o *out) {
			if !g.late() {
				return
			}
			if topic, partition, n, ok := g.worstPartition(); ok {
				o.add(float64(n), topic, partition)
			}
		}, "topic", "partition"),
	gauge(AreaLag, "lagscaler_group_avg_lag_records", "Lag divided by the number of partitions whose lag is known, in records.",
		func(g *groupView, o *out) { o.know(g.sum.Avg, g.sum.Known > 0) }),
	gauge(AreaLag, "lagscaler_group_max_lag_seconds", "Time lag of the worst partition: the age of the record that the group reads next, interpolated from earlier end offsets. A lower bound if the record is older than the history.",
		func(g *groupView, o *out) {
			seconds, _, ok := g.rates.TimeLag.Value()
			o.know(seconds, ok)
		}),
	gauge(AreaLag, "lagscaler_group_partitions", "Partitions that the group has committed to or that are assigned to it, without those of orphaned topics.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Partitions), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_partitions_over_threshold", "Partitions whose lag exceeds the group's slo_lag_records.",
		func(g *groupView, o *out) { o.know(float64(g.over), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_partitions_uncommitted", "Partitions without a committed offset. Their lag is unknown and not in any sum.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Uncommitted), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_partitions_unassigned", "Partitions that are not assigned to a member.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Unassigned), g.lag.MembersKnown()) }),
	gauge(AreaLag, "lagscaler_group_partitions_below_log_start", "Partitions whose committed offset is below the log start: retention deleted records before the group read them.",
		func(g *groupView, o *out) { o.know(float64(g.sum.BelowLogStart), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_partitions_above_end", "Partitions whose committed offset is above the end of the log: the topic was truncated or recreated. Their lag counts as 0. Absent while there is none.",
		func(g *groupView, o *out) { o.know(float64(g.sum.AboveEnd), g.sum.AboveEnd > 0) }),
	gauge(AreaLag, "lagscaler_group_partitions_stalled", "Partitions that are assigned to a member, and in which records wait, but whose committed offset has not moved for longer than the allowed time of the group (lagscaler_group_stalled_after_seconds), and for at least two minutes.",
		func(g *groupView, o *out) { o.know(float64(g.rates.Stalled), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_offsets_expire_timestamp_seconds", "Unix time at which the brokers delete the committed offsets of a group without members: offsets.retention.minutes after it became empty. Bound exact: lagscaler saw when it became empty. Bound latest: at this time or earlier. Bound early: at this time or later. For a standalone group it is counted from the commits that lagscaler saw, while records wait after them. Absent while the group has members or no commits, and if nothing is known.",
		func(g *groupView, o *out) {
			if e := g.rates.Expiry; e.Bound != "" {
				o.add(float64(e.At.UnixMilli())/1000, string(e.Bound))
			}
		}, "bound"),
	gauge(AreaLag, "lagscaler_group_stalled_partition_offset", "Committed offset of a stalled partition: the offset of the record that is read next. Of the three partitions of a group that stand for longest; absent if there are none. The owner is the client id and the host of the member.",
		func(g *groupView, o *out) {
			g.eachStuck(func(s *lag.Stuck, topic, partition string) {
				o.add(float64(s.Committed), topic, partition, s.OwnerName())
			})
		}, "topic", "partition", "owner"),
	gauge(AreaLag, "lagscaler_group_stalled_partition_since_timestamp_seconds", "Unix time since which the committed offset of a stalled partition has not moved. Of the same partitions.",
		func(g *groupView, o *out) {
			g.eachStuck(func(s *lag.Stuck, topic, partition string) {
				o.add(float64(s.Since.UnixMilli())/1000, topic, partition)
			})
		}, "topic", "partition"),
	gauge(AreaLag, "lagscaler_group_partitions_standing", "Partitions that have unread records and whose committed offset has not moved for two minutes, while it is not known how often the group commits. After 15 minutes they are stalled. Absent if there are none.",
		func(g *groupView, o *out) { o.know(float64(g.rates.Rest.Slow), g.rates.Rest.Slow > 0) }),
	gauge(AreaLag, "lagscaler_group_partitions_resting", "Partitions whose committed offset and end do not move, and for which it is not known whether the offsets between them are unread records or offsets of transactions. Absent if there are none.",
		func(g *groupView, o *out) { o.know(float64(g.rates.Rest.Resting), g.rates.Rest.Resting > 0) }),
	gauge(AreaLag, "lagscaler_group_rest_records", "Offsets between commits that do not move and the end of the log; they are part of the lag. Kind read: they are no records. Kind unknown: they may be unread records. Absent if there are none.",
		func(g *groupView, o *out) {
			if n := g.rates.Rest.Read; n > 0 {
				o.add(float64(n), "read")
			}
			if n := g.rates.Rest.Unknown; n > 0 {
				o.add(float64(n), "unknown")
			}
		}, "kind"),
	gauge(AreaLag, "lagscaler_group_partitions_unknown", "Partitions that the last poll could not read. They are not in the sums.",
		func(g *groupView, o *out) { o.know(float64(g.sum.Unknown), g.sum.Counted()) }),
	gauge(AreaLag, "lagscaler_group_missed_topics", "Topics that no member subscribes to any more, though the group read them within the last day and records still arrive. Their consumers may be down. Absent while there is none.",
		func(g *groupView, o *out) { o.know(float64(g.rates.Missed), g.rates.Missed > 0) }),
	counter(AreaLag, "lagscaler_group_lost_records_total", "Records that retention deleted before the group read them.",
		func(g *groupView, o *out) { o.add(float64(g.rates.LostTotal)) }),
}

// judged reports whether the records of the group are compared with its objective.
func (g *groupView) judged() bool { return g.slo.JudgedWithin() > 0 && g.lag.Type != lag.Share }

func tier(s lag.SLO) string {
	if s.Declared {
		return "declared"
	}
	return "default"
}

func threshold(name, help string, value func(lag.SLO) float64) row[*groupView] {
	return keptWhenStale(AreaThresholds, name, help+" Tier declared: the configuration or a KafkaScaler names the group.", func(g *groupView, o *out) {
		if v := value(g.slo); v > 0 {
			o.add(v, tier(g.slo))
		}
	}, "tier")
}

var thresholdRows = []row[*groupView]{
	threshold("lagscaler_group_slo_lag_records", "Highest allowed lag of a partition, in records.",
		func(s lag.SLO) float64 { return float64(s.Lag) }),
	threshold("lagscaler_group_slo_lag_seconds", "Highest allowed time lag of a partition; absent unless configured.",
		func(s lag.SLO) float64 { return s.LagTime.Seconds() }),
	threshold("lagscaler_group_slo_rebalances_per_hour", "Allowed number of unplanned rebalances per hour.",
		func(s lag.SLO) float64 { return s.RebalancesPerHour }),
	threshold("lagscaler_group_slo_rebalance_seconds", "Longest allowed duration of a rebalance.",
		func(s lag.SLO) float64 { return s.RebalanceTime.Seconds() }),
	threshold("lagscaler_group_slo_churn_ratio", "Allowed fraction of the members that join or leave per minute.",
		func(s lag.SLO) float64 { return s.Churn }),
	threshold("lagscaler_group_slo_skew_ratio", "Highest allowed skew of the assignment.",
		func(s lag.SLO) float64 { return s.Skew }),
}

var rateRows = []row[*groupView]{
	counter(AreaRates, "lagscaler_group_consumed_records_total", "Forward movement of the committed offsets. A rewind or a recreated topic adds nothing.",
		func(g *groupView, o *out) { o.add(float64(g.rates.ConsumedTotal)) }),
	counter(AreaRates, "lagscaler_group_produced_records_total", "Forward movement of the end offsets of the group's partitions.",
		func(g *groupView, o *out) { o.add(float64(g.rates.ProducedTotal)) }),
	counter(AreaRates, "lagscaler_group_slo_records_total", "Records that the group committed and of which it is known whether slo_lag_seconds was kept, or without it the targetLag of a KafkaScaler with an objective. Absent without both, and for share groups.",
		func(g *groupView, o *out) { o.know(float64(g.rates.JudgedTotal), g.judged()) }),
	counter(AreaRates, "lagscaler_group_slo_late_records_total", "Records of slo_records_total that were older than that time when the group processed them, as far as its commits show.",
		func(g *groupView, o *out) { o.know(float64(g.rates.LateTotal), g.judged()) }),
	counter(AreaRates, "lagscaler_group_rewinds_total", "Times that a committed offset moved back, or that a topic was recreated.",
		func(g *groupView, o *out) { o.add(float64(g.rates.RewindsTotal)) }),
	gauge(AreaRates, "lagscaler_group_lag_trend_records_per_second", "Growth of the lag in records per second, over two minutes. Below 0 the lag shrinks.",
		func(g *groupView, o *out) { o.know(g.rates.Trend.Value()) }),
	gauge(AreaRates, "lagscaler_group_lag_trend", "1 for the current direction of the lag: growing, shrinking or steady. Absent while it is unknown.",
		func(g *groupView, o *out) {
			if d := g.rates.Direction; d != "" && d != lag.DirectionUnknown {
				o.add(1, string(d))
			}
		}, "direction"),
	gauge(AreaRates, "lagscaler_group_drain_seconds", "Seconds until the lag is 0 at the current rates. Absent unless the lag shrinks.",
		func(g *groupView, o *out) { o.know(g.rates.Drain.Value()) }),
	gauge(AreaRates, "lagscaler_group_commit_interval_seconds", "Interval between two commits of the group, as learned or configured. Absent if it is too short to be measured by polls.",
		func(g *groupView, o *out) { o.know(g.rates.Rest.Interval.Seconds(), g.rates.Rest.Interval > 0) }),
	gauge(AreaRates, "lagscaler_group_may_be_read_seconds", "A time lag below this may be only the time since the last commit, because it is not known how often the group commits: no alert counts it as late. Absent once that is known.",
		func(g *groupView, o *out) { o.know(g.rates.Rest.MayBeRead.Seconds(), g.rates.Rest.MayBeRead > 0) }),
	gauge(AreaRates, "lagscaler_group_stalled_after_seconds", "The time without a commit after which a partition of the slowest topic of the group counts as stalled. Rhythm known: learned or configured. Absent while it is two minutes, the shortest time.",
		func(g *groupView, o *out) {
			rhythm := "known"
			if g.rates.Rest.RhythmUnknown {
				rhythm = "unknown"
			}
			if g.rates.Rest.StallAfter > lag.StallAfter {
				o.add(g.rates.Rest.StallAfter.Seconds(), rhythm)
			}
		}, "rhythm"),
	gauge(AreaRates, "lagscaler_group_last_progress_timestamp_seconds", "Unix time at which lagscaler last saw a committed offset move forward.",
		func(g *groupView, o *out) {
			if at := g.rates.LastProgress; !at.IsZero() {
				o.add(float64(at.UnixMilli()) / 1000)
			}
		}),
}

var stateRows = []row[*groupView]{
	experimental(gauge(AreaGroup, "lagscaler_group_advice", "1 while a change to the group would help. The JSON API and the web UI show the reason, what to do and the disadvantage.",
		func(g *groupView, o *out) {
			for _, a := range g.stats.Advice {
				o.add(1, string(a.Name))
			}
		}, "advice")),
	gauge(AreaGroup, "lagscaler_group_info", "1, with labels that the coordinator reports for the group.",
		func(g *groupView, o *out) {
			o.add(1, word(string(g.lag.Type)), word(string(g.stats.Protocol)), word(g.lag.Assignor), coordinator(g.lag.Coordinator))
		}, "type", "protocol", "assignor", "coordinator"),
	optional(keptWhenStale(AreaGroup, "lagscaler_group_owner_info", "1, with a label for each entry of `owners` in the configuration that is known of the group, such as team. The alerts join it. Absent if none is known.",
		func(g *groupView, o *out) { o.addLabels(1, g.owner) })),
	gauge(AreaGroup, "lagscaler_group_state", "1 for the state that the coordinator reports.",
		func(g *groupView, o *out) { o.add(1, stateLabel(g.lag.State)) }, "state"),
	keptWhenStale(AreaGroup, "lagscaler_group_status", "1 for the current status: ok, warning, stalled, stopped, rewound, rebalancing, rest or unknown.",
		func(g *groupView, o *out) { o.add(1, word(string(g.rates.Status))) }, "status"),
}

// word is a label value that is never empty: an empty label is no label to Prometheus.
func word(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// coordinator is a broker's id as a label value.
func coordinator(id int32) string {
	if id < 0 {
		return word("")
	}
	return strconv.Itoa(int(id))
}

// stateLabel is a state as a label value.
func stateLabel(s lag.State) string {
	switch s {
	case lag.PreparingRebalance:
		return "preparing_rebalance"
	case lag.CompletingRebalance:
		return "completing_rebalance"
	case lag.NotReady:
		return "not_ready"
	case lag.Empty:
		return "empty"
	case lag.Stable:
		return "stable"
	case lag.Dead:
		return "dead"
	case lag.Assigning:
		return "assigning"
	case lag.Reconciling:
		return "reconciling"
	default:
		return "unknown"
	}
}

var memberRows = []row[*groupView]{
	gauge(AreaMembers, "lagscaler_group_members", "Members of the group.",
		func(g *groupView, o *out) { o.know(float64(len(g.lag.Members)), g.lag.MembersKnown()) }),
	gauge(AreaMembers, "lagscaler_group_members_idle", "Members without a partition.",
		func(g *groupView, o *out) { o.know(float64(g.stats.Idle), g.lag.MembersKnown()) }),
	counter(AreaMembers, "lagscaler_group_member_joins_total", "Members that joined. "+lowerBound,
		func(g *groupView, o *out) { o.add(float64(g.stats.Joins)) }),
	counter(AreaMembers, "lagscaler_group_member_leaves_total", "Members that left. "+lowerBound,
		func(g *groupView, o *out) { o.add(float64(g.stats.Leaves)) }),
	gauge(AreaMembers, "lagscaler_group_member_stability_ratio", "Fraction of the members of one hour ago that are still in the group. Absent without members.",
		func(g *groupView, o *out) { o.know(g.stats.Stability, len(g.lag.Members) > 0) }),
	gauge(AreaMembers, "lagscaler_group_assignment_skew_ratio", "Skew of the assignment: 0 means as even as possible, 1 means that one member has all partitions. Absent with fewer than two members.",
		func(g *groupView, o *out) { o.know(g.stats.Skew, len(g.lag.Members) > 1) }),
}

var rebalanceRows = []row[*groupView]{
	counter(AreaRebalances, "lagscaler_group_rebalances_total", "Rebalances by outcome: success, failed, empty or unknown. "+lowerBound,
		func(g *groupView, o *out) {
			for i, outcome := range rebalancemon.Outcomes {
				if n := g.stats.ByOutcome[i]; n > 0 || outcome == rebalancemon.Success {
					o.add(float64(n), string(outcome))
				}
			}
		}, "outcome"),
	counter(AreaRebalances, "lagscaler_group_rebalances_unplanned_total", "Rebalances that no replica change and no rollout of the target explains. "+lowerBound,
		func(g *groupView, o *out) { o.add(float64(g.stats.Unplanned)) }),
	counter(AreaRebalances, "lagscaler_group_rebalances_by_cause_total", "Rebalances by cause. A cause that cannot be determined is unknown. The series of a cause appears with its first rebalance. "+lowerBound,
		func(g *groupView, o *out) {
			for i, cause := range rebalancemon.Causes {
				if n := g.stats.ByCause[i]; n > 0 {
					o.add(float64(n), string(cause))
				}
			}
		}, "cause"),
	counter(AreaRebalances, "lagscaler_group_rebalances_slow_total", "Rebalances longer than the group's slo_rebalance_seconds. "+lowerBound,
		func(g *groupView, o *out) { o.add(float64(g.stats.Slow)) }),
	counter(AreaRebalances, "lagscaler_group_rebalance_seconds_total", "Time spent in rebalances; it also grows during a rebalance. "+lowerBound,
		func(g *groupView, o *out) { o.add(g.stats.TimeSpent.Seconds()) }),
	gauge(AreaRebalances, "lagscaler_group_rebalance_last_seconds", "Duration of the last rebalance.",
		func(g *groupView, o *out) { o.know(g.stats.Last.Seconds(), g.stats.LastKnown) }),
	gauge(AreaRebalances, "lagscaler_group_rebalance_age_seconds", "Age of the running rebalance; 0 if no rebalance is running.",
		func(g *groupView, o *out) {
			if g.stats.Rebalancing {
				o.add(g.at.Sub(g.stats.Since).Seconds())
			} else {
				o.add(0)
			}
		}),
	gauge(AreaRebalances, "lagscaler_group_epoch", "Generation of a classic group, group epoch of the others. Absent if the members do not send it.",
		func(g *groupView, o *out) {
			epoch := g.lag.Epoch
			if g.lag.Type == lag.Classic || g.lag.Type == "" {
				epoch = g.lag.Generation
			}
			o.know(float64(epoch), epoch >= 0)
		}),
}
