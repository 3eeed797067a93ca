package config

import "github.com/lagscaler/lagscaler/scaler/seen"

// Group is an entry with the settings of the groups that it matches.
type Group struct {
	// A pattern that matches the complete name of the group.
	Match Regexp `yaml:"match"`

	// Only groups of this cluster. Default: all clusters.
	Cluster string `yaml:"cluster"`

	// The owner of the group, such as `{team: shop}`: values of labels that `owners` lists. These values take precedence over the
	// labels of the KafkaScaler that names the group, and those take precedence over the labels of its namespace.
	Labels map[string]string `yaml:"labels"`

	// The thresholds of the alerts. A group with an entry is declared, so its alerts may be critical.
	SLO SLO `yaml:"slo"`

	// `read_committed` for consumers that read only committed transactions: their lag is measured against the last
	// stable offset. The brokers do not show this setting of a consumer.
	Isolation seen.Isolation `yaml:"isolation"`

	// The commit interval of the consumers. Default: it is learned.
	CommitInterval Duration `yaml:"commitInterval"`

	// For how long a committed offset may stand while records wait: longer than the longest job, or the time between two
	// files of a sink. Partitions that stand for longer are stalled. Default: it is learned.
	CommitsWithin Duration `yaml:"commitsWithin"`

	// How many offsets at the end of a partition are never read: markers of transactions, and aborted records if the
	// consumers read only committed ones. A lag of at most so many counts as nothing. Default: it is learned.
	LeavesBehind int64 `yaml:"leavesBehind"`
}

// SLO is the set of thresholds for the alerts of a group.
type SLO struct {
	// The highest allowed lag of a partition, in records. Default 50000.
	Lag int64 `yaml:"lag"`

	// The highest allowed time lag of a partition. Default: no limit, and no burn rate alerts.
	LagTime Duration `yaml:"lagTime"`

	// The allowed number of unplanned rebalances per hour: those that no replica change and no rollout explains. Default 4.
	RebalancesPerHour float64 `yaml:"rebalancesPerHour"`

	// The longest allowed duration of a rebalance. Default 30s.
	RebalanceTime Duration `yaml:"rebalanceTime"`

	// The allowed fraction of the members that join or leave per minute, from 0 to 1. Default 0.1.
	Churn float64 `yaml:"churn"`

	// The allowed skew of the assignment, from 0 (as even as possible) to 1 (one member has all partitions). Default 0.3.
	Skew float64 `yaml:"skew"`
}
