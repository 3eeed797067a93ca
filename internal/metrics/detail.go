package metrics

import "github.com/lagscaler/lagscaler/lag"

// topicTable is what each topic of a group has, where the configuration asks for it.
var topicTable = []row[*topicView]{
	{
		Metric: Metric{
			Name: "lagscaler_topic_lag_records", Type: Gauge, Area: AreaLag, Stability: Stable, Labels: topicLabels, Optional: true,
			Help: "Lag of the group on one topic, in records, over the partitions whose lag is known.",
		},
		emit: func(t *topicView, o *out) { o.know(float64(t.total), t.known > 0) },
	},
}

func partitionRow(name, help string, f func(*partitionView, *out)) row[*partitionView] {
	return row[*partitionView]{Metric: Metric{Name: name, Type: Gauge, Area: AreaLag, Stability: Stable, Labels: partitionLabels, Optional: true, Help: help}, emit: f}
}

// partitionTable is what each partition of a group has, where the configuration asks for it.
var partitionTable = []row[*partitionView]{
	partitionRow("lagscaler_partition_lag_records", "Lag of the group on one partition, in records.",
		func(p *partitionView, o *out) {
			n, ok := p.p.Lag()
			o.know(float64(n), ok)
		}),
	partitionRow("lagscaler_partition_committed_offset", "The next offset that the group will read.",
		func(p *partitionView, o *out) { o.know(float64(p.p.Committed), p.p.Known.Has(lag.KnownCommitted)) }),
	partitionRow("lagscaler_partition_end_offset", "The end of the log: the high watermark, or the last stable offset for groups with read_committed.",
		func(p *partitionView, o *out) { o.know(float64(p.p.End), p.p.Known.Has(lag.KnownEnd)) }),
	partitionRow("lagscaler_partition_start_offset", "The start of the log.",
		func(p *partitionView, o *out) { o.know(float64(p.p.Start), p.p.Known.Has(lag.KnownStart)) }),
}
