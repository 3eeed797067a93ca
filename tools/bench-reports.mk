# How the cost of a poll grows with clusters, groups and scalers.

.PHONY: bench-reports

## bench-reports: measure a poll beside 1, 10 and 50 clusters, and thresholds at 500 and 5,000 groups and scalers
bench-reports:
	go test -run '^$$' -bench 'Publish|DeclaredThresholds' -benchtime 50x ./internal/engine
