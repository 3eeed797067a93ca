# What a poll costs, what others pay for the same numbers, and what many clusters at once cost.

.PHONY: bench bench-batches bench-clusters bench-large bench-shards bench-scaler

## bench: measure polls of 100,000 partitions of groups, bench-large and bench-scaler; write docs/benchmarks.md
bench: bench-scaler bench-large
	cd e2e && go run ./bench -write '$(CURDIR)/docs/benchmarks.md'

## bench-large: measure a million group-partitions, one shard of ten million, 10,000 idle groups, and what each part keeps; write docs/benchmarks.md
bench-large:
	cd e2e && go run ./bench -large -write '$(CURDIR)/docs/benchmarks.md'

## bench-batches: measure what 10,000 idle groups cost embedded and real brokers, by how many of them one request asks about; five minutes
bench-batches:
	cd e2e && go run ./bench -batches -write '$(CURDIR)/docs/benchmarks.md'

## bench-clusters: measure the program that reads 50 clusters of 2,000 groups, also with three that fail; ten minutes, 4 GB
bench-clusters:
	cd e2e && go run ./bench -many -write '$(CURDIR)/docs/benchmarks.md'

## bench-shards: measure what the brokers of a real Kafka spend on one shard and on ten; about ten minutes (ROUNDS=1)
bench-shards: kafka-4.4
	cd e2e && LAGSCALER_KAFKA_VERSIONS=4.4 go run ./bench -shards -rounds $(or $(ROUNDS),1) -write '$(CURDIR)/docs/benchmarks.md'

## bench-scaler: measure two weeks in the simulator, a call of Evaluate, and what scalers keep and save; write docs/benchmarks.md
bench-scaler:
	go run ./scaler/sim/benchmark -cost docs/benchmarks.md
