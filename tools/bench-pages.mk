# What a page of the largest fleet costs.

.PHONY: bench-pages

## bench-pages: measure each page at 10,000 groups of 100 partitions with all the rebalances they may remember
bench-pages:
	go test -run '^$$' -bench Pages -benchmem ./internal/web
