package web

import (
	"embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/events"
	"github.com/lagscaler/lagscaler/internal/web/recent"
)

// Options are what the pages are made from.
type Options struct {
	Latest   func() *engine.Report // nil report: nothing was polled yet
	Ring     *recent.Ring
	Interval time.Duration // between polls
	Version  string
	Config   func() string    // the configuration in force, secrets redacted, as YAML; nil: not shown
	Troubles func() []Problem // problems that are not in the report, such as missing rights; nil: none
	Now      func() time.Time
	Log      *slog.Logger
}

//go:embed static
var static embed.FS

// pages is the handler of everything but metrics.
type pages struct {
	Options
	digests digests
	events  events.Index
}

// New is the handler of pages, JSON and health checks. The caller adds other paths, such as the metrics.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &pages{Options: o}
	mux := http.NewServeMux()
	for _, r := range routes {
		if r.page != "" {
			mux.HandleFunc("GET "+r.page, p.servePage(r))
		}
		mux.HandleFunc("GET "+r.twin, p.serveJSON(r))
	}
	mux.HandleFunc("GET /healthz", p.healthy)
	mux.HandleFunc("GET /readyz", p.ready)
	mux.Handle("GET /static/", cached(http.FileServerFS(static)))
	return secured(mux)
}

// route is a page and its JSON twin, both made from the value that make returns.
type route struct {
	page     string // pattern; empty: JSON only
	twin     string
	template string
	title    string
	make     func(*pages, *engine.Report, *http.Request) (any, error)
}

// routes are all pages and their JSON. docs/api.md describes the JSON; a test compares its paths with these.
var routes = []route{
	{"/{$}", "/api/v1/groups", "groups.html", "Groups", (*pages).groups},
	{"/group", "/api/v1/group", "group.html", "Group", (*pages).group},
	{"/decisions", "/api/v1/decisions", "decisions.html", "Decisions", (*pages).decisions},
	{"/rebalances", "/api/v1/rebalances", "rebalances.html", "Rebalances", (*pages).rebalances},
	{"/status", "/api/v1/status", "status.html", "Status", (*pages).status},
	{"", "/api/v1/lag", "", "", (*pages).lag},
	{"", "/api/v1/compare", "", "", (*pages).compare},
}

// failure is an error with its HTTP status. Its text is shown to the client.
type failure struct {
	status int
	text   string
}

func (f failure) Error() string { return f.text }

// report is the latest report, or the reason why there is none.
func (p *pages) report() (*engine.Report, error) {
	if r := p.Latest(); r != nil {
		return r, nil
	}
	return nil, failure{http.StatusServiceUnavailable, "the first poll has not ended; try again in a few seconds"}
}

func (p *pages) make(r route, req *http.Request) (any, *engine.Report, error) {
	report, err := p.report()
	if err != nil {
		return nil, nil, err
	}
	v, err := r.make(p, report, req)
	return v, report, err
}

func (p *pages) serveJSON(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		v, _, err := p.make(r, req)
		if err != nil {
			status := statusOf(err)
			writeJSON(w, status, map[string]string{"error": err.Error()}, p.Log)
			return
		}
		writeJSON(w, http.StatusOK, v, p.Log)
	}
}

func (p *pages) servePage(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		v, report, err := p.make(r, req)
		f := frame{Title: r.title, Page: r.page, Now: p.Now(), Version: p.Version, Body: v, Report: report}
		if err != nil {
			f.Title, f.Problem = "Not available", err.Error()
			p.render(w, statusOf(err), "problem.html", f)
			return
		}
		f.Problems = p.problems(report)
		p.render(w, http.StatusOK, r.template, f)
	}
}

func statusOf(err error) int {
	var f failure
	if errors.As(err, &f) {
		return f.status
	}
	return http.StatusInternalServerError
}

func writeJSON(w http.ResponseWriter, status int, v any, log *slog.Logger) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(true)
	if err := enc.Encode(v); err != nil {
		log.Debug("writing an answer failed", "err", err)
	}
}

// secured sets the headers of every response: nothing from other hosts, no frames, no guessing of content types.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		next.ServeHTTP(w, r)
	})
}
