// Command benchmark writes docs/scaling-benchmark.md: every policy on recorded and made-up traffic, with fixed seeds, so that the
// same program writes the same bytes. See tools/bench-scaling.mk.
//
//	traffic.go   what is played; madeup.go: the made-up kinds; unseen.go: those on which nothing was chosen
//	policies.go  who plays, and what is changed
//	jobs.go      the simulations
//	tables.go    means of them; report.go: the document; promises.go, prices.go and unseen.go: parts of it
//	look.go      lagscaler alone, to see in a minute what a change of a rule does
//	cost.go      what the decisions cost
//	slower.go    the policy with a slower reaction; eyes.go: with a look at the end offsets between two polls
//
// It has one task, to measure what the policy does and costs beside others; each file is a part of what is played or written.
package main
