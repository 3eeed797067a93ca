package dashboards

import "github.com/grafana-tools/sdk"

var groups = spec{
	uid: "lagscaler-group", title: "lagscaler / Group",
	help:    "One consumer group, or a few: lag, time lag, rates, partitions, members and rebalances.",
	refresh: "10s", from: "now-1h",
	variables: []sdk.TemplateVar{someClusters, someGroups, allTopics},
	sources:   byGroup, marks: true,
	panels: []panel{
		number("Lag", records, "The lag in records, over the partitions whose lag is known.",
			query{ofGroup("lagscaler_group_lag_records"), oneGroup}).sized(3, 4),
		number("Time lag", seconds, "The age of the next record of the worst partition.",
			query{ofGroup("lagscaler_group_max_lag_seconds"), oneGroup}).sized(3, 4).orElse("unknown"),
		number("Of its threshold", share, "The lag of the worst partition as a share of slo.lag, and the time lag as a share of slo.lagTime if it is configured. Above 100 % the group is late.",
			query{ofThreshold, "records"}, query{ofObjective, "time"}).greenThen(from(0.8, "orange"), from(1, "red")),
		number("Drained in", seconds, "Time until the lag is 0 at the current rates.",
			query{ofGroup("lagscaler_group_drain_seconds"), oneGroup}).orElse("not shrinking"),
		number("Members", count, "Current members of the group.",
			query{ofGroup("lagscaler_group_members"), oneGroup}).sized(3, 4).orElse("unknown"),
		number("Last progress", ago, "The last time that a committed offset moved forward.",
			query{"1000 * " + ofGroup("lagscaler_group_last_progress_timestamp_seconds"), oneGroup}).orElse("not seen"),
		number("Not read", count, "Partitions that the last poll could not read. The sums on this dashboard are then lower bounds.",
			query{ofGroup("lagscaler_group_partitions_unknown"), oneGroup}).sized(3, 4).greenThen(from(1, "orange")),
		{
			kind: timeline, title: "Status", width: 24, height: 5, unit: count,
			help:    "ok, warning (later than its threshold, or late and growing), rebalancing, rewound (offsets went back), stalled (held but not moving), stopped (nobody there), unknown (not read), rest (it is not known whether the offsets after the commits are unread records).",
			queries: []query{{current(), oneGroup}}, valueTexts: statuses,
		},
		alertsThatFire(`kafka_cluster!="", `+byCluster+`, group=~"$group|"`, ofTheGroups),
		section("Lag"),
		graph("Lag", records, "The sum, the average, the worst partition, and the threshold if the worst partition is above a quarter of it.",
			append(each(ofGroup, oneGroup+" all: lagscaler_group_lag_records", oneGroup+" worst: lagscaler_group_max_lag_records",
				oneGroup+" average: lagscaler_group_avg_lag_records"),
				near("threshold", "lagscaler_group_slo_lag_records", "lagscaler_group_max_lag_records"))...),
		graph("Time lag", seconds, "The time lag of the worst partition, and the objective if one is configured and the time lag is above a quarter of it.",
			query{ofGroup("lagscaler_group_max_lag_seconds"), oneGroup},
			near("objective", "lagscaler_group_slo_lag_seconds", "lagscaler_group_max_lag_seconds")),
		graph("Produced and consumed", perSecond,
			"Arrival rate of the partitions of the group, and the rate of its commits. With auto-commit, the consumption changes in steps.",
			each(rateOf, oneGroup+" produced: lagscaler_group_produced_records_total", oneGroup+" consumed: lagscaler_group_consumed_records_total")...),
		graph("Trend", perSecond, "Growth of the lag per second, over two minutes. Below 0 the lag shrinks.",
			query{ofGroup("lagscaler_group_lag_trend_records_per_second"), oneGroup}),
		rows("Worst partition", "The partition with the greatest lag, while the group is late.", "Lag",
			clusterColumn(), column{from: "group", title: "Group"}, column{from: "topic", title: "Topic"}, column{from: "partition", title: "Partition"}, column{from: "Value", title: "Lag", unit: records},
		).asking(query{expr: "max by (" + aGroup + ", topic, partition) (lagscaler_group_worst_partition_lag_records{" + byTopic + "})"}).
			sized(12, 5).orElse("the group is not late"),
		rows("Stalled partitions", "The three partitions that stand for longest, with the offset of the record that is read next and the consumer that holds them.", "Since",
			column{from: "group", title: "Group"}, column{from: "topic", title: "Topic"}, column{from: "partition", title: "Partition"}, column{from: "owner", title: "Owner"},
			column{from: "Value #A", title: "Offset"}, column{from: "Value #B", title: "Since", unit: ago},
		).asking(
			query{expr: "max by (" + aGroup + ", topic, partition, owner) (lagscaler_group_stalled_partition_offset{" + byTopic + "})"},
			query{expr: "1000 * max by (" + aGroup + ", topic, partition) (lagscaler_group_stalled_partition_since_timestamp_seconds{" + byTopic + "})"},
		).sized(12, 5).orElse("no partition is stalled").rising(),
		graph("Lag by topic", records, "Only for groups that metrics.topics of the configuration matches.",
			query{"topk(20, max by (" + aGroup + ", topic) (lagscaler_topic_lag_records{" + byTopic + "}))", "{{kafka_cluster}} {{group}} {{topic}}"}).
			asStack().orElse("not exported: see metrics.topics"),
		graph("Lag by partition, the twenty worst", records, "Only for groups that metrics.partitions of the configuration matches.",
			query{"topk(20, max by (" + aGroup + ", topic, partition) (lagscaler_partition_lag_records{" + byTopic + "}))", "{{kafka_cluster}} {{group}} {{topic}}-{{partition}}"}).
			orElse("not exported: see metrics.partitions"),
		rows("Offsets by partition", "Only for groups that metrics.partitions of the configuration matches.", "Lag",
			clusterColumn(), column{from: "group", title: "Group"}, column{from: "topic", title: "Topic"}, column{from: "partition", title: "Partition"},
			column{from: "Value #A", title: "Lag", unit: records}, column{from: "Value #B", title: "Committed"},
			column{from: "Value #C", title: "End"}, column{from: "Value #D", title: "Log start"},
		).asking(byPartition("lagscaler_partition_lag_records"), byPartition("lagscaler_partition_committed_offset"),
			byPartition("lagscaler_partition_end_offset"), byPartition("lagscaler_partition_start_offset")).
			sized(columns, 8).orElse("not exported: see metrics.partitions"),
		graph("Unusual partitions", count,
			"The number of partitions over the threshold, without a commit, without a member, below the log start, above the end, stalled, standing, with a rest, and not read.",
			each(ofGroup, oneGroup+" all: lagscaler_group_partitions", oneGroup+" over the threshold: lagscaler_group_partitions_over_threshold",
				oneGroup+" never committed: lagscaler_group_partitions_uncommitted", oneGroup+" held by nobody: lagscaler_group_partitions_unassigned",
				oneGroup+" below the log start: lagscaler_group_partitions_below_log_start", oneGroup+" above the end: lagscaler_group_partitions_above_end",
				oneGroup+" standing still: lagscaler_group_partitions_stalled",
				oneGroup+" standing, rhythm unknown: lagscaler_group_partitions_standing", oneGroup+" unread or unreadable: lagscaler_group_partitions_resting",
				oneGroup+" not read: lagscaler_group_partitions_unknown", oneGroup+" topics without a reader: lagscaler_group_missed_topics")...),
		graph("Rest", records, "Offsets between commits that do not move and the end of the log. Kind read: no records, such as the markers of transactions. Kind unknown: they may be unread records.",
			query{"max by (" + aGroup + ", kind) (lagscaler_group_rest_records{" + byGroup + "})", oneGroup + " {{kind}}"}).orElse("no rest"),
		graph("Rhythm of commits", seconds, "The interval between two commits, the time after which a partition without a commit counts as stalled (absent: two minutes), and, while the rhythm is unknown, the time lag that may be only the time since the last commit.",
			append(each(ofGroup, oneGroup+" between commits: lagscaler_group_commit_interval_seconds", oneGroup+" may be read: lagscaler_group_may_be_read_seconds"),
				query{"max by (" + aGroup + ", rhythm) (lagscaler_group_stalled_after_seconds{" + byGroup + "})", oneGroup + " stalled after, rhythm {{rhythm}}"})...).
			orElse("it commits too often to measure"),
		graph("Late records", share, "The share of the processed records that were older than slo.lagTime. Only for groups with slo.lagTime; the goal is less than 0.1 %.",
			query{"max by (" + aGroup + ") (" + rate("lagscaler_group_slo_late_records_total{"+byGroup+"}") + ") / (max by (" + aGroup + ") (" + rate("lagscaler_group_slo_records_total{"+byGroup+"}") + ") > 0)", oneGroup}).
			orElse("no objective (slo.lagTime), or no records"),
		graph("Lost records and rewinds", count, "Records that retention deleted before the group read them, and the number of times that an offset moved back. "+barHelp,
			each(events, oneGroup+" lost: lagscaler_group_lost_records_total", oneGroup+" rewinds: lagscaler_group_rewinds_total")...).asBars(),
		section("Members and rebalances"),
		graph("Members", count, "All members, and the members without a partition.",
			each(ofGroup, oneGroup+": lagscaler_group_members", oneGroup+" idle: lagscaler_group_members_idle")...).sized(8, 8),
		graph("Joins and leaves", count, "Members that joined, and below zero members that left. "+barHelp,
			each(events, oneGroup+" joined: lagscaler_group_member_joins_total", oneGroup+" left: lagscaler_group_member_leaves_total")...).sized(8, 8).asBars(),
		graph("Stability and skew", share,
			"Stability: fraction of the members of one hour ago that are still in the group. Skew: 0 means as even as possible, 1 means that one member has all partitions.",
			each(ofGroup, oneGroup+" stability: lagscaler_group_member_stability_ratio", oneGroup+" skew: lagscaler_group_assignment_skew_ratio",
				oneGroup+" tolerated skew: lagscaler_group_slo_skew_ratio")...).sized(8, 8).upTo(1),
		graph("Rebalances by cause", count, "The causes scaling and deploy are planned; the others are not. A cause that cannot be determined is unknown. "+barHelp,
			query{"sum by (cause) (" + countedOfGroup(aGroup+", cause", "lagscaler_group_rebalances_by_cause_total") + ")", "{{cause}}"}).sized(8, 8).asBars(),
		graph("Rebalances by outcome", count,
			"success: members hold partitions again. failed, empty, unknown: they do not, nobody is left, or it was not seen. "+barHelp,
			query{"sum by (outcome) (" + countedOfGroup(aGroup+", outcome", "lagscaler_group_rebalances_total") + ")", "{{outcome}}"}).sized(8, 8).asBars(),
		graph("Duration of rebalances", seconds, "The last rebalance, the running rebalance, and the threshold if one of them is above a quarter of it.",
			append(each(ofGroup, oneGroup+" last: lagscaler_group_rebalance_last_seconds", oneGroup+" running: lagscaler_group_rebalance_age_seconds"),
				near("tolerated", "lagscaler_group_slo_rebalance_seconds", "lagscaler_group_rebalance_last_seconds"))...).sized(8, 8),
		graph("Unplanned rebalances in an hour", count, "Rebalances that no replica change and no rollout explains, and the number that is tolerated: above it LagscalerRebalanceStorm fires. A lower bound.",
			query{"max by (" + aGroup + ") (round(increase(lagscaler_group_rebalances_unplanned_total{" + byGroup + "}[1h])))", oneGroup},
			query{ofGroup("lagscaler_group_slo_rebalances_per_hour"), oneGroup + " tolerated"}),
		graph("Share of members that changes", share, "Members that join or leave per minute, as a share of all members, over ten minutes, and the share that is tolerated: above it LagscalerMemberChurn fires.",
			query{"60 * (max by (" + aGroup + ") (rate(lagscaler_group_member_joins_total{" + byGroup + "}[10m])) + max by (" + aGroup + ") (rate(lagscaler_group_member_leaves_total{" + byGroup + "}[10m]))) / (max by (" + aGroup + ") (avg_over_time(lagscaler_group_members{" + byGroup + "}[10m])) > 0)", oneGroup},
			query{ofGroup("lagscaler_group_slo_churn_ratio"), oneGroup + " tolerated"}).orElse("no members"),
		graph("Time spent rebalancing", share, "Fraction of the time. With an eager assignor a group processes nothing during a rebalance; members of a KIP-848 group continue to work.",
			query{rateOf("lagscaler_group_rebalance_seconds_total"), oneGroup}),
		graph("Generation or epoch", count, "Every step is at least one rebalance.",
			query{ofGroup("lagscaler_group_epoch"), oneGroup}).orElse("the members do not send it"),
		rows("About the group", "Values from the coordinator.", "",
			clusterColumn(), groupColumn(), column{from: "type", title: "Type"}, column{from: "state", title: "State"}, column{from: "protocol", title: "Protocol"},
			column{from: "assignor", title: "Assignor"}, column{from: "coordinator", title: "Coordinator"},
		).asking(
			query{expr: "max by (" + aGroup + ", type, protocol, assignor, coordinator) (lagscaler_group_info{" + byGroup + "})"},
			query{expr: "max by (" + aGroup + ", state) (lagscaler_group_state{" + byGroup + "})"},
		).sized(16, 6).orElse("unknown"),
		rows("Advice", "The web UI of lagscaler shows the numbers behind every advice, and its disadvantage.", "",
			column{from: "group", title: "Group"}, column{from: "advice", title: "Advice"},
		).asking(query{expr: "max by (" + aGroup + ", advice) (lagscaler_group_advice{" + byGroup + "})"}).sized(8, 6).orElse("none"),
		rows("Scalers of the group", "The scalers whose sources name the group, with the mode and the reason in force.", "",
			append(targetColumns(), column{from: "mode", title: "Mode"}, column{from: "reason", title: "Reason"})...,
		).asking(
			query{expr: "max by (" + aTarget + ", mode) (lagscaler_scaler_mode" + ofTheGroups + ")"},
			query{expr: "max by (" + aTarget + ", reason) (lagscaler_scaler_reason" + ofTheGroups + ")"},
		).sized(columns, 5).orElse("no scaler names the group"),
	},
}

const barHelp = "The sum of the bars is the growth of the counter; a gap longer than ten minutes is unknown."

// near is a threshold of a group while the value is above a quarter of it. Otherwise the axis would go up to the threshold, and a small
// value would be a flat line at zero.
func near(legend, threshold, value string) query {
	return query{ofGroup(threshold) + " and on (" + aGroup + ") (" + ofGroup(value) + " > 0.25 * " + ofGroup(threshold) + ")", oneGroup + " " + legend}
}

func byPartition(metric string) query {
	return query{expr: "max by (" + aGroup + ", topic, partition) (" + metric + "{" + byTopic + "})"}
}
