// Command benchmark writes docs/scaling-benchmark.md: every policy on recorded and made-up traffic, with fixed seeds, so that the
// same program writes the same bytes. See tools/bench-scaling.mk.
//
//	traffic.go   what is played; madeup.go: the made-up kinds
//	policies.go  who plays, and what is changed
//	jobs.go      the simulations
//	tables.go    means of them; report.go: the document
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("write", "", "the `FILE` to write; standard output without it")
	whole := flag.Bool("whole", false, "all traffic and three seeds, instead of a sample and one seed")
	flag.Parse()
	if err := run(*out, *whole); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

const wholeSeeds = 3

func run(out string, whole bool) error {
	all, err := allTraffic(whole)
	if err != nil {
		return err
	}
	seeds := 1
	if whole {
		seeds = wholeSeeds
	}
	jobs := plan(all, seeds)
	if err := simulate(jobs, func(done int) { fmt.Fprintf(os.Stderr, "\r%d of %d", done, len(jobs)) }); err != nil {
		return err
	}
	var b bytes.Buffer
	report(&b, all, jobs, seeds, whole)
	if out == "" {
		_, err = os.Stdout.Write(b.Bytes())
	} else {
		err = os.WriteFile(out, b.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the benchmark: %w", err)
	}
	return nil
}
