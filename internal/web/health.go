package web

import (
	"fmt"
	"net/http"
	"time"
)

// healthy answers the liveness probe. Liveness is progress, however broken Kafka is: some poll began less than
// max(60 s, 4 intervals) ago. Before the first report there is nothing to miss yet, and readiness says so.
func (p *pages) healthy(w http.ResponseWriter, _ *http.Request) {
	report := p.Latest()
	if report == nil {
		answer(w, http.StatusOK, "starting")
		return
	}
	var last time.Time
	for _, poll := range report.Polls {
		if poll.LastBegan.After(last) {
			last = poll.LastBegan
		}
	}
	limit := max(time.Minute, 4*p.Interval)
	if age := p.Now().Sub(last); len(report.Polls) > 0 && age > limit {
		answer(w, http.StatusServiceUnavailable, fmt.Sprintf("no poll began for %s", age.Round(time.Second)))
		return
	}
	answer(w, http.StatusOK, "ok")
}

// ready answers the readiness probe: the configuration is loaded and one report published, on leaders and followers alike.
func (p *pages) ready(w http.ResponseWriter, _ *http.Request) {
	if _, err := p.report(); err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // a probe that went away misses nothing
}
