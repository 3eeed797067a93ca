package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// routes is everything the port answers. Every answer is made from the latest Report and costs Kafka nothing.
func (d *daemon) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics)
	if d.config.Metrics.Compat {
		mux.Handle("GET /metrics/compat", d.metrics.Compat())
	}
	started := time.Now()
	alive := func() error { return stuck(d.engine.Latest(), started, time.Now(), d.engine.Interval()) }
	mux.Handle("GET /healthz", health(alive))
	mux.Handle("GET /readyz", health(func() error { return unready(d.engine.Latest()) }))
	mux.HandleFunc("GET /api/v1/lag", d.lag)
	return mux
}

func health(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err) // nobody to tell when the client is gone
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}

// stuck is an error when the loop makes no progress: the last poll began more than max(60 s, 4 intervals) ago.
// Kafka being down is no reason to restart: polls begin all the same.
func stuck(r *engine.Report, started, now time.Time, interval time.Duration) error {
	last := started
	if r != nil {
		for _, p := range r.Polls {
			if p.LastBegan.After(last) {
				last = p.LastBegan
			}
		}
	}
	if age := now.Sub(last); age > max(time.Minute, 4*interval) {
		return fmt.Errorf("no poll began for %s", age.Round(time.Second))
	}
	return nil
}

// unready is an error until one Report was published, on leaders and followers alike.
func unready(r *engine.Report) error {
	if r == nil {
		return fmt.Errorf("the first poll is not over")
	}
	return nil
}

// lag is what `lagscaler lag --server` asks for.
func (d *daemon) lag(w http.ResponseWriter, _ *http.Request) {
	r := d.engine.Latest()
	if err := unready(r); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(api.LagOf(r)); err != nil {
		d.log.Debug("a client went away", "error", err)
	}
}
