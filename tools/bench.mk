# The cost of a poll.

.PHONY: bench bench-scaler

## bench: measure polls of 100,000 and 1,000,000 partitions of groups, and bench-scaler; write docs/benchmarks.md
bench: bench-scaler
	cd e2e && go run ./bench -write '$(CURDIR)/docs/benchmarks.md'

## bench-scaler: measure two weeks in the simulator, a call of Evaluate, and what scalers keep and save; write docs/benchmarks.md
bench-scaler:
	go run ./scaler/sim/benchmark -cost docs/benchmarks.md
