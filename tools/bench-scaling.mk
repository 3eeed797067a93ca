# How the policy does on recorded traffic, beside the alternatives: a quarter of an hour of two cores.

.PHONY: bench-scaling

## bench-scaling: simulate every policy on every trace, write docs/scaling-benchmark.md
bench-scaling:
	go run ./scaler/sim/benchmark -write docs/scaling-benchmark.md
