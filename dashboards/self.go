package dashboards

// own is a metric of every replica of lagscaler about a cluster, filtered by the variable kafka_cluster.
func own(metric string) string { return metric + "{" + byCluster + "}" }

const replica = "{{instance}}"

var self = spec{
	uid: "lagscaler-self", title: "lagscaler / lagscaler itself",
	help:    "The health of lagscaler: its polls, its load on Kafka, and its process.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		number("Replicas", count, "Replicas of lagscaler that Prometheus scrapes.",
			query{expr: "count(lagscaler_build_info)"}),
		number("Leaders", count, "One per installation. If there is none, no groups are exported and nothing is scaled (LagscalerNoLeader).",
			query{expr: "sum(lagscaler_leader)"}).colored(step{Color: "red"}, from(1, "green"), from(2, "orange")),
		number("Age of the oldest poll", seconds, "Time since the last poll that a broker answered. Above two minutes LagscalerDataStale fires.",
			query{expr: "max(time() - " + own("lagscaler_last_successful_poll_timestamp_seconds") + ")"}).greenThen(from(60, "orange"), from(120, "red")),
		number("Series", count, "Series of groups, topics and partitions that the leader exports.",
			query{expr: "max(lagscaler_series)"}),
		number("Omitted groups", count,
			"Groups that were not exported after the last poll, because of metrics.maxGroups or metrics.maxSeries.",
			query{expr: "sum(max by (kafka_cluster, reason) (rate(" + own("lagscaler_groups_dropped_total") +
				"[$__rate_interval]) > bool 0))"}).greenThen(from(1, "orange")),
		number("Current configurations", count,
			"Replicas that use the configuration of the file. If this is less than the number of replicas, a file is invalid (LagscalerConfigReloadFailed) or does not exist.",
			query{expr: orNone("sum(lagscaler_config_last_reload_successful)")}),
		section("Reading Kafka"),
		graph("Duration of a poll", seconds,
			"A poll reads everything, every ten seconds. A sample reads the states of all groups, every second.",
			query{own("lagscaler_poll_duration_seconds"), "{{kafka_cluster}} {{stage}} " + replica}),
		graph("Requests to Kafka", "reqps",
			"By API, of all replicas. The number depends mainly on the number of brokers; above 500 groups per broker, also on the number of groups. Scrapes cause no requests.",
			query{"sum by (kafka_cluster, api) (rate(" + own("lagscaler_kafka_requests_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{api}}"}).asStack(),
		graph("Failed requests", "reqps", "By the stage of the poll. The missing values are unknown until the next poll.",
			query{"sum by (kafka_cluster, stage) (rate(" + own("lagscaler_poll_errors_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{stage}}"}),
		graph("Age of the last poll", seconds, "Time since the last poll that a broker answered, by cluster and replica.",
			query{"time() - " + own("lagscaler_last_successful_poll_timestamp_seconds"), "{{kafka_cluster}} " + replica}).greenThen(from(120, "red")),
		graph("Groups", count, "Known groups, and groups that exceed the limits, per poll.",
			query{"max by (kafka_cluster) (" + own("lagscaler_groups") + ")", "{{kafka_cluster}} known"},
			query{"max by (kafka_cluster, reason) (increase(" + own("lagscaler_groups_dropped_total") + "[$__rate_interval]))", "{{kafka_cluster}} left out: {{reason}}"}),
		graph("Groups listed twice", count, "Groups that two brokers listed at the same time, while a coordinator moves. All other panels count such a group once.",
			query{"max by (kafka_cluster) (increase(" + own("lagscaler_duplicate_groups_total") + "[$__rate_interval]))", "{{kafka_cluster}}"}).asBars(),
		section("The process"),
		graph("CPU", share, "1 is one core.",
			query{"rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) lagscaler_build_info", replica}).sized(8, 8),
		graph("Memory", size, "Resident memory, and the memory in use in the Go heap.",
			query{"process_resident_memory_bytes and on (job, instance) lagscaler_build_info", replica + " resident"},
			query{"go_memstats_heap_inuse_bytes and on (job, instance) lagscaler_build_info", replica + " heap"}).sized(8, 8),
		graph("Leader", count, "Shows which replica leads. A change of the leader is a step.",
			query{"lagscaler_leader", replica}).sized(8, 8),
		{
			kind: table, title: "Builds", width: 24, height: 6, unit: count,
			help:    "The running replicas with their versions.",
			queries: []query{{expr: "max by (instance, version, revision) (lagscaler_build_info)"}},
			columns: []column{{"instance", "Replica", ""}, {"version", "Version", ""}, {"revision", "Revision", ""}},
		},
	},
}
