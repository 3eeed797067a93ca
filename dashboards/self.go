package dashboards

// own is a metric of every replica of lagscaler about a cluster, filtered by the variable kafka_cluster.
func own(metric string) string { return metric + "{" + byCluster + "}" }

const replica = "{{instance}}"

var self = spec{
	uid: "lagscaler-self", title: "lagscaler / lagscaler itself",
	help:    "Whether the daemon reads what it should, what that costs Kafka, and how it is.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		number("Replicas", count, "Processes that are scraped.",
			query{expr: "count(lagscaler_build_info)"}),
		number("Leaders", count, "One for each installation. None: no group is exposed and nothing is scaled (LagscalerNoLeader).",
			query{expr: "sum(lagscaler_leader)"}).colored(step{Color: "red"}, from(1, "green"), from(2, "orange")),
		number("Age of the oldest reading", seconds, "Since the last poll that a broker answered. Above two minutes: LagscalerDataStale.",
			query{expr: "max(time() - " + own("lagscaler_last_successful_poll_timestamp_seconds") + ")"}).greenThen(from(60, "orange"), from(120, "red")),
		number("Series", count, "Of groups, topics and partitions, on the leader's page.",
			query{expr: "max(lagscaler_series)"}),
		number("Groups left out", count,
			"In the last poll: more groups than metrics.maxGroups, or no room for their series in metrics.maxSeries.",
			query{expr: "sum(max by (kafka_cluster, reason) (rate(" + own("lagscaler_groups_dropped_total") +
				"[$__rate_interval]) > bool 0))"}).greenThen(from(1, "orange")),
		number("Configurations in force", count,
			"Replicas whose configuration is the one in the file. Fewer than replicas: a file was refused (LagscalerConfigReloadFailed), or there is none.",
			query{expr: orNone("sum(lagscaler_config_last_reload_successful)")}),
		section("Reading Kafka"),
		graph("How long a poll takes", seconds,
			"A poll reads everything, each ten seconds; a sample reads the states of all groups, each second.",
			query{own("lagscaler_poll_duration_seconds"), "{{kafka_cluster}} {{stage}} " + replica}),
		graph("Requests to Kafka", "reqps",
			"By API, of all replicas. It depends on the brokers, not on groups and partitions; scrapes add nothing.",
			query{"sum by (kafka_cluster, api) (rate(" + own("lagscaler_kafka_requests_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{api}}"}).asStack(),
		graph("Requests that failed", "reqps", "By the stage of the poll. What could not be read is unknown until the next poll.",
			query{"sum by (kafka_cluster, stage) (rate(" + own("lagscaler_poll_errors_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{stage}}"}),
		graph("Age of the last reading", seconds, "Since the last poll that a broker answered, by cluster and replica.",
			query{"time() - " + own("lagscaler_last_successful_poll_timestamp_seconds"), "{{kafka_cluster}} " + replica}).greenThen(from(120, "red")),
		graph("Groups", count, "Groups that are known, and groups that exceed the limits in each poll.",
			query{"max by (kafka_cluster) (" + own("lagscaler_groups") + ")", "{{kafka_cluster}} known"},
			query{"max by (kafka_cluster, reason) (increase(" + own("lagscaler_groups_dropped_total") + "[$__rate_interval]))", "{{kafka_cluster}} left out: {{reason}}"}),
		graph("Groups listed twice", count, "By two brokers at once, while coordinators move. Each is counted once everywhere else.",
			query{"max by (kafka_cluster) (increase(" + own("lagscaler_duplicate_groups_total") + "[$__rate_interval]))", "{{kafka_cluster}}"}).asBars(),
		section("The process"),
		graph("CPU", share, "1 is one core.",
			query{"rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) lagscaler_build_info", replica}).sized(8, 8),
		graph("Memory", size, "Resident, and in use by Go's heap.",
			query{"process_resident_memory_bytes and on (job, instance) lagscaler_build_info", replica + " resident"},
			query{"go_memstats_heap_inuse_bytes and on (job, instance) lagscaler_build_info", replica + " heap"}).sized(8, 8),
		graph("Leader", count, "Which replica leads: a hand-over is a step.",
			query{"lagscaler_leader", replica}).sized(8, 8),
		{
			kind: table, title: "Builds", width: 24, height: 6, unit: count,
			help:    "What runs where.",
			queries: []query{{expr: "max by (instance, version, revision) (lagscaler_build_info)"}},
			columns: []column{{"instance", "Replica", ""}, {"version", "Version", ""}, {"revision", "Revision", ""}},
		},
	},
}
