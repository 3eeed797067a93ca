# The cost of the dashboards for Prometheus, for a fleet.

.PHONY: bench-dashboards

## bench-dashboards: measure the queries of the dashboards for 300 groups and 40 scalers, over 3 and 24 hours
bench-dashboards: prometheus
	cd e2e && LAGSCALER_BENCH_DASHBOARDS='$(CURDIR)/docs/benchmarks.md' go test -count=1 -timeout 30m -v -run '^TestDashboardsOfAFleet$$' ./suites/alerts
