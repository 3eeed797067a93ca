package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

// sharded is a real cluster that shards read. Each shard asks for the ends of the topics of its groups: how often an end is read depends on how
// many groups read its topic.
type sharded struct {
	groups     int
	topics     int
	partitions int // of a topic; each group reads all of one topic
}

// shardedClusters are the clusters that are measured. The first has the shape of the large clusters of bench-large: commits cost much more than ends,
// which all ten shards read. Ten groups a topic are about the worst: they are in six or seven of ten shards, and all of these read the ends of
// the topic. With one group a topic no end is read twice.
var shardedClusters = []sharded{
	{groups: 10_000, topics: topics, partitions: perTopic},
	{groups: 20_000, topics: 2_000, partitions: 10},
}

const (
	fleetBrokers = 3

	fleetCompiles = 90 * time.Second // one shard reads for so long first: until the brokers have compiled what they need
	fleetSettles  = 15 * time.Second // after readers end, before the brokers count as idle
	fleetIdle     = 20 * time.Second
	fleetWarmUp   = 25 * time.Second // two polls
	fleetMeasured = time.Minute      // six polls, one of which reads the starts of the logs, and two readings of metadata
	fleetInterval = 10 * time.Second

	userHertz = 100 // ticks a second in /proc/PID/stat, on every Linux
)

// shardCounts are the numbers of shards that are compared. Each shard has two replicas, which both read.
var shardCounts = []int{1, 10}

// brokersCost is one measurement: of the brokers while so many shards read.
type brokersCost struct {
	shards   int
	cores    float64            // of all brokers
	idle     float64            // of all brokers, while nobody reads: just before
	requests map[string]float64 // a second and broker, by API
	failed   int64              // parts of polls and samples
}

func (c *brokersCost) ours() float64 { return c.cores - c.idle }

// reportShards measures what the brokers of real Kafkas spend on one shard and on ten, in turns, and prints the tables, or writes them
// between their markers.
func reportShards(ctx context.Context, rounds int, file string) error {
	version := kafka.Versions[len(kafka.Versions)-1]
	text := fmt.Sprintf("Kafka %s, %d brokers with all compilers of the JVM, as in production. Polls every %v, samples every second. %d rounds of one shard and of ten, in turns, %v each after %v without measuring; the mean. %s.\n",
		version, fleetBrokers, fleetInterval, rounds, fleetMeasured, fleetWarmUp, machine())
	for _, f := range shardedClusters {
		part, err := f.measure(ctx, version, rounds)
		if err != nil {
			return err
		}
		text += part
	}
	fmt.Print(text)
	if file == "" {
		return nil
	}
	return put(file, "shards", "make bench-shards", text)
}

// measure is the table of one cluster.
func (f sharded) measure(ctx context.Context, version kafka.Version, rounds int) (text string, err error) {
	cluster, err := kafka.Open(ctx, kafka.Config{
		Version: version, Nodes: fleetBrokers, AllCompilers: true,
		Properties: map[string]string{"group.max.session.timeout.ms": strconv.FormatInt((24 * time.Hour).Milliseconds(), 10)}, // members send no heartbeats
	})
	if err != nil {
		return "", err
	}
	var costs []brokersCost
	err = func() error {
		if err := fillReal(ctx, strings.Split(cluster.Bootstrap(), ","), numbered(f.topics), fill{groups: f.groups, partitions: f.partitions, members: true}); err != nil {
			return fmt.Errorf("filling the cluster: %w", err)
		}
		if err := compile(ctx, cluster); err != nil {
			return err
		}
		for range rounds {
			for _, n := range shardCounts {
				c, err := measureShards(ctx, cluster, n)
				if err != nil {
					return err
				}
				fmt.Fprintf(os.Stderr, "%d shards: %.3f cores of the brokers, %.3f idle; requests a second and broker: %v\n", n, c.cores, c.idle, c.requests)
				costs = append(costs, c)
			}
		}
		return nil
	}()
	if failed := cluster.Close(); failed != nil {
		fmt.Fprintln(os.Stderr, "closing the cluster:", failed) // what was measured stands
	}
	if err != nil {
		return "", err
	}
	return f.render(costs, rounds), nil
}

// compile lets one shard read until the brokers have compiled what they need: they take several times as much CPU before.
func compile(ctx context.Context, cluster *kafka.Cluster) error {
	readers, err := startShards(ctx, cluster.Bootstrap(), 1)
	if err != nil {
		return err
	}
	defer readers.stop()
	return sleep(ctx, fleetCompiles)
}

// measureShards measures the brokers while nobody reads, and then while so many shards read, without their start.
func measureShards(ctx context.Context, cluster *kafka.Cluster, n int) (c brokersCost, err error) {
	c = brokersCost{shards: n, requests: map[string]float64{}}
	if err := sleep(ctx, fleetSettles); err != nil {
		return c, err
	}
	if c.idle, err = brokersDuring(ctx, cluster, fleetIdle); err != nil {
		return c, err
	}
	readers, err := startShards(ctx, cluster.Bootstrap(), n)
	if err != nil {
		return c, err
	}
	defer readers.stop()
	if err := sleep(ctx, fleetWarmUp); err != nil {
		return c, err
	}
	before, err := readers.ask()
	if err != nil {
		return c, err
	}
	if c.cores, err = brokersDuring(ctx, cluster, fleetMeasured); err != nil {
		return c, err
	}
	after, err := readers.ask()
	if err != nil {
		return c, err
	}
	c.failed = after.Failed - before.Failed
	for api, count := range after.Requests {
		c.requests[api] = float64(count-before.Requests[api]) / fleetMeasured.Seconds() / float64(len(cluster.Nodes))
	}
	return c, nil
}

// brokersDuring is how many cores all brokers use, from now on for so long.
func brokersDuring(ctx context.Context, cluster *kafka.Cluster, d time.Duration) (cores float64, err error) {
	before, err := brokersCPU(cluster)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	after, err := brokersCPU(cluster)
	return (after - before).Seconds() / time.Since(began).Seconds(), err
}

// brokersCPU is the CPU time of all brokers since they began, in user and kernel mode.
func brokersCPU(cluster *kafka.Cluster) (sum time.Duration, err error) {
	for _, n := range cluster.Nodes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.Pid()))
		if err != nil {
			return 0, err
		}
		used, err := cpuIn(string(text))
		if err != nil {
			return 0, fmt.Errorf("broker %d: %w", n.ID, err)
		}
		sum += used
	}
	return sum, nil
}

// cpuIn reads user and system time, fields 14 and 15 of /proc/PID/stat. The second field is a name, which may have spaces.
func cpuIn(stat string) (time.Duration, error) {
	after := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]) // from the third field on
	if len(after) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat is %q", stat)
	}
	var sum time.Duration
	for _, field := range after[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		sum += time.Duration(ticks) * time.Second / userHertz
	}
	return sum, nil
}

// render is the table: each number is the mean over the rounds.
func (f sharded) render(costs []brokersCost, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s groups with a member each, %s topics of %d partitions, each read by %d groups: %s group-partitions.\n\n",
		thousands(f.groups), thousands(f.topics), f.partitions, f.groups/f.topics, thousands(f.groups*f.partitions))
	apis := map[string]bool{}
	for _, c := range costs {
		for api, rate := range c.requests {
			if rate > 0 {
				apis[api] = true
			}
		}
	}
	names := make([]string, 0, len(apis))
	for api := range apis {
		names = append(names, api)
	}
	slices.Sort(names)
	fmt.Fprintf(&b, "| shards | replicas that read | CPU of all brokers for lagscaler | requests a second and broker | %s |\n|---|---|---|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	var ours []float64
	for _, n := range shardCounts {
		cores, sums, all := 0.0, map[string]float64{}, 0.0
		for _, c := range costs {
			if c.shards != n {
				continue
			}
			cores += c.ours() / float64(rounds)
			for api, rate := range c.requests {
				sums[api] += rate / float64(rounds)
				all += rate / float64(rounds)
			}
		}
		ours = append(ours, cores)
		fmt.Fprintf(&b, "| %d | %d | %.1f %% of a core | %.1f |", n, 2*n, 100*cores, all)
		for _, api := range names {
			fmt.Fprintf(&b, " %.2f |", sums[api])
		}
		b.WriteString("\n")
	}
	idle, low, high, failed := 0.0, 0.0, 0.0, int64(0)
	for i, c := range costs {
		failed += c.failed
		idle += c.idle / float64(len(costs))
		if i%2 == 1 {
			ratio := c.ours() / costs[i-1].ours()
			if low == 0 || ratio < low {
				low = ratio
			}
			high = max(high, ratio)
		}
	}
	fmt.Fprintf(&b, "\nTen shards cost the brokers %.2f times what one does (in single rounds %.2f to %.2f). What they use while nobody reads, %.1f %% of a core, is not in the table.\n", ours[1]/ours[0], low, high, 100*idle)
	if failed > 0 {
		fmt.Fprintf(&b, "%d parts of polls and samples failed meanwhile.\n", failed)
	}
	return b.String()
}
