// Command bench measures what a poll of a large cluster costs, beside other ways to read the same numbers.
//
//	bench            the table of one run: 100,000 group-partitions read five ways, and 1,000,000 read by us
//	bench -write F   the same, put between the markers of docs/benchmarks.md
//
// Brokers are embedded ones in a process of their own, so that the client's CPU and memory are the client's alone.
// Ways take turns within each round, after a garbage collection, and medians are over rounds.
//
// It runs parts of the program alone (kafkasource, lag, engine, metrics), not internal/daemon: every cost must be that of one
// part, without the pages, the sampler and the timers of a daemon beside it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	role := flag.String("role", "", "internal: what a child process does")
	groups := flag.Int("groups", 0, "internal: consumer groups of the brokers")
	brokers := flag.String("brokers", "", "internal: addresses to read")
	rounds := flag.Int("rounds", 15, "measured rounds")
	write := flag.String("write", "", "put the table into this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch *role {
	case "brokers":
		return serve(ctx, *groups)
	case "million":
		return readMillion(ctx, *brokers)
	}
	return report(ctx, *rounds, *write)
}
