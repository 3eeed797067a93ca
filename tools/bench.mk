# What a poll costs, what others pay for the same numbers, and what many clusters at once cost.

.PHONY: bench bench-clusters bench-shards bench-scaler

## bench: measure polls of 100,000 and 1,000,000 partitions of groups, and bench-scaler; write docs/benchmarks.md
bench: bench-scaler
	cd e2e && go run ./bench -write '$(CURDIR)/docs/benchmarks.md'

## bench-clusters: measure the program that reads 50 clusters of 2,000 groups, also with three that fail; ten minutes, 4 GB
bench-clusters:
	cd e2e && go run ./bench -many -write '$(CURDIR)/docs/benchmarks.md'

## bench-shards: measure what the brokers of a real Kafka spend on one shard and on ten; about four minutes (ROUNDS=1)
bench-shards: kafka-4.4
	cd e2e && LAGSCALER_KAFKA_VERSIONS=4.4 go run ./bench -shards -rounds $(or $(ROUNDS),1) -groups 3000 -write '$(CURDIR)/docs/benchmarks.md'

## bench-scaler: measure two weeks in the simulator, a call of Evaluate, and what scalers keep and save; write docs/benchmarks.md
bench-scaler:
	go run ./scaler/sim/benchmark -cost docs/benchmarks.md
