package alerts

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
)

const (
	interval = time.Second            // between polls
	sample   = 250 * time.Millisecond // between samples of states
	pace     = 20                     // how much faster the scaler's windows run
)

// replica is one process of lagscaler, but for the process: engine, source and page.
type replica struct {
	leading atomic.Bool
	address string // host:port of its page
}

func startReplica(t *testing.T, brokers []string, scalers engine.Targets) *replica {
	t.Helper()
	source, err := kafkasource.New(kafkasource.Config{Cluster: cluster, Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{}
	e := engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: cluster, Source: source}},
		SLO:      thresholds, Mode: scaler.Advise,
	}, engine.Options{
		Interval: interval, SampleInterval: sample, Targets: scalers, Leading: r.leading.Load,
		Clock: scaler.Clock{Poll: interval, Decide: 3 * interval, Pace: pace},
	})
	page := metrics.New(metrics.Options{
		Latest: e.Latest, Interval: interval, Sample: sample, Version: "live", ConfigLoaded: func() bool { return true },
		Filter: metrics.Filter{Topics: every, Partitions: every},
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	mux.Handle("GET /metrics/compat", page.Compat())
	server := httptest.NewServer(mux)
	r.address = strings.TrimPrefix(server.URL, "http://")

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- e.Run(ctx) }()
	go func() { ended <- page.Run(ctx) }()
	t.Cleanup(func() {
		server.Close()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		source.Close()
	})
	return r
}

func every(string) bool { return true }

// thresholds declare every group, so that every alert may page; only healthy has an objective of time.
func thresholds(_, group string) lag.SLO {
	slo := lag.DefaultSLO
	slo.Declared = true
	if group == "healthy" {
		slo.LagTime = 30 * time.Second
	}
	return slo
}
