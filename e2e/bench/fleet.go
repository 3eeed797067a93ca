package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag/shard"
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

// usage is what lagscaler's processes did since they began.
type usage struct {
	Requests map[string]int64 // to all brokers, by API
	Failed   int64            // parts of polls and samples
}

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

// shardReaders are the replicas of all shards, in a process of their own.
type shardReaders struct {
	in   io.WriteCloser
	out  *json.Decoder
	stop func()
}

func startShards(ctx context.Context, brokers string, n int) (*shardReaders, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "shards", "-brokers", brokers, "-count", strconv.Itoa(n)) // ourselves
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &shardReaders{in: in, out: json.NewDecoder(out), stop: sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})}, nil
}

// ask is what the readers did until now.
func (r *shardReaders) ask() (a usage, err error) {
	if _, err := r.in.Write([]byte("\n")); err != nil {
		return a, err
	}
	if err := r.out.Decode(&a); err != nil {
		return a, fmt.Errorf("asking the shards what they did: %w", err)
	}
	return a, nil
}

// latest is the last Report of each replica.
type latest struct {
	mu      sync.Mutex
	reports []*engine.Report // by replica; nil: none yet
}

func (l *latest) usage() usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := usage{Requests: map[string]int64{}}
	for _, r := range l.reports {
		if r == nil || len(r.Polls) == 0 {
			continue
		}
		p := &r.Polls[0]
		for _, of := range p.Requests {
			a.Requests[of.API] += of.Count
		}
		a.Requests["ListGroups"] += int64(p.Samples) * fleetBrokers
		for _, e := range p.Errors {
			a.Failed += int64(e.Count)
		}
	}
	return a
}

// readShards runs two replicas of each of n shards, and prints what they did whenever a line comes in, until standard input closes.
func readShards(ctx context.Context, brokers string, n int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l := &latest{reports: make([]*engine.Report, 2*n)}
	failed := make(chan error, 2*n)
	go func() {
		for i := range 2 * n {
			go func() { failed <- readShard(ctx, brokers, shard.Shard{Index: i / 2, Of: n}, l, i) }()
			if sleep(ctx, fleetInterval/time.Duration(2*n)) != nil { // replicas do not poll in the same moment
				return
			}
		}
	}()
	lines := make(chan bool)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- true
		}
	}()
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("a replica ended: %w", err)
		case _, asks := <-lines:
			if !asks {
				return nil
			}
			if err := json.NewEncoder(os.Stdout).Encode(l.usage()); err != nil {
				return err
			}
		}
	}
}

// readShard runs the program as a replica, without Kubernetes: a replica that follows reads what its leader reads.
func readShard(ctx context.Context, brokers string, own shard.Shard, l *latest, replica int) error {
	c := config.Default()
	c.Kubernetes.Enabled = config.Off
	c.Interval = config.Duration(fleetInterval)
	c.Clusters = []config.Cluster{{Name: "main", Brokers: strings.Split(brokers, ","), ClientID: "lagscaler"}}
	d, err := daemon.New(daemon.Options{Config: c, Build: daemon.Build{Version: "bench"}, Log: io.Discard, Shard: own, Published: func(r *engine.Report) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.reports[replica] = r
	}})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return d.Run(ctx, listener)
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
