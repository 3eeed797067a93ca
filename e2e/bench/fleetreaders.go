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
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag/shard"
)

// usage is what lagscaler's processes did since they began.
type usage struct {
	Requests map[string]int64 // to all brokers, by API
	Failed   int64            // parts of polls and samples
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

// readShard runs the program as a replica, without Kubernetes. The second one of each shard follows.
func readShard(ctx context.Context, brokers string, own shard.Shard, l *latest, replica int) error {
	c := config.Default()
	c.Kubernetes.Enabled = config.Off
	c.Interval = config.Duration(fleetInterval)
	c.Clusters = []config.Cluster{{Name: "main", Brokers: strings.Split(brokers, ","), ClientID: "lagscaler"}}
	d, err := daemon.New(daemon.Options{Config: c, Build: daemon.Build{Version: "bench"}, Log: io.Discard, Shard: own, Follows: replica%2 == 1, Published: func(r *engine.Report) {
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
