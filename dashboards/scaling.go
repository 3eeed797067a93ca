package dashboards

var scaling = spec{
	uid: "lagscaler-scaling", title: "lagscaler / Scaling",
	help:    "What each scaler decided, why, and what became of it.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		{
			kind: stat, title: "Scalers", width: 4, height: 4, unit: count,
			help:    "Targets that are scaled, or advised on.",
			queries: []query{{expr: orNone("count(" + ofTarget("lagscaler_scaler_min_replicas") + ")")}},
		},
		{
			kind: stat, title: "Replicas", width: 4, height: 4, unit: count,
			help:    "Replicas that all targets together are set to.",
			queries: []query{{expr: "sum(" + ofTarget("lagscaler_scaler_current_replicas") + ")"}},
		},
		{
			kind: stat, title: "Wanted replicas", width: 4, height: 4, unit: count,
			help:    "Replicas of the last decisions, after all limits. It differs from the replicas while a scaler only advises.",
			queries: []query{{expr: "sum(" + ofTarget("lagscaler_scaler_desired_replicas") + ")"}},
		},
		{
			kind: stat, title: "Paused", width: 4, height: 4, unit: count, steps: good(from(1, "blue")),
			help:    "Targets with the annotation lagscaler.io/paused.",
			queries: []query{{expr: orNone("count(" + ofTarget("lagscaler_scaler_paused") + " == 1)")}},
		},
		{
			kind: stat, title: "Held for too long", width: 4, height: 4, unit: count, steps: good(from(1, "orange")),
			help:    "Targets that a gate holds past its deadline: LagscalerHoldOverdue.",
			queries: []query{{expr: orNone("count(" + ofTarget("lagscaler_scaler_hold_overdue") + ")")}},
		},
		{
			kind: stat, title: "Writes that failed in an hour", width: 4, height: 4, unit: count, steps: good(from(1, "orange"), from(3, "red")),
			help:    "Three within a quarter of an hour fire LagscalerScaleFailed.",
			queries: []query{{expr: "sum(" + ofTarget("round(increase(lagscaler_scaler_errors_total[1h]))") + ")"}},
		},
		{kind: heading, title: "Replicas"},
		{
			kind: timeseries, title: "Replicas", width: 12, height: 9, unit: count,
			help:    "What the target is set to, and what the last decision asks for.",
			queries: each(ofTarget, oneTarget+": lagscaler_scaler_current_replicas", oneTarget+" wanted: lagscaler_scaler_desired_replicas"),
		},
		{
			kind: timeseries, title: "Limits", width: 12, height: 9, unit: count,
			help: "Least and most replicas allowed, and the useful partitions: more replicas than those would idle.",
			queries: each(ofTarget, oneTarget+" min: lagscaler_scaler_min_replicas", oneTarget+" max: lagscaler_scaler_max_replicas",
				oneTarget+" partitions: lagscaler_scaler_partition_limit_replicas"),
		},
		{
			kind: timeseries, title: "Needed and available", width: 12, height: 8, unit: perSecond,
			help: "What the deciding group needs done (forecast, headroom and drain), and what the replicas can do together. Needed above available is what makes a scaler grow.",
			queries: []query{
				{ofTarget("lagscaler_scaler_required_records_per_second"), oneTarget + " needed"},
				{ofTarget("lagscaler_scaler_capacity_per_replica_records_per_second") + " * " + ofTarget("lagscaler_scaler_current_replicas"), oneTarget + " available"},
			},
		},
		{
			kind: timeseries, title: "Capacity of a replica", width: 12, height: 8, unit: perSecond,
			help:    "Declared, or learned from consumers that had enough to do. Absent when unknown: then nothing is scaled down.",
			queries: []query{{ofTarget("lagscaler_scaler_capacity_per_replica_records_per_second"), oneTarget}},
		},
		{kind: heading, title: "Decisions"},
		{
			kind: timeseries, title: "Decisions by reason", width: 12, height: 9, unit: count, bars: true, stacked: true,
			help: "The verdict of each decision, one each half minute: the first rule that matched. lagscaler explain prints the whole line.",
			queries: []query{{"sum by (reason) (max by (target_namespace, target, reason) (increase(lagscaler_scaler_decisions_total[$__rate_interval])" +
				ofTheGroups + "))", "{{reason}}"}},
		},
		{
			kind: timeseries, title: "Replicas written", width: 12, height: 9, unit: count, bars: true,
			help: "Writes that worked. Each costs a rebalance.",
			queries: []query{{"max by (target_namespace, target, direction) (increase(lagscaler_scaler_scale_events_total[$__rate_interval])" +
				ofTheGroups + ")", oneTarget + " {{direction}}"}},
		},
		{
			kind: timeseries, title: "Writes that failed", width: 12, height: 8, unit: count, bars: true,
			help:    "Conflicts included: somebody else was faster.",
			queries: []query{{ofTarget("increase(lagscaler_scaler_errors_total[$__rate_interval])"), oneTarget}},
		},
		{
			kind: timeseries, title: "Holds past their deadline", width: 12, height: 8, unit: count,
			help:    "By reason. Empty is good.",
			queries: []query{{"max by (target_namespace, target, reason) (lagscaler_scaler_hold_overdue" + ofTheGroups + ")", oneTarget + " {{reason}}"}},
		},
		{kind: heading, title: "What it is for"},
		{
			kind: timeseries, title: "Time lag of the scaled groups", width: 12, height: 8, unit: seconds,
			help:    "What scaling is for: the worst partition of each group that has a scaler.",
			queries: []query{{ofGroup("lagscaler_group_max_lag_seconds") + " and on (kafka_cluster, group) lagscaler_scaler_source_info{" + byGroup + "}", oneGroup}},
		},
		{
			kind: timeseries, title: "Rebalances that scaling caused", width: 12, height: 8, unit: count, bars: true,
			help:    "What scaling costs.",
			queries: []query{{`max by (kafka_cluster, group) (increase(lagscaler_group_rebalances_by_cause_total{` + byGroup + `, cause="scaling"}[$__rate_interval]))`, oneGroup}},
		},
		{
			kind: table, title: "Scalers", width: 24, height: 10, unit: count, sort: "Wanted",
			help: "Every target with its groups. One with several groups has a line for each.",
			queries: []query{
				{expr: "max by (target_namespace, target_kind, target, kafka_cluster, group) (lagscaler_scaler_source_info{" + byGroup + "})"},
				{expr: "max by (target_namespace, target_kind, target) (lagscaler_scaler_current_replicas" + ofTheGroups + ")"},
				{expr: "max by (target_namespace, target_kind, target) (lagscaler_scaler_desired_replicas" + ofTheGroups + ")"},
				{expr: "max by (target_namespace, target_kind, target) (lagscaler_scaler_partition_limit_replicas" + ofTheGroups + ")"},
			},
			columns: []column{
				{"target_namespace", "Namespace", ""},
				{"target_kind", "Kind", ""},
				{"target", "Target", ""},
				{"kafka_cluster", "Cluster", ""},
				{"group", "Group", ""},
				{"Value #B", "Replicas", count},
				{"Value #C", "Wanted", count},
				{"Value #D", "Partitions", count},
			},
		},
	},
}
