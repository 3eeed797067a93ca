package dashboards

// states returns a query whose value is the number of the current state: a state timeline needs numbers.
func states(metric, label string, names ...string) string {
	expr := ""
	for i, name := range names {
		if i > 0 {
			expr += " or "
		}
		expr += string(rune('0'+i)) + " * " + "max by (kafka_cluster, group) (" + metric + "{" + byGroup + ", " + label + `="` + name + `"})`
	}
	return expr
}

var statuses = []string{"ok", "warning", "rebalancing", "rewound", "stalled", "stopped", "unknown", "rest"}

var groups = spec{
	uid: "lagscaler-group", title: "lagscaler / Group",
	help:    "One consumer group, or a few: lag, time lag, rates, partitions, members and rebalances.",
	refresh: "10s", from: "now-1h",
	panels: []panel{
		number("Lag", records, "The lag in records, over the partitions whose lag is known.",
			query{ofGroup("lagscaler_group_lag_records"), oneGroup}),
		number("Time lag", seconds, "The age of the next record of the worst partition.",
			query{ofGroup("lagscaler_group_max_lag_seconds"), oneGroup}),
		number("Drained in", seconds, "Time until the lag is 0 at the current rates. Empty unless the lag shrinks.",
			query{ofGroup("lagscaler_group_drain_seconds"), oneGroup}),
		number("Members", count, "Current members of the group.",
			query{ofGroup("lagscaler_group_members"), oneGroup}),
		number("Last progress", instant, "The last time that a committed offset moved forward.",
			query{"1000 * " + ofGroup("lagscaler_group_last_progress_timestamp_seconds"), oneGroup}),
		number("Partitions not read", count, "Partitions that the last poll could not read. The sums on this dashboard are then lower bounds.",
			query{ofGroup("lagscaler_group_partitions_unknown"), oneGroup}).greenThen(from(1, "orange")),
		{
			kind: timeline, title: "Status", width: 24, height: 5, unit: count,
			help:    "ok, warning (later than its threshold, or late and growing), rebalancing, rewound (offsets went back), stalled (held but not moving), stopped (nobody there), unknown (not read), rest (nobody can tell whether what lies behind the commits is unread).",
			queries: []query{{states("lagscaler_group_status", "status", statuses...), oneGroup}},
			valueTexts: []valueText{
				{"0", "ok", "green"},
				{"1", "warning", "orange"},
				{"2", "rebalancing", "blue"},
				{"3", "rewound", "purple"},
				{"4", "stalled", "red"},
				{"5", "stopped", "dark-red"},
				{"6", "unknown", "text"},
				{"7", "rest", "light-blue"},
			},
		},
		section("Lag"),
		graph("Lag", records, "The sum, the worst partition and its threshold.",
			each(ofGroup, oneGroup+" all: lagscaler_group_lag_records", oneGroup+" worst: lagscaler_group_max_lag_records",
				oneGroup+" average: lagscaler_group_avg_lag_records", oneGroup+" threshold: lagscaler_group_slo_lag_records")...),
		graph("Time lag", seconds, "The time lag of the worst partition, and the objective if one is configured.",
			each(ofGroup, oneGroup+": lagscaler_group_max_lag_seconds",
				oneGroup+" objective: lagscaler_group_slo_lag_seconds")...),
		graph("Produced and consumed", perSecond,
			"Arrival rate of the partitions of the group, and the rate of its commits. With auto-commit, the consumption changes in steps.",
			each(rateOf, oneGroup+" produced: lagscaler_group_produced_records_total", oneGroup+" consumed: lagscaler_group_consumed_records_total")...),
		graph("Trend", perSecond, "Growth of the lag per second, over two minutes. Below 0 the lag shrinks.",
			query{ofGroup("lagscaler_group_lag_trend_records_per_second"), oneGroup}),
		graph("Lag by topic", records, "Only for groups that metrics.topics of the configuration matches.",
			query{"topk(20, max by (kafka_cluster, group, topic) (lagscaler_topic_lag_records{" + byTopic + "}))", "{{group}} {{topic}}"}).asStack(),
		graph("Lag by partition, the twenty worst", records, "Only for groups that metrics.partitions of the configuration matches.",
			query{"topk(20, max by (kafka_cluster, group, topic, partition) (lagscaler_partition_lag_records{" + byTopic + "}))", "{{group}} {{topic}}-{{partition}}"}),
		graph("Unusual partitions", count,
			"The number of partitions over the threshold, without a commit, without a member, below the log start, above the end, stalled, standing, with a rest, and not read.",
			each(ofGroup, oneGroup+" all: lagscaler_group_partitions", oneGroup+" over the threshold: lagscaler_group_partitions_over_threshold",
				oneGroup+" never committed: lagscaler_group_partitions_uncommitted", oneGroup+" held by nobody: lagscaler_group_partitions_unassigned",
				oneGroup+" below the log start: lagscaler_group_partitions_below_log_start", oneGroup+" above the end: lagscaler_group_partitions_above_end",
				oneGroup+" standing still: lagscaler_group_partitions_stalled",
				oneGroup+" standing, rhythm unknown: lagscaler_group_partitions_standing", oneGroup+" unread or unreadable: lagscaler_group_partitions_resting",
				oneGroup+" not read: lagscaler_group_partitions_unknown")...),
		graph("Lost records and rewinds", count, "Records that retention deleted before the group read them, and the number of times that an offset moved back.",
			each(increaseOf, oneGroup+" lost: lagscaler_group_lost_records_total", oneGroup+" rewinds: lagscaler_group_rewinds_total")...).asBars(),
		section("Members and rebalances"),
		graph("Members", count, "All members, and the members without a partition.",
			each(ofGroup, oneGroup+": lagscaler_group_members", oneGroup+" idle: lagscaler_group_members_idle")...).sized(8, 8),
		graph("Joins and leaves", count, "Members that joined and members that left.",
			each(increaseOf, oneGroup+" joined: lagscaler_group_member_joins_total", oneGroup+" left: lagscaler_group_member_leaves_total")...).sized(8, 8).asBars(),
		graph("Stability and skew", share,
			"Stability: fraction of the members of one hour ago that are still in the group. Skew: 0 means as even as possible, 1 means that one member has all partitions.",
			each(ofGroup, oneGroup+" stability: lagscaler_group_member_stability_ratio", oneGroup+" skew: lagscaler_group_assignment_skew_ratio",
				oneGroup+" tolerated skew: lagscaler_group_slo_skew_ratio")...).sized(8, 8),
		graph("Rebalances by cause", count, "The causes scaling and deploy are planned; the others are not. A cause that cannot be determined is unknown.",
			query{"sum by (cause) (max by (kafka_cluster, group, cause) (increase(lagscaler_group_rebalances_by_cause_total{" + byGroup + "}[$__rate_interval])))", "{{cause}}"}).sized(8, 8).asBars().asStack(),
		graph("Rebalances by outcome", count,
			"success: members hold partitions again. failed, empty, unknown: they do not, nobody is left, or it was not seen.",
			query{"sum by (outcome) (max by (kafka_cluster, group, outcome) (increase(lagscaler_group_rebalances_total{" + byGroup + "}[$__rate_interval])))", "{{outcome}}"}).sized(8, 8).asBars().asStack(),
		graph("Duration of rebalances", seconds, "The last rebalance, the running rebalance, and the threshold.",
			each(ofGroup, oneGroup+" last: lagscaler_group_rebalance_last_seconds", oneGroup+" running: lagscaler_group_rebalance_age_seconds",
				oneGroup+" tolerated: lagscaler_group_slo_rebalance_seconds")...).sized(8, 8),
		graph("Time spent rebalancing", share, "Fraction of the time. With an eager assignor a group processes nothing during a rebalance; members of a KIP-848 group continue to work.",
			query{rateOf("lagscaler_group_rebalance_seconds_total"), oneGroup}),
		graph("Generation or epoch", count, "Every step is at least one rebalance. Absent if the members do not send it.",
			query{ofGroup("lagscaler_group_epoch"), oneGroup}),
		{
			kind: table, title: "About the group", width: 24, height: 7, unit: count,
			help: "Values from the coordinator, and current advice. The web UI of lagscaler shows the numbers behind every advice, and its disadvantage.",
			queries: []query{
				{expr: "max by (kafka_cluster, group, type, protocol, assignor, coordinator) (lagscaler_group_info{" + byGroup + "})"},
				{expr: "max by (kafka_cluster, group, state) (lagscaler_group_state{" + byGroup + "})"},
				{expr: "max by (kafka_cluster, group, advice) (lagscaler_group_advice{" + byGroup + "})"},
			},
			columns: []column{
				{"kafka_cluster", "Cluster", ""},
				{"group", "Group", ""},
				{"type", "Type", ""},
				{"state", "State", ""},
				{"protocol", "Protocol", ""},
				{"assignor", "Assignor", ""},
				{"coordinator", "Coordinator", ""},
				{"advice", "Advice", ""},
			},
		},
	},
}

// increaseOf is the increase of a counter of groups in one step of the graph.
func increaseOf(counter string) string {
	return "max by (kafka_cluster, group) (increase(" + counter + "{" + byGroup + "}[$__rate_interval]))"
}
