package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
)

const (
	warmUp      = time.Minute
	measuredFor = 2 * time.Minute
	scrapeEach  = 15 * time.Second

	// manyMemory is what Go is told about the memory it may use.
	manyMemory = "3GiB"
)

// measured is what reading many clusters took, and how the polls of those went that were well.
type measured struct {
	Owner, Process    float64 // cores: of the goroutine that has all state, and of everything
	PeakRSS           int64   // bytes
	Low, Median, High time.Duration
	Polls             int // that were due
	Missed            int // of them, those that did not end in their interval
	Failed            int // of them, those that ended with an error
}

// observer is told of every Report, on the goroutine that has all state. It keeps this goroutine on a thread of its own, whose CPU
// time is then that of the goroutine.
type observer struct {
	lock   sync.Once
	thread string

	mu     sync.Mutex
	faulty int // the last so many clusters
	polls  map[string]uint64
	took   []time.Duration
	failed int
	starts bool
}

func (o *observer) published(r *engine.Report) {
	o.lock.Do(func() {
		runtime.LockOSThread()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.thread = strconv.Itoa(syscall.Gettid())
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range r.Polls {
		p := &r.Polls[i]
		if strings.HasPrefix(p.Cluster, "faulty") || p.Polls == o.polls[p.Cluster] {
			continue
		}
		o.polls[p.Cluster] = p.Polls
		if o.starts {
			o.took = append(o.took, p.LastTook)
			if len(r.Clusters[i].Snapshot.Errors) > 0 {
				o.failed++
			}
		}
	}
}

// owner is the CPU time of the goroutine's thread.
func (o *observer) owner() (time.Duration, error) {
	o.mu.Lock()
	thread := o.thread
	o.mu.Unlock()
	text, err := os.ReadFile("/proc/self/task/" + thread + "/schedstat")
	if err != nil {
		return 0, err
	}
	onCPU, _, _ := strings.Cut(string(text), " ")
	ns, err := strconv.ParseInt(onCPU, 10, 64)
	return time.Duration(ns), err
}

// readClusters runs the program on these clusters, of which the last ones are faulty, and prints what it took.
func readClusters(ctx context.Context, brokers string, faulty int) error {
	var clusters []string
	if err := json.Unmarshal([]byte(brokers), &clusters); err != nil {
		return err
	}
	c := config.Default()
	c.Kubernetes.Enabled = config.Off
	c.Metrics.MaxGroups, c.Metrics.MaxSeries = 10_000, 500_000 // the defaults
	for i, addresses := range clusters {
		name := fmt.Sprintf("c%02d", i)
		if i >= len(clusters)-faulty {
			name = fmt.Sprintf("faulty%02d", i)
		}
		c.Clusters = append(c.Clusters, config.Cluster{Name: name, Brokers: strings.Split(addresses, ","), ClientID: "lagscaler"})
	}
	o := &observer{faulty: faulty, polls: map[string]uint64{}}
	d, err := daemon.New(daemon.Options{Config: c, Build: daemon.Build{Version: "bench"}, Log: io.Discard, Published: o.published})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, listener) }()
	go scrapeOften(ctx, "http://"+listener.Addr().String()+"/metrics")
	if err := sleep(ctx, warmUp); err != nil {
		return err
	}
	m, err := o.measure(ctx, len(clusters)-faulty)
	if err != nil {
		return err
	}
	stop()
	if err := <-ended; err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// measure measures for a while.
func (o *observer) measure(ctx context.Context, well int) (m measured, err error) {
	o.mu.Lock()
	o.starts, o.took, o.failed = true, nil, 0
	o.mu.Unlock()
	owner, err := o.owner()
	if err != nil {
		return m, err
	}
	process, began := cpuTime(), time.Now()
	if err := sleep(ctx, measuredFor); err != nil {
		return m, err
	}
	passed := time.Since(began)
	owned, err := o.owner()
	if err != nil {
		return m, err
	}
	m.Owner, m.Process = (owned-owner).Seconds()/passed.Seconds(), (cpuTime()-process).Seconds()/passed.Seconds()
	if m.PeakRSS, err = peakRSS(); err != nil {
		return m, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.took)
	if n == 0 {
		return m, errors.New("no poll ended")
	}
	slices.Sort(o.took)
	m.Low, m.Median, m.High = o.took[n/10], o.took[n/2], o.took[n-1-n/10]
	m.Polls, m.Failed = well*int(measuredFor/(10*time.Second)), o.failed
	m.Missed = max(0, m.Polls-n)
	return m, nil
}

// scrapeOften does what a Prometheus does, until ctx ends.
func scrapeOften(ctx context.Context, url string) {
	for sleep(ctx, scrapeEach) == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return
		}
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
