package dashboards

// The units, as Grafana names them.
const (
	records   = "short" // counts of records
	count     = "none"
	perSecond = "recps"
	seconds   = "s"
	share     = "percentunit"
	instant   = "dateTimeAsIso"
	size      = "bytes"
)

const (
	oneGroup  = "{{kafka_cluster}} {{group}}"
	oneTarget = "{{target_namespace}}/{{target}}"
)

var overview = spec{
	uid: "lagscaler-overview", title: "lagscaler / Overview",
	help:    "All consumer groups of all clusters: which are late, which do not progress, which rebalance.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		number("Groups", count, "Exported consumer groups. The dashboard lagscaler itself shows the number of all groups and of omitted groups.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_members") + ")")}),
		number("Groups above their lag threshold", count,
			"Groups with a partition whose lag exceeds slo.lag. After five minutes LagscalerConsumerLagAboveSLO fires.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_max_lag_records") +
				" > on (kafka_cluster, group) " + ofGroup("lagscaler_group_slo_lag_records") + ")")}).greenThen(from(1, "orange")),
		number("Stalled or stopped groups", count,
			"Groups with the status stalled (records wait in a partition with a member, and its commits stand) or stopped (no members, but lag).",
			query{expr: orNone("count(max by (kafka_cluster, group) (lagscaler_group_status{" + byGroup + `, status=~"stalled|stopped"}))`)}).greenThen(from(1, "red")),
		number("Total lag", records, "The sum of the lag of all groups, over the partitions whose lag is known.",
			query{expr: "sum(" + ofGroup("lagscaler_group_lag_records") + ")"}),
		number("Members", count, "The sum of the members of all groups.",
			query{expr: "sum(" + ofGroup("lagscaler_group_members") + ")"}),
		number("Alerts firing", count, "Firing alerts of lagscaler, for the selected clusters and for lagscaler itself.",
			query{expr: orNone(`count(ALERTS{alertname=~"Lagscaler.*", alertstate="firing", kafka_cluster=~"$kafka_cluster|"})`)}).greenThen(from(1, "red")),
		section("Lag"),
		graph("Lag, the ten worst groups", records,
			"Records between the committed and the end offsets. A gap means unknown: the group could not be read.",
			query{worst(ofGroup("lagscaler_group_lag_records")), oneGroup}).sized(12, 9),
		graph("Time lag, the ten worst groups", seconds,
			"The age of the next record of the worst partition. The lag in records shows the amount of work; the time lag shows how late the group is.",
			query{worst(ofGroup("lagscaler_group_max_lag_seconds")), oneGroup}).sized(12, 9),
		graph("Produced and consumed", perSecond,
			"Arrival rate of the partitions of the groups, and the rate of their commits. A record that three groups read counts three times.",
			query{"sum(" + rateOf("lagscaler_group_produced_records_total") + ")", "produced"},
			query{"sum(" + rateOf("lagscaler_group_consumed_records_total") + ")", "consumed"}),
		graph("Groups by status", count, "The number of groups that are ok, warning, stalled, stopped, rewound, rebalancing, rest or unknown.",
			query{"count by (status) (max by (kafka_cluster, group, status) (lagscaler_group_status{" + byGroup + "}))", "{{status}}"}).asStack(),
		section("Rebalances"),
		graph("Unplanned rebalances in an hour, the ten worst groups", count,
			"Rebalances that no replica change and no rollout explains. More than slo.rebalancesPerHour fire LagscalerRebalanceStorm. A lower bound.",
			query{worst("max by (kafka_cluster, group) (round(increase(lagscaler_group_rebalances_unplanned_total{" + byGroup + "}[1h])))"), oneGroup}),
		graph("Share of time spent rebalancing, the ten worst groups", share, "With an eager assignor a group processes nothing during a rebalance.",
			query{worst(rateOf("lagscaler_group_rebalance_seconds_total")), oneGroup}),
		section("All groups"),
		{
			kind: table, title: "Groups", width: 24, height: 12, unit: count, sort: "Lag",
			help: "All groups with their most important values. An empty cell is unknown.",
			queries: []query{
				{expr: ofGroup("lagscaler_group_lag_records")},
				{expr: ofGroup("lagscaler_group_max_lag_seconds")},
				{expr: ofGroup("lagscaler_group_members")},
				{expr: rateOf("lagscaler_group_consumed_records_total")},
				{expr: ofGroup("lagscaler_group_drain_seconds")},
				{expr: "max by (kafka_cluster, group, status) (lagscaler_group_status{" + byGroup + "})"},
			},
			columns: []column{
				{"kafka_cluster", "Cluster", ""},
				{"group", "Group", ""},
				{"status", "Status", ""},
				{"Value #A", "Lag", records},
				{"Value #B", "Time lag", seconds},
				{"Value #C", "Members", count},
				{"Value #D", "Consumed", perSecond},
				{"Value #E", "Drained in", seconds},
			},
		},
		section("Clusters"),
		graph("Brokers", count, "Brokers that the cluster's metadata lists.",
			query{"max by (kafka_cluster) (lagscaler_brokers{" + byCluster + "})", "{{kafka_cluster}}"}).sized(8, 7),
		graph("Partitions without a leader or with too few in-sync replicas", count,
			"Partitions of consumed topics. The lag of a partition without a leader is unknown.",
			query{"max by (kafka_cluster) (lagscaler_under_replicated_partitions{" + byCluster + "})", "{{kafka_cluster}} under-replicated"},
			query{"max by (kafka_cluster) (lagscaler_leaderless_partitions{" + byCluster + "})", "{{kafka_cluster}} leaderless"}).sized(8, 7),
		graph("Leader changes", count, "Changes of the leader of consumed partitions, and of the coordinator of groups. Such a change is not a rebalance.",
			query{"max by (kafka_cluster) (increase(lagscaler_leader_changes_total{" + byCluster + "}[$__rate_interval]))", "{{kafka_cluster}}"}).sized(8, 7).asBars(),
	},
}
