package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// million is what reading a very large cluster took.
type million struct {
	Groups, Partitions int
	Requests           int64         // of a warm poll
	Wall               time.Duration // median of the warm polls
	CPU                time.Duration // a poll
	PeakRSS            int64         // bytes
}

// millionPolls is how often the cluster is read: more than the memory needs to settle.
const millionPolls = 10

// memoryLimit is what Go is told about the memory it may use, as in a container of 300 MB. Without it the garbage
// collector lets memory grow to twice what is in use.
const memoryLimit = "250MiB"

// readMillion does what the daemon does with a poll: snapshot, history, and the snapshot before kept for comparison.
func readMillion(ctx context.Context, brokers string) error {
	s, err := kafkasource.New(kafkasource.Config{Cluster: "bench", Brokers: strings.Split(brokers, ",")})
	if err != nil {
		return err
	}
	defer s.Close()
	var m million
	var before *lag.Snapshot
	var history lag.History
	cpu, began := cpuTime(), time.Now()
	for range millionPolls {
		o := s.Observe(ctx)
		if len(o.Errors) > 0 {
			return fmt.Errorf("observing: %+v", o.Errors)
		}
		before = lag.Compute(o, before, nil)
		history.Add(before, func(string) lag.SLO { return lag.DefaultSLO })
		m.Requests = 0
		for _, r := range o.Requests {
			m.Requests += r.Count
		}
	}
	m.Wall, m.CPU = time.Since(began)/millionPolls, (cpuTime()-cpu)/millionPolls
	m.Groups = len(before.Groups)
	for i := range before.Groups {
		m.Partitions += before.Groups[i].Summary().Partitions
	}
	if m.PeakRSS, err = peakRSS(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// peakRSS is the most memory this process ever had, in bytes.
func peakRSS() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmHWM in /proc/self/status")
}

// measureMillion reads a cluster of 10,000 groups in a process of its own.
func measureMillion(ctx context.Context) (million, error) {
	var m million
	addresses, stop, err := start(ctx, 10_000)
	if err != nil {
		return m, err
	}
	defer stop()
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "million", "-brokers", strings.Join(addresses, ",")) // ourselves
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOMEMLIMIT="+memoryLimit)
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("reading 1,000,000 group-partitions: %w", err)
	}
	return m, json.Unmarshal(out, &m)
}
