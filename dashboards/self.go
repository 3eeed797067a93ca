package dashboards

// own is a metric about how this process reads a cluster, by replica.
func own(metric string) string { return metric + "{" + byCluster + "}" }

const replica = "{{instance}}"

var self = spec{
	uid: "lagscaler-self", title: "lagscaler / lagscaler itself",
	help:    "Whether the daemon reads what it should, what that costs Kafka, and how it is.",
	refresh: "30s", from: "now-3h",
	panels: []panel{
		{
			kind: stat, title: "Replicas", width: 4, height: 4, unit: count,
			help:    "Processes that are scraped.",
			queries: []query{{expr: "count(lagscaler_build_info)"}},
		},
		{
			kind: stat, title: "Leaders", width: 4, height: 4, unit: count, steps: []step{{Color: "red"}, from(1, "green"), from(2, "orange")},
			help:    "One for each installation. None: no group is exposed and nothing is scaled (LagscalerNoLeader).",
			queries: []query{{expr: "sum(lagscaler_leader)"}},
		},
		{
			kind: stat, title: "Age of the oldest reading", width: 4, height: 4, unit: seconds, steps: good(from(60, "orange"), from(120, "red")),
			help:    "Since the last poll that a broker answered. Above two minutes: LagscalerDataStale.",
			queries: []query{{expr: "max(time() - " + own("lagscaler_last_successful_poll_timestamp_seconds") + ")"}},
		},
		{
			kind: stat, title: "Series", width: 4, height: 4, unit: count,
			help:    "Of groups, topics and partitions, on the leader's page.",
			queries: []query{{expr: "max(lagscaler_series)"}},
		},
		{
			kind: stat, title: "Groups left out", width: 4, height: 4, unit: count, steps: good(from(1, "orange")),
			help: "In the last poll: more groups than metrics.maxGroups, or no room for their series in metrics.maxSeries.",
			queries: []query{{expr: "sum(max by (kafka_cluster, reason) (rate(" + own("lagscaler_groups_dropped_total") +
				"[$__rate_interval]) > bool 0))"}},
		},
		{
			kind: stat, title: "Configurations in force", width: 4, height: 4, unit: count,
			help:    "Replicas whose configuration is the one in the file. Fewer than replicas: a file was refused (LagscalerConfigReloadFailed), or there is none.",
			queries: []query{{expr: orNone("sum(lagscaler_config_last_reload_successful)")}},
		},
		{kind: heading, title: "Reading Kafka"},
		{
			kind: timeseries, title: "How long a poll takes", width: 12, height: 8, unit: seconds,
			help:    "A poll reads everything, each ten seconds; a sample reads the states of all groups, each second.",
			queries: []query{{own("lagscaler_poll_duration_seconds"), "{{kafka_cluster}} {{stage}} " + replica}},
		},
		{
			kind: timeseries, title: "Requests to Kafka", width: 12, height: 8, unit: "reqps", stacked: true,
			help:    "By API, of all replicas. It depends on the brokers, not on groups and partitions; scrapes add nothing.",
			queries: []query{{"sum by (kafka_cluster, api) (rate(" + own("lagscaler_kafka_requests_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{api}}"}},
		},
		{
			kind: timeseries, title: "Requests that failed", width: 12, height: 8, unit: "reqps",
			help:    "By the stage of the poll. What could not be read is unknown until the next poll.",
			queries: []query{{"sum by (kafka_cluster, stage) (rate(" + own("lagscaler_poll_errors_total") + "[$__rate_interval]))", "{{kafka_cluster}} {{stage}}"}},
		},
		{
			kind: timeseries, title: "Age of the last reading", width: 12, height: 8, unit: seconds, steps: good(from(120, "red")),
			help:    "Since the last poll that a broker answered, by cluster and replica.",
			queries: []query{{"time() - " + own("lagscaler_last_successful_poll_timestamp_seconds"), "{{kafka_cluster}} " + replica}},
		},
		{
			kind: timeseries, title: "Groups", width: 12, height: 8, unit: count,
			help: "Groups that are known, and groups that exceed the limits in each poll.",
			queries: []query{
				{"max by (kafka_cluster) (" + own("lagscaler_groups") + ")", "{{kafka_cluster}} known"},
				{"max by (kafka_cluster, reason) (increase(" + own("lagscaler_groups_dropped_total") + "[$__rate_interval]))", "{{kafka_cluster}} left out: {{reason}}"},
			},
		},
		{
			kind: timeseries, title: "Groups listed twice", width: 12, height: 8, unit: count, bars: true,
			help:    "By two brokers at once, while coordinators move. Each is counted once everywhere else.",
			queries: []query{{"max by (kafka_cluster) (increase(" + own("lagscaler_duplicate_groups_total") + "[$__rate_interval]))", "{{kafka_cluster}}"}},
		},
		{kind: heading, title: "The process"},
		{
			kind: timeseries, title: "CPU", width: 8, height: 8, unit: share,
			help:    "1 is one core.",
			queries: []query{{"rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) lagscaler_build_info", replica}},
		},
		{
			kind: timeseries, title: "Memory", width: 8, height: 8, unit: size,
			help: "Resident, and in use by Go's heap.",
			queries: []query{
				{"process_resident_memory_bytes and on (job, instance) lagscaler_build_info", replica + " resident"},
				{"go_memstats_heap_inuse_bytes and on (job, instance) lagscaler_build_info", replica + " heap"},
			},
		},
		{
			kind: timeseries, title: "Leader", width: 8, height: 8, unit: count,
			help:    "Which replica leads: a hand-over is a step.",
			queries: []query{{"lagscaler_leader", replica}},
		},
		{
			kind: table, title: "Builds", width: 24, height: 6, unit: count,
			help:    "What runs where.",
			queries: []query{{expr: "max by (instance, version, revision) (lagscaler_build_info)"}},
			columns: []column{{"instance", "Replica", ""}, {"version", "Version", ""}, {"revision", "Revision", ""}},
		},
	},
}
