package config

// Metrics is the selection of the optional series, and the limits of their number.
type Metrics struct {
	// A pattern: groups that match it have series per topic. Default: none.
	Topics Regexp `yaml:"topics"`

	// Which groups have series per partition.
	Partitions PartitionMetrics `yaml:"partitions"`

	// The maximum number of exported groups. An exported group stays exported; declared and scaled groups are always exported.
	MaxGroups int `yaml:"maxGroups"`

	// The maximum number of series of groups, topics and partitions.
	MaxSeries int `yaml:"maxSeries"`

	// Serve /metrics/compat: the metric names of kafka_exporter, kafka-lag-exporter and kminion, with the same values.
	Compat bool `yaml:"compat"`
}

// PartitionMetrics is the selection of the partitions that have series.
type PartitionMetrics struct {
	// A pattern: groups that match it have series per partition. Default: none.
	Match Regexp `yaml:"match"`

	// Only partitions whose lag exceeds the group's threshold (slo.lag).
	OverThreshold bool `yaml:"overThreshold"`

	// Only this number of partitions per group: those with the highest lag. Default: all.
	Top int `yaml:"top"`
}
