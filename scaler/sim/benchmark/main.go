// Command benchmark writes docs/scaling-benchmark.md: every policy on every shipped trace, with fixed seeds, so that the
// same program writes the same bytes. See tools/bench-scaling.mk.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

func main() {
	out := flag.String("write", "", "the `FILE` to write; standard output without it")
	seeds := flag.Int("seeds", 5, "worlds for each row")
	flag.Parse()
	if err := run(*out, *seeds); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func run(out string, seeds int) error {
	all, err := shipped()
	if err != nil {
		return err
	}
	jobs := plan(all, madeUpTraces(madeUpSpan), seeds)
	if err := simulate(jobs, func(done int) { fmt.Fprintf(os.Stderr, "\r%d of %d", done, len(jobs)) }); err != nil {
		return err
	}
	var b bytes.Buffer
	report(&b, all, jobs, seeds)
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

// shipped are the shipped traces, by name.
func shipped() ([]sim.Trace, error) {
	entries, err := traces.Files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("listing traces: %w", err)
	}
	var all []sim.Trace
	for _, e := range entries {
		f, err := traces.Files.Open(e.Name())
		if err != nil {
			return nil, fmt.Errorf("opening a trace: %w", err)
		}
		t, err := sim.ReadTrace(strings.TrimSuffix(e.Name(), ".csv"), f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// simulate runs all jobs on all cores.
func simulate(jobs []*job, progress func(done int)) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	finished := make(chan struct{}, len(jobs))
	for _, j := range jobs {
		g.Go(func() error {
			r, err := j.run(j)
			if err != nil {
				return fmt.Errorf("%s: %w", j.policy, err)
			}
			r.Points, r.Moves = nil, nil // nobody plots them, and there are many
			j.result = r
			finished <- struct{}{}
			progress(len(finished))
			return nil
		})
	}
	return g.Wait()
}
