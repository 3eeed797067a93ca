// Package metrics shows a Report as Prometheus exposition.
//
//	Report --views--> rows of the tables --families--> client_golang's negotiation --answer--> scrapers
//	                  name, help, type, labels,         text, OpenMetrics, protobuf;   kept until the
//	                  and how the value follows         gzip, zstd                     next Report
//
// A row of a table is everything about a metric: the collector, docs/metrics.md and the tests that hold alerts and
// dashboards against what is exposed are all made from it. A scrape reads the last Report and costs Kafka nothing.
// Unknown is an absent series, never 0 and never -1.
package metrics

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run TestDocs .
