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
		{
			kind: stat, title: "Groups", width: 4, height: 4, unit: count,
			help:    "Consumer groups that are exposed. lagscaler itself shows how many there are and how many are left out.",
			queries: []query{{expr: orNone("count(" + ofGroup("lagscaler_group_members") + ")")}},
		},
		{
			kind: stat, title: "Groups behind their threshold", width: 4, height: 4, unit: count, steps: good(from(1, "orange")),
			help: "Groups whose worst partition is further behind than slo.lag: what LagscalerConsumerLagAboveSLO fires on after five minutes.",
			queries: []query{{expr: orNone("count(" + ofGroup("lagscaler_group_max_lag_records") +
				" > on (kafka_cluster, group) " + ofGroup("lagscaler_group_slo_lag_records") + ")")}},
		},
		{
			kind: stat, title: "Groups that stand still", width: 4, height: 4, unit: count, steps: good(from(1, "red")),
			help:    "Groups with the status stalled (a member holds partitions that do not move) or stopped (nobody is there and records wait).",
			queries: []query{{expr: orNone("count(max by (kafka_cluster, group) (lagscaler_group_status{" + byGroup + `, status=~"stalled|stopped"}))`)}},
		},
		{
			kind: stat, title: "Records waiting", width: 4, height: 4, unit: records,
			help:    "The lag of all groups together, over the partitions whose lag is known.",
			queries: []query{{expr: "sum(" + ofGroup("lagscaler_group_lag_records") + ")"}},
		},
		{
			kind: stat, title: "Members", width: 4, height: 4, unit: count,
			help:    "Members of all groups together.",
			queries: []query{{expr: "sum(" + ofGroup("lagscaler_group_members") + ")"}},
		},
		{
			kind: stat, title: "Alerts firing", width: 4, height: 4, unit: count, steps: good(from(1, "red")),
			help:    "Alerts of lagscaler that fire now, of the chosen clusters and of lagscaler itself.",
			queries: []query{{expr: orNone(`count(ALERTS{alertname=~"Lagscaler.*", alertstate="firing", kafka_cluster=~"$kafka_cluster|"})`)}},
		},
		{kind: heading, title: "Lag"},
		{
			kind: timeseries, title: "Lag, the ten worst groups", width: 12, height: 9, unit: records,
			help:    "Records between the committed and the end offsets. A gap means unknown: the group could not be read.",
			queries: []query{{worst(ofGroup("lagscaler_group_lag_records")), oneGroup}},
		},
		{
			kind: timeseries, title: "Time lag, the ten worst groups", width: 12, height: 9, unit: seconds,
			help:    "How long ago the next record of the worst partition was appended. Lag in records says how much there is to do, this says how late it is.",
			queries: []query{{worst(ofGroup("lagscaler_group_max_lag_seconds")), oneGroup}},
		},
		{
			kind: timeseries, title: "Produced and consumed", width: 12, height: 8, unit: perSecond,
			help: "What arrives in the groups' partitions, and what the groups commit. A record that three groups read is produced three times here.",
			queries: []query{
				{"sum(" + rateOf("lagscaler_group_produced_records_total") + ")", "produced"},
				{"sum(" + rateOf("lagscaler_group_consumed_records_total") + ")", "consumed"},
			},
		},
		{
			kind: timeseries, title: "Groups by status", width: 12, height: 8, unit: count, stacked: true,
			help:    "How many groups are ok, warning, stalled, stopped, rewound, rebalancing or unknown.",
			queries: []query{{"count by (status) (max by (kafka_cluster, group, status) (lagscaler_group_status{" + byGroup + "}))", "{{status}}"}},
		},
		{kind: heading, title: "Rebalances"},
		{
			kind: timeseries, title: "Unplanned rebalances in an hour, the ten worst groups", width: 12, height: 8, unit: count,
			help:    "Rebalances that neither a resize nor a rollout explains. More than slo.rebalancesPerHour fire LagscalerRebalanceStorm. A lower bound.",
			queries: []query{{worst("max by (kafka_cluster, group) (round(increase(lagscaler_group_rebalances_unplanned_total{" + byGroup + "}[1h])))"), oneGroup}},
		},
		{
			kind: timeseries, title: "Share of time spent rebalancing, the ten worst groups", width: 12, height: 8, unit: share,
			help:    "An eager group does nothing meanwhile.",
			queries: []query{{worst(rateOf("lagscaler_group_rebalance_seconds_total")), oneGroup}},
		},
		{kind: heading, title: "All groups"},
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
		{kind: heading, title: "Clusters"},
		{
			kind: timeseries, title: "Brokers", width: 8, height: 7, unit: count,
			help:    "Brokers that the cluster's metadata lists.",
			queries: []query{{"max by (kafka_cluster) (lagscaler_brokers{" + byCluster + "})", "{{kafka_cluster}}"}},
		},
		{
			kind: timeseries, title: "Partitions without leader or with too few replicas", width: 8, height: 7, unit: count,
			help: "Of consumed topics. The lag of a partition without leader is unknown.",
			queries: []query{
				{"max by (kafka_cluster) (lagscaler_under_replicated_partitions{" + byCluster + "})", "{{kafka_cluster}} under-replicated"},
				{"max by (kafka_cluster) (lagscaler_leaderless_partitions{" + byCluster + "})", "{{kafka_cluster}} leaderless"},
			},
		},
		{
			kind: timeseries, title: "Leader changes", width: 8, height: 7, unit: count, bars: true,
			help:    "Changes of leader of consumed partitions, and of coordinator of groups. A failover is not a rebalance.",
			queries: []query{{"max by (kafka_cluster) (increase(lagscaler_leader_changes_total{" + byCluster + "}[$__rate_interval]))", "{{kafka_cluster}}"}},
		},
	},
}
