// Command bench measures the cost of a poll of a large cluster, and the cost of other methods to read the same numbers.
//
//	bench            the table of one run: 100,000 group-partitions read by four methods
//	bench -write F   the same, written into docs/benchmarks.md, between the two comments that mark the place
//	bench -large     the tables of large clusters: time, requests, memory, and what each part keeps; also with -write
//	bench -batches   what idle groups cost brokers, by how many of them one request asks about; with real brokers, too; also with -write
//	bench -shards    the table of what brokers of a real Kafka spend on one shard and on ten, also with -write; make kafka fetches it
//	bench -many      the table of the program that reads 50 clusters, also with -write; -clusters and -groups make them fewer
//
// Embedded brokers run in a process of their own, so that the measured CPU and memory are those of the client only.
// Every round runs each method once, after a garbage collection. The table has the medians of all rounds.
//
// Without -many it runs single parts of the program (kafkasource, lag, engine, metrics), not internal/daemon. So each measured cost is
// that of one part, without the pages, the sampler and the timers of a daemon.
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
	shards := flag.Bool("shards", false, "measure what the brokers of a real Kafka spend on one shard and on ten")
	count := flag.Int("count", 1, "internal: how many shards")
	role := flag.String("role", "", "internal: what a child process does")
	partitions := flag.Int("partitions", perTopic, "internal: that each group reads")
	members := flag.Bool("members", true, "internal: each group has a member")
	of := flag.Int("of", 0, "internal: of how many shards the groups of the first are to be read")
	name := flag.String("world", "", "internal: which large cluster is read")
	groups := flag.Int("groups", manyGroups, "with -many: consumer groups of each cluster")
	clusters := flag.Int("clusters", manyClusters, "with -many: clusters, at least 4")
	many := flag.Bool("many", false, "measure the program that reads many clusters")
	batches := flag.Bool("batches", false, "measure how many groups a request should ask about")
	large := flag.Bool("large", false, "measure large clusters")
	faulty := flag.Int("faulty", 0, "internal: how many of the addresses are no good clusters")
	brokers := flag.String("brokers", "", "internal: addresses to read")
	rounds := flag.Int("rounds", 15, "measured rounds")
	write := flag.String("write", "", "put the table into this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch *role {
	case "brokers":
		return serve(ctx, fill{groups: *groups, partitions: *partitions, members: *members, shards: *of})
	case "large":
		return readLarge(ctx, *brokers, *name)
	case "fleet":
		return serveMany(ctx, *clusters, *groups)
	case "shards":
		return readShards(ctx, *brokers, *count)
	case "reader":
		return readClusters(ctx, *brokers, *faulty)
	}
	if *large {
		return reportLarge(ctx, *write)
	}
	if *batches {
		return reportBatches(ctx, *write)
	}
	if *shards {
		return reportShards(ctx, *rounds, *write)
	}
	if *many {
		return reportClusters(ctx, *clusters, *groups, *write)
	}
	return report(ctx, *rounds, *write)
}
