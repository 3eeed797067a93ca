package web

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

// healthy answers the liveness probe. The process is alive if some poll began less than max(60 s, 4 intervals) ago, by
// the shortest interval of all clusters. Whether Kafka answers does not matter: a restart would not help. Before the first report it is
// alive, but not ready.
func (p *pages) healthy(w http.ResponseWriter, _ *http.Request) {
	report := p.Latest()
	if report == nil {
		answer(w, http.StatusOK, "starting")
		return
	}
	last := time.Time{}
	for _, poll := range report.Polls {
		if poll.LastBegan.After(last) {
			last = poll.LastBegan
		}
	}
	if last.IsZero() {
		last = report.At // all clusters are new
	}
	limit := max(time.Minute, 4*cmp.Or(report.Pace(), p.Interval))
	if age := p.Now().Sub(last); len(report.Polls) > 0 && age > limit {
		answer(w, http.StatusServiceUnavailable, fmt.Sprintf("no poll began for %s", age.Round(time.Second)))
		return
	}
	answer(w, http.StatusOK, "ok")
}

// ready answers the readiness probe: the configuration is loaded and one report is published, on the leader and on followers.
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
	_, _ = fmt.Fprintln(w, text) // if the client is gone, nothing is lost
}
