// Package metrics serves a Report as Prometheus metrics.
//
// The problem: the alerts, the dashboards and the queries of users depend on the names and labels, and a scrape must not wait
// for Kafka. The rules:
//
//   - One row of a table is everything about one metric: its name, help, type and labels, and how its value follows from the
//     Report. The response of /metrics, the file docs/metrics.md and the tests of alerts and dashboards are made from these
//     rows.
//   - A scrape reads only the last Report. It is rendered once for each Report and format, and then served from memory.
//   - An unknown value has no series. It is never 0 or -1.
//
// How a Report becomes a page:
//
//	Report --views--> rows of the tables --families--> client_golang's negotiation --answer--> scrapers
//	                  name, help, type, labels,         text, OpenMetrics, protobuf;   kept until the
//	                  and how the value follows         gzip, zstd                     next Report
//
// The tables:
//
//	table            one view for each                   exposed by      file
//	groupTable       consumer group                      the leader      group.go
//	topicTable       topic of a group, if configured     the leader      detail.go
//	partitionTable   partition, if configured            the leader      detail.go
//	scalerTable      target of a scaler                  the leader      scaler.go
//	clusterTable     Kafka cluster                       the leader      self.go
//	pollTable        Kafka cluster                       every replica   self.go
//	selfTable        replica                             every replica   self.go
//	compatTable      groups, topics and partitions,      the leader      compat.go
//	                 with the metric names of other
//	                 tools, at /metrics/compat
//
// Example: group "orders" has a lag of 30 on partition 0, and partition 1 has no leader. The page then contains
//
//	lagscaler_group_lag_records{kafka_cluster="main",group="orders"} 30
//	lagscaler_group_partitions_unknown{kafka_cluster="main",group="orders"} 1
//
// and nothing about the lag of partition 1. If the group cannot be read at all, its gauges disappear after two polls
// (lag.StaleAfter). Its counters remain, and so do its thresholds and status, whose rows in group.go are marked keptWhenStale.
// The method row.into, in table.go, applies this rule.
//
// The package has more than 1,500 lines, because it has about 100 metrics. It still has one task: a metric is one row, and
// no other code depends on it.
package metrics

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run TestDocs .
