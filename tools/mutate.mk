# Mutation tests: does a test fail for every mistake in the code that decides? The code of rules, limits, the merge of what brokers
# answer, doubts, zero, the election and writes.

.PHONY: mutate

MUTATE ?= scaler/rules.go scaler/limits.go scaler/combine.go scaler/table.go scaler/lane.go scaler/zero.go \
	scaler/asleep/join.go scaler/asleep/mark.go scaler/asleep/source.go scaler/asleep/state.go \
	lag/compute.go lag/doubt.go lag/kafkasource/groups/coordinator.go lag/kafkasource/groups/missing_commits.go \
	lag/kafkasource/groups/reading.go lag/kafkasource/groups/unlisted.go lag/kafkasource/groups/cache.go \
	scaler/kube/election/election.go scaler/kube/scales.go internal/engine/identity.go internal/engine/memory.go internal/engine/scaling.go internal/engine/writes.go internal/engine/conclude.go internal/engine/followed.go

## mutate: make mistakes in the code that decides, one at a time, and count those that tests notice (SAMPLE=100 SEED=1 MUTATE=files)
mutate:
	go run ./internal/mutate -sample $(or $(SAMPLE),100) -seed $(or $(SEED),1) $(MUTATE)
