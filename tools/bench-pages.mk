# The cost of the pages of the web UI for the largest fleet.

.PHONY: bench-pages

## bench-pages: measure every page with 10,000 groups of 100 partitions and their longest history of rebalances
bench-pages:
	go test -run '^$$' -bench Pages -benchmem ./internal/web
