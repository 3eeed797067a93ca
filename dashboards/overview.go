package dashboards

import "github.com/grafana-tools/sdk"

var overview = spec{
	uid: "lagscaler-overview", title: "lagscaler / Overview",
	help:    "All consumer groups of all clusters: which are late, which do not progress, which rebalance.",
	refresh: "30s", from: "now-3h",
	variables: []sdk.TemplateVar{clusters, allGroups},
	sources:   byGroup,
	panels: []panel{
		number("Groups", count, "The groups whose metrics lagscaler exports.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_status") + ")")}).sized(3, 4),
		number("Unknown groups", count, "Groups that could not be read. They are in no other number here, except Groups.",
			query{expr: orNone(withStatus("unknown"))}).sized(3, 4).greenThen(from(1, "orange")),
		number("Above threshold", count,
			"Groups with a partition whose lag exceeds slo.lag. After five minutes LagscalerConsumerLagAboveSLO fires.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_max_lag_records") +
				" > on (kafka_cluster, group) " + ofGroup("lagscaler_group_slo_lag_records") + ")")}).sized(3, 4).greenThen(from(1, "orange")),
		number("Stalled, stopped", count,
			"Groups with the status stalled (records wait in a partition with a member, and its commits stand) or stopped (no members, but lag).",
			query{expr: orNone(withStatus("stalled|stopped"))}).sized(3, 4).greenThen(from(1, "red")),
		number("Total lag", records, "The sum of the lag of all groups, over the partitions whose lag is known.",
			query{expr: "sum(" + ofGroup("lagscaler_group_lag_records") + ")"}).sized(3, 4),
		number("Members", count, "The sum of the members of all groups.",
			query{expr: "sum(" + ofGroup("lagscaler_group_members") + ")"}).sized(3, 4),
		number("Alerts firing", count, "Firing alerts for the selected clusters and groups, their scalers, and lagscaler itself. Without the rules of lagscaler in this Prometheus there is no number.",
			query{expr: `count(ALERTS{` + firing + `, kafka_cluster=~"$kafka_cluster|", group=~"$group|"}) or 0 * max(lagscaler:evaluation:one)`}).
			sized(3, 4).greenThen(from(1, "red")).orElse("no rules"),
		number("Groups left out", count, leftOutHelp, query{expr: leftOut}).sized(3, 4).greenThen(from(1, "orange")),
		alertsThatFire(`kafka_cluster=~"$kafka_cluster|", group=~"$group|"`, ""),
		rows("Groups", "All groups with their most important values. An empty cell is unknown, or there is nothing to say: a group whose lag does not shrink is never drained. The worst partition has a name while the group is late.", "Lag",
			clusterColumn(), groupColumn(), column{from: "status", title: "Status", texts: statusTexts(), width: 100},
			column{from: "Value #A", title: "Lag", unit: records},
			column{from: "Value #B", title: "Of threshold", unit: share},
			column{from: "Value #C", title: "Time lag", unit: seconds},
			column{from: "Value #D", title: "Of objective", unit: share},
			column{from: "topic", title: "Worst topic"}, column{from: "partition", title: "Partition"},
			column{from: "Value #F", title: "Its lag", unit: records},
			column{from: "Value #G", title: "Members", unit: count},
			column{from: "Value #H", title: "Consumed", unit: perSecond},
			column{from: "Value #I", title: "Drained in", unit: seconds},
		).asking(
			query{expr: ofGroup("lagscaler_group_lag_records")},
			query{expr: ofThreshold},
			query{expr: ofGroup("lagscaler_group_max_lag_seconds")},
			query{expr: ofObjective},
			query{expr: "max by (" + aGroup + ", status) (lagscaler_group_status{" + byGroup + "})"},
			query{expr: "max by (" + aGroup + ", topic, partition) (lagscaler_group_worst_partition_lag_records{" + byGroup + "})"},
			query{expr: ofGroup("lagscaler_group_members")},
			query{expr: rateOf("lagscaler_group_consumed_records_total")},
			query{expr: ofGroup("lagscaler_group_drain_seconds")},
		).sized(columns, 14).orElse("no group is exported"),
		section("Lag"),
		ranking("Lag, the ten worst groups", records,
			"Records between the committed and the end offsets. A gap means unknown: the group could not be read.",
			query{worst(ofGroup("lagscaler_group_lag_records")), oneGroup}),
		ranking("Time lag, the ten worst groups", seconds,
			"The age of the next record of the worst partition. The lag in records shows the amount of work; the time lag shows how late the group is.",
			query{worst(ofGroup("lagscaler_group_max_lag_seconds")), oneGroup}),
		graph("Produced and consumed", perSecond,
			"Arrival rate of the partitions of the groups, and the rate of their commits. A record that three groups read counts three times.",
			query{"sum(" + rateOf("lagscaler_group_produced_records_total") + ")", "produced"},
			query{"sum(" + rateOf("lagscaler_group_consumed_records_total") + ")", "consumed"}),
		graph("Groups by status", count, "The number of groups that are ok, warning, stalled, stopped, rewound, rebalancing, rest or unknown.",
			query{"count by (status) (max by (" + aGroup + ", status) (lagscaler_group_status{" + byGroup + "}))", "{{status}}"}).asStack(),
		section("Rebalances"),
		ranking("Unplanned rebalances in an hour, the ten worst groups", count,
			"Rebalances that no replica change and no rollout explains. More than slo.rebalancesPerHour fire LagscalerRebalanceStorm. A lower bound.",
			query{worst("max by (" + aGroup + ") (round(increase(lagscaler_group_rebalances_unplanned_total{" + byGroup + "}[1h]))) > 0"), oneGroup}).
			orElse("no unplanned rebalance within an hour"),
		ranking("Share of time spent rebalancing, the ten worst groups", share, "With an eager assignor a group processes nothing during a rebalance.",
			query{worst(rateOf("lagscaler_group_rebalance_seconds_total") + " > 0"), oneGroup}).orElse("no group rebalances"),
		section("Committed offsets that expire"),
		rows("Offsets that expire next", "Groups without members whose committed offsets the brokers delete next. The time is exact, or the latest or the earliest one (bound). LagscalerOffsetsExpire fires a day before.", "Expires",
			clusterColumn(), groupColumn(), column{from: "bound", title: "Bound"}, column{from: "Value", title: "Expires", unit: ago},
		).asking(query{expr: "1000 * bottomk(10, max by (" + aGroup + ", bound) (lagscaler_group_offsets_expire_timestamp_seconds{" + byGroup + "}))"}).
			sized(columns, 7).orElse("no group without members has commits whose expiry is known").rising(),
		section("Clusters"),
		graph("Brokers", count, "Brokers that the cluster's metadata lists.",
			query{"max by (kafka_cluster) (lagscaler_brokers{" + byCluster + "})", "{{kafka_cluster}}"}).sized(8, 8),
		graph("Partitions without leader or replicas", count,
			"Partitions of consumed topics without a leader, or with too few in-sync replicas. The lag of a partition without a leader is unknown.",
			query{"max by (kafka_cluster) (lagscaler_under_replicated_partitions{" + byCluster + "})", "{{kafka_cluster}} under-replicated"},
			query{"max by (kafka_cluster) (lagscaler_leaderless_partitions{" + byCluster + "})", "{{kafka_cluster}} leaderless"}).sized(8, 8),
		graph("Leader changes", count, "Changes of the leader of consumed partitions, and of the coordinator of groups. Such a change is not a rebalance.",
			query{"max by (kafka_cluster) (" + counted("lagscaler_leader_changes_total{"+byCluster+"}", "lagscaler_brokers{"+byCluster+"}", "kafka_cluster") + ")", "{{kafka_cluster}}"}).sized(8, 8).asBars(),
	},
}

// withStatus is the number of groups with one of the statuses.
func withStatus(pattern string) string {
	return "count(max by (" + aGroup + ") (lagscaler_group_status{" + byGroup + `, status=~"` + pattern + `"}))`
}

// The lag as a share of its threshold, and the time lag as a share of its objective.
var (
	ofThreshold = ofGroup("lagscaler_group_max_lag_records") + " / on (" + aGroup + ") " + ofGroup("lagscaler_group_slo_lag_records")
	ofObjective = ofGroup("lagscaler_group_max_lag_seconds") + " / on (" + aGroup + ") " + ofGroup("lagscaler_group_slo_lag_seconds")
)

const leftOutHelp = "Groups of the selected clusters that are known but not exported, because of metrics.maxGroups or metrics.maxSeries."

// leftOut counts groups. The counter lagscaler_groups_dropped_total counts each of them once per poll.
const leftOut = "clamp_min(sum(max by (kafka_cluster) (lagscaler_groups{" + byCluster + "})) - (count(max by (" + aGroup + ") (lagscaler_group_status{" + byCluster + "})) or 0 * max(lagscaler_leader == 1)), 0)"
