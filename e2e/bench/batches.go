package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

const (
	batchGroups     = 10_000
	batchPartitions = 10               // that each of them reads
	batchRounds     = 10               // measured polls of each way
	batchSession    = 25 * time.Minute // of members that send no heartbeat; brokers admit 30 min
	oneByOne        = 1_000            // groups of the cluster whose groups are read one by one
)

// asked is a way to ask brokers about idle groups.
type asked struct {
	name   string
	batch  int  // groups in a request
	flight int  // requests about one group to a broker at once; 0: the default
	list   bool // the groups are listed, and nothing else is asked
}

var batchWays = []asked{
	{name: "only the list of the groups", batch: 500, list: true},
	{name: "batches of 100", batch: 100},
	{name: "batches of 500", batch: 500},
	{name: "batches of 1,000", batch: 1_000},
	{name: "batches of 2,000", batch: 2_000},
	{name: "all in one", batch: batchGroups},
}

var singleWays = []asked{
	{name: "only the list of the groups", batch: 500, list: true},
	{name: "2 at once", batch: 500, flight: 2},
	{name: "4 at once", batch: 500, flight: 4},
	{name: "8 at once", batch: 500, flight: 8},
	{name: "16 at once", batch: 500, flight: 16},
	{name: "32 at once", batch: 500, flight: 32},
}

// batched is what one poll took.
type batched struct {
	requests        int64
	wall, slowest   time.Duration // of the poll, and the longest of one request in it
	client, brokers time.Duration // CPU
	largest         int64         // bytes of an answer
}

// reportBatches measures how brokers are asked best about many groups.
func reportBatches(ctx context.Context, file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s groups with a member each, %d partitions of each, three brokers, nothing moves. Median of %d polls, in turn; CPU of the brokers is that of all three for one poll, the mean. %s.\n",
		thousands(batchGroups), batchPartitions, batchRounds, machine())
	f := fill{groups: batchGroups, partitions: batchPartitions, members: true, session: batchSession}
	addresses, stop, err := start(ctx, f)
	if err != nil {
		return err
	}
	err = batchTable(ctx, &b, "Embedded brokers, 1 ms added to each answer", addresses, batchWays)
	stop()
	if err != nil {
		return err
	}
	if err := realBatches(ctx, &b, kafka.V43, f, batchWays); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nBrokers that answer for one group at a time (before Kafka 3.0): %s such groups, by the number of requests that a broker has at once.\n", thousands(oneByOne))
	f.groups = oneByOne
	if err := realBatches(ctx, &b, kafka.V28, f, singleWays); err != nil {
		return err
	}
	fmt.Print(b.String())
	if file == "" {
		return nil
	}
	return put(file, "batches", "make bench-batches", b.String())
}

func realBatches(ctx context.Context, b *strings.Builder, version kafka.Version, f fill, ways []asked) error {
	c, err := kafka.Open(ctx, kafka.Config{Version: version, Properties: map[string]string{"offsets.topic.num.partitions": "50"}})
	if err != nil {
		return err
	}
	err = fillReal(ctx, strings.Split(c.Bootstrap(), ","), numbered(topics), f)
	if err == nil {
		err = batchTable(ctx, b, "Apache Kafka "+string(version)+", C1 compiler alone", strings.Split(c.Bootstrap(), ","), ways)
	}
	return errors.Join(err, c.Close())
}

// batchTable measures the ways in turn, so that what else the machine does is in all of them.
func batchTable(ctx context.Context, b *strings.Builder, title string, addresses []string, ways []asked) error {
	sources, wires := make([]*kafkasource.Source, len(ways)), make([]*wire, len(ways))
	for i, w := range ways {
		wires[i] = &wire{}
		cfg := kafkasource.Config{
			Cluster: "bench", Brokers: addresses, Dial: wires[i].dial,
			Limits: kafkasource.Limits{Groups: w.batch, Single: w.flight, Request: time.Minute, Poll: 2 * time.Minute},
		}
		if w.list {
			cfg.Group = func(string) bool { return false }
		}
		s, err := kafkasource.New(cfg)
		if err != nil {
			return err
		}
		defer s.Close()
		sources[i] = s
	}
	polls := make([][]batched, len(ways))
	for round := range batchRounds + 2 {
		for i := range ways {
			one, err := askOnce(ctx, sources[i], wires[i])
			if err != nil {
				return fmt.Errorf("%s, %s: %w", title, ways[i].name, err)
			}
			if round >= 2 { // the first ones also read metadata
				polls[i] = append(polls[i], one)
			}
		}
	}
	fmt.Fprintf(b, "\n%s:\n\n| a poll | requests | ms | slowest request, ms | largest answer, kB | client CPU, ms | CPU of the brokers, ms |\n|---|---|---|---|---|---|---|\n", title)
	for i, w := range ways {
		ms := func(of func(*batched) time.Duration) float64 {
			return float64(median(polls[i], of).Microseconds()) / 1e3
		}
		fmt.Fprintf(b, "| %s | %d | %.0f | %.1f | %.0f | %.1f | %.0f |\n", w.name, median(polls[i], func(p *batched) int64 { return p.requests }),
			ms(func(p *batched) time.Duration { return p.wall }), ms(func(p *batched) time.Duration { return p.slowest }),
			float64(median(polls[i], func(p *batched) int64 { return p.largest }))/1e3,
			ms(func(p *batched) time.Duration { return p.client }), float64(mean(polls[i]).Microseconds())/1e3)
	}
	return nil
}

func median[T int64 | time.Duration](all []batched, of func(*batched) T) T {
	values := make([]T, len(all))
	for i := range all {
		values[i] = of(&all[i])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// mean is that of the brokers' CPU.
func mean(all []batched) (m time.Duration) {
	for i := range all {
		m += all[i].brokers
	}
	return m / time.Duration(len(all))
}

func askOnce(ctx context.Context, s *kafkasource.Source, w *wire) (one batched, err error) {
	w.forgetExtremes()
	brokers, err := childrenCPU()
	if err != nil {
		return one, err
	}
	client, began := cpuTime(), time.Now()
	o := s.Observe(ctx)
	one.wall, one.client = time.Since(began), cpuTime()-client
	if len(o.Errors) > 0 {
		return one, fmt.Errorf("observing: %+v", o.Errors)
	}
	after, err := childrenCPU()
	one.brokers = after - brokers
	one.slowest, one.largest = w.extremes()
	for _, r := range o.Requests {
		one.requests += r.Count
	}
	return one, err
}

// tick is the unit in which Linux counts the CPU time of other processes.
const tick = time.Second / 100

// childrenCPU is what the children of this process, which are the brokers, used so far. It is too coarse for one poll, not for the mean of
// several.
func childrenCPU() (sum time.Duration, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the state on
		if len(fields) < 13 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		for _, field := range fields[11:13] { // user and system
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}
