# What a poll costs: one table from one run.

.PHONY: bench

## bench: measure a poll of 100,000 and of 1,000,000 group-partitions, write docs/benchmarks.md
bench:
	cd e2e && go run ./bench -write '$(CURDIR)/docs/benchmarks.md'
