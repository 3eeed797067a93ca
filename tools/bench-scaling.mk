# The scaling policy and its alternatives on recorded traffic. It takes 15 minutes on two cores.

.PHONY: bench-scaling

## bench-scaling: simulate every policy on every recorded trace, write docs/scaling-benchmark.md
bench-scaling:
	go run ./scaler/sim/benchmark -write docs/scaling-benchmark.md
