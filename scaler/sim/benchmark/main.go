package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

func main() {
	out := flag.String("write", "", "the `FILE` to write; standard output without it")
	whole := flag.Bool("whole", false, "all traffic and three seeds, instead of a sample and one seed")
	only := flag.String("look", "", "play only lagscaler, on the traffic whose name matches this `EXPRESSION`, and print the result")
	seeds := flag.Int("seeds", 1, "of -look")
	with := flag.String("with", "", "of -look: eyes (a look at the end offsets each second), decisions (no step up between two decisions), settled (none until the last one has)")
	cost := flag.String("cost", "", "measure what the decisions cost, and write the table into this `FILE`")
	flag.Parse()
	err := error(nil)
	switch {
	case *cost != "":
		err = costs(*cost)
	case *only != "":
		err = lookAt(*only, *with, *whole, *seeds)
	default:
		err = run(*out, *whole)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

const wholeSeeds = 3

// lookAt is playAlone, on all traffic.
func lookAt(pattern, with string, whole bool, seeds int) error {
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("-look: %w", err)
	}
	all, err := allTraffic(whole)
	if err != nil {
		return err
	}
	wraps := map[string]func(sim.Policy) sim.Policy{
		"": func(p sim.Policy) sim.Policy { return p }, "eyes": func(p sim.Policy) sim.Policy { return &eyes{Policy: p} },
		"decisions": betweenDecisions, "settled": unsettled,
	}[with]
	if wraps == nil {
		return fmt.Errorf("-with %q: eyes, decisions, settled, or nothing", with)
	}
	return playAlone(os.Stdout, append(all, unseenTraffic(all)...), matches, seeds, wraps)
}

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
