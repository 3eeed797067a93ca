package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// TestSimulateFromPrometheus takes a trace from a server that answers as Prometheus does.
func TestSimulateFromPrometheus(t *testing.T) {
	var asked url.Values
	samples := func(rates ...string) string {
		var values []string
		for i, r := range rates {
			if r != "" {
				values = append(values, fmt.Sprintf("[%d,%q]", 1_800_000_000+60*i, r))
			}
		}
		return `{"metric":{},"values":[` + strings.Join(values, ",") + `]}`
	}
	for _, c := range []struct {
		name, series string
		code         int
		want         string // on stderr
	}{
		{"a series with a gap", samples("100", "", "250.5", "100"), exitOK, ""},
		{"none", "", exitWrong, "--query gives 0 series: must be one"},
		{"two", samples("1", "2") + "," + samples("1", "2"), exitWrong, "--query gives 2 series: must be one"},
		{"no traffic", samples("0", "0", "0"), exitWrong, "no traffic in the window"},
		{"one sample", samples("7"), exitWrong, "samples in the window: 1, one every 1m0s; at least two are needed"},
		{"not a rate", samples("1", "NaN"), exitWrong, "must be a rate"},
		{"negative", samples("1", "-3"), exitWrong, "must be a rate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Query()
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, c.series)
			}))
			t.Cleanup(server.Close)
			var out, errOut bytes.Buffer
			code := execute(t.Context(), newRoot(), []string{
				"simulate", "--from-prometheus", server.URL, "--query", "sum(rate(x[5m]))", "--step", "1m", "--window", "1h",
				"--partitions", "12", "-o", "json",
			}, &out, &errOut)
			if code != c.code || !strings.Contains(errOut.String(), c.want) {
				t.Fatalf("exit code %d, %s", code, errOut.String())
			}
			if asked.Get("query") != "sum(rate(x[5m]))" || asked.Get("step") != "60" {
				t.Errorf("asked %v", asked)
			}
			if code != exitOK {
				return
			}
			var rows []simulated
			if err := json.Unmarshal(out.Bytes(), &rows); err != nil || len(rows) != 1 || rows[0].Trace != "prometheus" || rows[0].CostOverFluid < 1 {
				t.Errorf("%v: %s", err, out.String())
			}
		})
	}
}

// TestSimulationsUseAllCores: as many are at work at once as there are cores.
func TestSimulationsUseAllCores(t *testing.T) {
	cores := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var atWork sync.WaitGroup
	atWork.Add(cores)
	all := make(chan struct{})
	go func() { atWork.Wait(); close(all) }()
	trace := sim.Trace{Name: "short", Step: time.Minute, Counts: []float64{1, 2}}
	jobs := make([]job, cores)
	for i := range jobs {
		jobs[i] = job{trace, sim.World{Seed: uint64(i)}, sim.Entry{Make: func() (sim.Policy, error) {
			atWork.Done()
			select {
			case <-all:
				return sim.Static{}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}}
	}
	results, err := simulateAll(ctx, jobs, func() {})
	if err != nil {
		t.Fatalf("not all of %d were at work at once: %v", cores, err)
	}
	for i, r := range results {
		if r.Seed != uint64(i) {
			t.Errorf("result %d is of seed %d", i, r.Seed)
		}
	}
}
