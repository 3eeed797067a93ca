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
	help:    "Every consumer group of every cluster: who is late, who stands still, who rebalances.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		number("Groups", count, "Consumer groups that are exposed. lagscaler itself shows how many there are and how many are left out.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_members") + ")")}),
		number("Groups behind their threshold", count,
			"Groups whose worst partition is further behind than slo.lag: what LagscalerConsumerLagAboveSLO fires on after five minutes.",
			query{expr: orNone("count(" + ofGroup("lagscaler_group_max_lag_records") +
				" > on (kafka_cluster, group) " + ofGroup("lagscaler_group_slo_lag_records") + ")")}).greenThen(from(1, "orange")),
		number("Groups that stand still", count,
			"Groups with the status stalled (a member holds partitions that do not move) or stopped (nobody is there and records wait).",
			query{expr: orNone("count(max by (kafka_cluster, group) (lagscaler_group_status{" + byGroup + `, status=~"stalled|stopped"}))`)}).greenThen(from(1, "red")),
		number("Records waiting", records, "The lag of all groups together, over the partitions whose lag is known.",
			query{expr: "sum(" + ofGroup("lagscaler_group_lag_records") + ")"}),
		number("Members", count, "Members of all groups together.",
			query{expr: "sum(" + ofGroup("lagscaler_group_members") + ")"}),
		number("Alerts firing", count, "Alerts of lagscaler that fire now, of the chosen clusters and of lagscaler itself.",
			query{expr: orNone(`count(ALERTS{alertname=~"Lagscaler.*", alertstate="firing", kafka_cluster=~"$kafka_cluster|"})`)}).greenThen(from(1, "red")),
		section("Lag"),
		graph("Lag, the ten worst groups", records,
			"Records between the committed and the end offsets. A gap means unknown: the group could not be read.",
			query{worst(ofGroup("lagscaler_group_lag_records")), oneGroup}).sized(12, 9),
		graph("Time lag, the ten worst groups", seconds,
			"How long ago the next record of the worst partition was appended. Lag in records says how much there is to do, this says how late it is.",
			query{worst(ofGroup("lagscaler_group_max_lag_seconds")), oneGroup}).sized(12, 9),
		graph("Produced and consumed", perSecond,
			"What arrives in the groups' partitions, and what the groups commit. A record that three groups read is produced three times here.",
			query{"sum(" + rateOf("lagscaler_group_produced_records_total") + ")", "produced"},
			query{"sum(" + rateOf("lagscaler_group_consumed_records_total") + ")", "consumed"}),
		graph("Groups by status", count, "How many groups are ok, warning, stalled, stopped, rewound, rebalancing or unknown.",
			query{"count by (status) (max by (kafka_cluster, group, status) (lagscaler_group_status{" + byGroup + "}))", "{{status}}"}).asStack(),
		section("Rebalances"),
		graph("Unplanned rebalances in an hour, the ten worst groups", count,
			"Rebalances that neither a resize nor a rollout explains. More than slo.rebalancesPerHour fire LagscalerRebalanceStorm. A lower bound.",
			query{worst("max by (kafka_cluster, group) (round(increase(lagscaler_group_rebalances_unplanned_total{" + byGroup + "}[1h])))"), oneGroup}),
		graph("Share of time spent rebalancing, the ten worst groups", share, "An eager group does nothing meanwhile.",
			query{worst(rateOf("lagscaler_group_rebalance_seconds_total")), oneGroup}),
		section("All groups"),
		{
			kind: table, title: "Groups", width: 24, height: 12, unit: count, sort: "Lag",
			help: "Every group with what matters most. An empty cell is unknown.",
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
		graph("Partitions without leader or with too few replicas", count,
			"Of consumed topics. The lag of a partition without leader is unknown.",
			query{"max by (kafka_cluster) (lagscaler_under_replicated_partitions{" + byCluster + "})", "{{kafka_cluster}} under-replicated"},
			query{"max by (kafka_cluster) (lagscaler_leaderless_partitions{" + byCluster + "})", "{{kafka_cluster}} leaderless"}).sized(8, 7),
		graph("Leader changes", count, "Changes of leader of consumed partitions, and of coordinator of groups. A failover is not a rebalance.",
			query{"max by (kafka_cluster) (increase(lagscaler_leader_changes_total{" + byCluster + "}[$__rate_interval]))", "{{kafka_cluster}}"}).sized(8, 7).asBars(),
	},
}
