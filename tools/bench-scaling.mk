# The scaling policy and its alternatives on recorded and made-up traffic.

.PHONY: bench-scaling bench-scaling-whole

## bench-scaling: simulate every policy on a sample of traffic, one seed; write docs/scaling-benchmark.md
bench-scaling:
	go run ./scaler/sim/benchmark -write docs/scaling-benchmark.md

## bench-scaling-whole: the same on all traffic, three seeds; it takes about an hour on two cores
bench-scaling-whole:
	go run ./scaler/sim/benchmark -whole -write docs/scaling-benchmark.md
