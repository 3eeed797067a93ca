# The cost of a poll.

.PHONY: bench

## bench: measure polls of 100,000 and 1,000,000 partitions of groups, write docs/benchmarks.md
bench:
	cd e2e && go run ./bench -write '$(CURDIR)/docs/benchmarks.md'
