package web

import (
	"embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/internal/web/events"
	"github.com/lagscaler/lagscaler/internal/web/recent"
)

// Options are what the pages are made from.
type Options struct {
	Latest    func() *engine.Report // nil report: nothing was polled yet
	Ring      *recent.Ring
	Interval  time.Duration // between polls
	Version   string
	Config    func() string                                    // the configuration in force, secrets redacted, as YAML; nil: not shown
	Troubles  func() []Problem                                 // problems that are not in the report, such as missing permissions; nil: none
	Deeds     func(scaler string, now time.Time) []engine.Deed // what was done to a scaler, the newest first; nil: nobody keeps it
	HourPrice func() HourPrice                                 // what a replica costs in an hour; nil: not known
	History   HistoryReader                                    // what was of a group, further back than two hours; nil: it is not read
	Others    func() []Other                                   // the other shards, of which the pages show their part, too; nil, or none: there are none
	Scene     func() string                                    // one sentence above each page, of a demo; nil: none
	Now       func() time.Time
	Log       *slog.Logger
}

//go:embed static
var static embed.FS

// How many answers are made and written at once, for all clients together. See package serve for connections.
const (
	maxAnswers = 32 // pages
	maxWholes  = 4  // whole lists: each keeps the Report that it is made from
)

// pages is the handler of everything but metrics.
type pages struct {
	Options
	digests digests
	events  events.Index
	answers serve.Slots
	wholes  serve.Slots

	histories serve.Slots
}

// New is the handler of pages, JSON and health checks. The caller adds other paths, such as the metrics.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &pages{Options: o, answers: serve.NewSlots(maxAnswers), wholes: serve.NewSlots(maxWholes), histories: serve.NewSlots(maxHistories)}
	mux := http.NewServeMux()
	for _, r := range routes {
		if r.page != "" {
			mux.HandleFunc("GET "+r.page, p.servePage(r))
		}
		mux.HandleFunc("GET "+r.twin, p.serveJSON(r))
	}
	for path, draw := range images {
		mux.HandleFunc("GET "+path, p.serveImage(draw))
	}
	mux.HandleFunc("GET /healthz", p.healthy)
	mux.HandleFunc("GET /readyz", p.ready)
	mux.Handle("GET /static/", serve.Cached(http.FileServerFS(static)))
	return serve.WithSecurityHeaders(mux)
}

// route is a page and its JSON twin, both made from the value that make returns.
type route struct {
	page     string // pattern; empty: JSON only
	twin     string
	template string
	title    string
	make     func(*pages, *engine.Report, *http.Request) (any, error)
	whole    func(*pages, *engine.Report, *http.Request) (serve.Whole, error) // the JSON of page=all; nil: there is no list
	merged   sharing                                                          // how the parts of other shards are taken in
	list     string                                                           // the field of page=all with the list
	gather   gather                                                           // makes page=all of all shards; nil: there is none, or it is made as the page is
}

// routes are all pages and their JSON. docs/api.md describes the JSON; a test compares its paths with these.
var routes = []route{
	{"/{$}", "/api/v1/groups", "groups.html", "Groups", (*pages).groups, (*pages).allGroups, apart, "rows", gatherGroups},
	{"/group", "/api/v1/group", "group.html", "Group", (*pages).group, nil, 0, "", nil},
	{"/history", "/api/v1/history", "history.html", "History", (*pages).history, nil, 0, "", nil},
	{"/decisions", "/api/v1/decisions", "decisions.html", "Decisions", (*pages).decisions, (*pages).allDecisions, apart, "scalers", gatherDecisions},
	{"/scaler", "/api/v1/scaler", "scaler.html", "Scaler", (*pages).scaler, nil, 0, "", nil},
	{"/rebalances", "/api/v1/rebalances", "rebalances.html", "Rebalances", (*pages).rebalances, (*pages).allRebalances, apart, "events", gatherRebalances},
	{"/bill", "/api/v1/bill", "bill.html", "Bill", (*pages).bill, (*pages).allBill, added, "", nil},
	{"/status", "/api/v1/status", "status.html", "Status", (*pages).status, nil, 0, "", nil},
	{"", "/api/v1/lag", "", "", nil, (*pages).lag, 0, "clusters", gatherLag},
	{"", "/api/v1/compare", "", "", (*pages).compare, nil, 0, "", nil},
	{"", "/api/v1/price", "", "", (*pages).price, nil, 0, "", nil},
	{"", "/api/v1/release", "", "", (*pages).release, nil, 0, "", nil},
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

func (p *pages) serveJSON(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		err := p.answerJSON(w, req, r)
		if answered, missing := p.elsewhere(w, req, err); answered {
			return
		} else if err != nil {
			err = notFound(err, missing)
			writeJSON(w, statusOf(err), map[string]string{"error": err.Error()}, p.Log)
		}
	}
}

// answerJSON returns an error before it has written anything.
func (p *pages) answerJSON(w http.ResponseWriter, req *http.Request, r route) error {
	report, err := p.report()
	if err != nil {
		return err
	}
	if err := tooMuch(req.URL.Query()); err != nil {
		return err
	}
	all := r.make == nil || r.whole != nil && wantsAll(req.URL.Query())
	slots := p.answers
	if all {
		slots = p.wholes
	}
	release, ok := slots.Take(req.Context())
	if !ok {
		return errBusy
	}
	defer release()
	if others := p.others(req); all && (len(others) == 0 || r.merged != added) {
		return p.answerWhole(w, req, report, r, others)
	}
	v, err := p.mergeOthers(r, func(req *http.Request) (any, error) { return r.make(p, report, req) }, req)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, v, p.Log)
	return nil
}

func (p *pages) answerWhole(w http.ResponseWriter, req *http.Request, report *engine.Report, r route, others []Other) error {
	v, err := r.whole(p, report, req)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		all, ends, err := p.wholeOfAll(req, r, v, others)
		if err != nil {
			return err
		}
		defer ends()
		v = all
	}
	if err := v.ServeJSON(w); err != nil {
		p.Log.Debug("writing an answer failed", "err", err)
	}
	return nil
}

var errBusy = failure{http.StatusServiceUnavailable, "too many requests at once; try again in a few seconds"}

func (p *pages) servePage(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		f := frame{Title: r.title, Page: r.page, Now: p.Now(), Version: p.Version}
		var err error = errBusy
		if release, ok := p.answers.Take(req.Context()); ok {
			defer release()
			f.Body, f.Report, err = p.make(r, req)
		}
		if answered, missing := p.elsewhere(w, req, err); answered {
			return
		} else if err != nil {
			err = notFound(err, missing)
			f.Title, f.Problem = "Not available", err.Error()
			p.render(w, statusOf(err), "problem.html", f)
			return
		}
		f.Problems = append(silentShards(f.Body), p.problems(f.Report)...)
		p.render(w, http.StatusOK, r.template, f)
	}
}

func (p *pages) make(r route, req *http.Request) (any, *engine.Report, error) {
	report, err := p.report()
	if err != nil {
		return nil, nil, err
	}
	if err := tooMuch(req.URL.Query()); err != nil {
		return nil, report, err
	}
	v, err := p.mergeOthers(r, func(req *http.Request) (any, error) { return r.make(p, report, req) }, req)
	return v, report, err
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
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(true)
	if err := enc.Encode(v); err != nil {
		log.Debug("writing an answer failed", "err", err)
	}
}
