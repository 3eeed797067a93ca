package metrics

import "github.com/lagscaler/lagscaler/lag"

// The names below belong to other tools; dashboards and rules written for those go on working. Where a tool writes -1
// or 0 for what it does not know, the series is absent. Labels that name members or hosts are left out, and one that
// names the cluster is added (kafka-lag-exporter has one), since one process reads several. Their sums cannot say that they are
// lower bounds, so one name of ours does.

// tool is whose names they are, and what it calls cluster, group, topic and partition.
type tool struct{ cluster, group, topic, partition string }

var (
	kafkaExporter    = &tool{"kafka_cluster", "consumergroup", "topic", "partition"}
	kafkaLagExporter = &tool{"cluster_name", "group", "topic", "partition"}
	kminion          = &tool{"kafka_cluster", "group_id", "topic_name", "partition_id"}
	ours             = &tool{"kafka_cluster", "group", "topic", "partition"}
)

// level is what a foreign metric has one series for.
type level string

const (
	perCluster        level = "cluster"
	perTopic          level = "topic"
	perPartition      level = "partition"
	perGroup          level = "group"
	perGroupTopic     level = "group and topic"
	perGroupPartition level = "group and partition"
)

// labels are the names of a level's labels.
func (t *tool) labels(l level) []string {
	switch l {
	case perTopic:
		return []string{t.cluster, t.topic}
	case perPartition:
		return []string{t.cluster, t.topic, t.partition}
	case perGroup:
		return []string{t.cluster, t.group}
	case perGroupTopic:
		return []string{t.cluster, t.group, t.topic}
	case perGroupPartition:
		return []string{t.cluster, t.group, t.topic, t.partition}
	default:
		return []string{t.cluster}
	}
}

// compatRow is one foreign name, and the number of ours it shows.
type compatRow struct {
	tool  *tool
	level level
	name  string
	help  string
	value func(*compatView) (float64, bool)
}

var compatTable = []compatRow{
	{kafkaExporter, perGroupPartition, "kafka_consumergroup_lag", "Lag of a group on a partition, in records.", rowLag},
	{kafkaExporter, perGroupTopic, "kafka_consumergroup_lag_sum", "Lag of a group on a topic, in records.", rowLagSum},
	{kafkaExporter, perGroupPartition, "kafka_consumergroup_current_offset", "Committed offset.", rowCommitted},
	{kafkaExporter, perGroup, "kafka_consumergroup_members", "Members of a group.", members},
	{kafkaExporter, perPartition, "kafka_topic_partition_current_offset", "End offset of a partition.", end},
	{kafkaExporter, perPartition, "kafka_topic_partition_oldest_offset", "Start offset of a partition.", start},
	{kafkaExporter, perTopic, "kafka_topic_partitions", "Partitions of a consumed topic.", partitionCount},
	{kafkaExporter, perCluster, "kafka_brokers", "Brokers of the cluster.", brokers},

	{kafkaLagExporter, perGroupPartition, "kafka_consumergroup_group_lag", "Lag of a group on a partition, in records.", rowLag},
	{kafkaLagExporter, perGroup, "kafka_consumergroup_group_max_lag", "Lag of a group's worst partition, in records.", groupMax},
	{kafkaLagExporter, perGroup, "kafka_consumergroup_group_max_lag_seconds", "Time lag of a group's worst partition. A lower bound if the record is older than the history.", groupSeconds},
	{kafkaLagExporter, perGroup, "kafka_consumergroup_group_sum_lag", "Lag of a group, in records.", groupSum},
	{kafkaLagExporter, perGroupTopic, "kafka_consumergroup_group_topic_sum_lag", "Lag of a group on a topic, in records.", rowLagSum},
	{kafkaLagExporter, perPartition, "kafka_partition_latest_offset", "End offset of a partition.", end},
	{kafkaLagExporter, perPartition, "kafka_partition_earliest_offset", "Start offset of a partition.", start},

	{kminion, perGroupTopic, "kminion_kafka_consumer_group_topic_lag", "Lag of a group on a topic, in records.", rowLagSum},
	{kminion, perGroupPartition, "kminion_kafka_consumer_group_topic_partition_lag", "Lag of a group on a partition, in records.", rowLag},
	{kminion, perGroup, "kminion_kafka_consumer_group_members", "Members of a group.", members},
	{kminion, perGroupTopic, "kminion_kafka_consumer_group_topic_offset_sum", "Sum of the committed offsets of a group on a topic.", rowCommittedSum},
	{kminion, perTopic, "kminion_kafka_topic_high_water_mark_sum", "Sum of the end offsets of a topic.", endSum},

	{ours, perGroupTopic, "lagscaler_compat_partitions_unknown", "Partitions of a group on a topic that the last poll could not read, or without a committed offset. While the series is there, sums and maxima of the group, and of the group on the topic, are lower bounds. Absent while all are known.", rowUnknown},
}

// CompatMetrics are all metrics of /metrics/compat, in the order of the docs.
func CompatMetrics() []Metric {
	all := make([]Metric, len(compatTable))
	for i, r := range compatTable {
		all[i] = r.metric()
	}
	return all
}

func (r compatRow) metric() Metric {
	return Metric{
		Name: r.name, Type: Gauge, Area: AreaCompat, Stability: r.stability(),
		Labels: r.tool.labels(r.level), Help: r.help, Optional: true,
	}
}

func (r compatRow) stability() Stability {
	if r.tool == ours {
		return Stable
	}
	return Foreign
}

// row makes the series of the views of its level.
func (r compatRow) row() row[*compatView] {
	return row[*compatView]{Metric: r.metric(), emit: func(v *compatView, o *out) { o.know(r.value(v)) }}
}

func rowLag(v *compatView) (float64, bool) {
	n, ok := v.position.Lag()
	return float64(n), ok
}

func rowCommitted(v *compatView) (float64, bool) {
	return float64(v.position.Committed), v.position.Known.Has(lag.KnownCommitted)
}

func rowLagSum(v *compatView) (float64, bool) {
	var sum int64
	known := false
	for _, p := range v.row.Partitions {
		if n, ok := p.Lag(); ok {
			sum, known = sum+n, true
		}
	}
	return float64(sum), known
}

// rowCommittedSum is unknown while one partition is, as endSum.
func rowCommittedSum(v *compatView) (float64, bool) {
	var sum int64
	known := false
	for _, p := range v.row.Partitions {
		if !p.Answered() {
			return 0, false
		}
		if p.Known.Has(lag.KnownCommitted) {
			sum, known = sum+p.Committed, true
		}
	}
	return float64(sum), known
}

// rowUnknown is absent where the sums of the row are exact.
func rowUnknown(v *compatView) (float64, bool) {
	n := 0
	for _, p := range v.row.Partitions {
		if _, ok := p.Lag(); !ok {
			n++
		}
	}
	return float64(n), n > 0
}

func members(v *compatView) (float64, bool) {
	return float64(len(v.group.lag.Members)), v.group.lag.MembersKnown()
}

func groupMax(v *compatView) (float64, bool) { return float64(v.group.sum.Max), v.group.sum.Known > 0 }

func groupSum(v *compatView) (float64, bool) {
	return float64(v.group.sum.Total), v.group.sum.Known > 0
}

func groupSeconds(v *compatView) (float64, bool) {
	seconds, _, ok := v.group.rates.TimeLag.Value()
	return seconds, ok
}

func end(v *compatView) (float64, bool) {
	return float64(v.offsets.End), v.offsets.Known.Has(lag.KnownEnd)
}

func start(v *compatView) (float64, bool) {
	return float64(v.offsets.Start), v.offsets.Known.Has(lag.KnownStart)
}

func partitionCount(v *compatView) (float64, bool) {
	return float64(len(v.topic.Partitions)), len(v.topic.Partitions) > 0
}

// endSum is unknown while one partition's end is: a sum that drops is worse than a gap.
func endSum(v *compatView) (float64, bool) {
	var sum int64
	for i := range v.topic.Partitions {
		if !v.topic.Partitions[i].Known.Has(lag.KnownEnd) {
			return 0, false
		}
		sum += v.topic.Partitions[i].End
	}
	return float64(sum), len(v.topic.Partitions) > 0
}

func brokers(v *compatView) (float64, bool) {
	return float64(len(v.cluster.Brokers)), len(v.cluster.Brokers) > 0
}
