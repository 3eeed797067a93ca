package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// The clusters that are read at once by one process: what a platform team watches.
const (
	manyClusters  = 50
	manyGroups    = 2_000 // of each cluster
	manyPerGroup  = 20    // partitions of each group
	manyTopics    = 10    // of each cluster
	manyBrokers   = 3     // of each cluster
	slowAnswer    = 15 * time.Second
	hostileClaims = 0x7f
)

// fleet are the addresses of the clusters, and of three that answer nothing, late, or anything.
type fleet struct {
	Clusters            []string // of each, with commas between its brokers
	Dead, Slow, Hostile string
}

// serveMany runs so many embedded clusters until standard input closes. It prints their addresses when they are filled.
func serveMany(ctx context.Context, clusters, groups int) error {
	var f fleet
	names := make([]string, manyTopics)
	for i := range names {
		names[i] = fmt.Sprintf("topic-%02d", i)
	}
	for i := range clusters {
		c, err := kfake.NewCluster(kfake.NumBrokers(manyBrokers), kfake.SeedTopics(manyPerGroup, names...), kfake.ClusterID(fmt.Sprintf("bench-%02d", i)),
			kfake.GroupMaxSessionTimeout(24*time.Hour))
		if err != nil {
			return err
		}
		defer c.Close()
		groupsOf := fill{groups: groups, partitions: manyPerGroup, members: true}
		if err := groupsOf.into(ctx, c.ListenAddrs(), names); err != nil {
			return fmt.Errorf("filling cluster %d: %w", i, err)
		}
		f.Clusters = append(f.Clusters, strings.Join(c.ListenAddrs(), ","))
	}
	var err error
	if f.Dead, err = nobody(); err != nil {
		return err
	}
	broker, _, _ := strings.Cut(f.Clusters[0], ",")
	if f.Slow, err = accept(func(c net.Conn) { delay(c, broker) }); err != nil {
		return err
	}
	if f.Hostile, err = accept(junk); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		return err
	}
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // the parent's end is ours
	return nil
}

// nobody is an address at which nobody listens.
func nobody() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// accept gives each connection to serve, until the process ends.
func accept(serve func(net.Conn)) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	return l.Addr().String(), nil
}

// delay passes everything on to a broker, and each answer back after longer than a request may take.
func delay(c net.Conn, broker string) {
	to, err := net.Dial("tcp", broker)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() { _, _ = io.Copy(to, c) }()
	buf := make([]byte, 64<<10)
	for {
		n, err := to.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(slowAnswer)
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// junk claims an answer of 2 GB, and sends as much of it as is read.
func junk(c net.Conn) {
	text := make([]byte, 64<<10)
	for i := range text {
		text[i] = hostileClaims
	}
	for {
		if _, err := c.Write(text); err != nil {
			return
		}
	}
}

// startMany runs serveMany as a child and waits for its addresses.
func startMany(ctx context.Context, clusters, groups int) (f fleet, stop func(), err error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "fleet", "-clusters", fmt.Sprint(clusters), "-groups", fmt.Sprint(groups)) // ourselves
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return f, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return f, nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return f, nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	if err := json.NewDecoder(out).Decode(&f); err != nil {
		stop()
		return f, nil, fmt.Errorf("the clusters did not start: %w", err)
	}
	return f, stop, nil
}

// reportClusters measures the program that reads many clusters, without and with three that fail, and prints the table, or writes it
// between its markers.
func reportClusters(ctx context.Context, clusters, groups int, file string) error {
	f, stop, err := startMany(ctx, clusters, groups)
	if err != nil {
		return err
	}
	defer stop()
	var b strings.Builder
	fmt.Fprintf(&b, "The program, without Kubernetes, for %v after the first minute: polls every 10 s, samples every second, a scrape every 15 s with gzip. "+
		"%d clusters of %d brokers,\n%s groups with a member each in every cluster, %d partitions a group: %s group-partitions. The embedded brokers run in a process of their own. %s.\n\n",
		measuredFor, clusters, manyBrokers, thousands(groups), manyPerGroup, thousands(clusters*groups*manyPerGroup), machine())
	b.WriteString("| clusters | owner's goroutine | whole process | memory at the most | a poll takes, ms | polls not in time | polls with errors |\n|---|---|---|---|---|---|---|\n")
	for _, faults := range []bool{false, true} {
		m, err := measureClusters(ctx, f, faults)
		if err != nil {
			return err
		}
		name := "all well"
		if faults {
			name = "one dead, one slow, one hostile; the others:"
		}
		fmt.Fprintf(&b, "| %s | %.1f %% of a core | %.1f %% of a core | %.0f MB | %s | %d of %d | %d |\n", name,
			100*m.Owner, 100*m.Process, float64(m.PeakRSS)/1e6, millis(spread[time.Duration]{m.Low, m.Median, m.High}), m.Missed, m.Polls, m.Failed)
	}
	fmt.Fprintf(&b, "\nMemory is VmHWM with GOMEMLIMIT=%s. Times of polls are medians (10th to 90th percentile).\n", manyMemory)
	fmt.Print(b.String())
	if file == "" {
		return nil
	}
	return put(file, "clusters", "make bench-clusters", b.String())
}

// measureClusters runs the program in a process of its own.
func measureClusters(ctx context.Context, f fleet, faults bool) (m measured, err error) {
	if faults {
		n := len(f.Clusters)
		f.Clusters = append(append([]string(nil), f.Clusters[:n-3]...), f.Dead, f.Slow, f.Hostile)
	}
	asked, err := json.Marshal(f.Clusters)
	if err != nil {
		return m, err
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "reader", "-brokers", string(asked), "-faulty", fmt.Sprint(map[bool]int{true: 3}[faults])) // ourselves
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOMEMLIMIT="+manyMemory)
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("reading the clusters: %w", err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, err
	}
	if m.Polls == 0 {
		return m, errors.New("no poll was measured")
	}
	return m, nil
}
