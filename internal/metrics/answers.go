package metrics

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// answers keeps the responses of a handler, so that a Report is rendered once for each format and compression. The handler
// chooses both: the first request with given Accept headers goes through its negotiation.
type answers struct {
	inner  http.Handler
	latest func() *engine.Report

	mu     sync.Mutex
	kinds  map[asked]kind
	report *engine.Report
	kept   map[kind]*answer
}

// asked is what a scraper accepts, kind is the format that the handler chose for it.
type (
	asked struct{ accept, encoding string }
	kind  struct{ contentType, contentEncoding string }
)

// answer is one rendered and compressed page. The handler writes it as it would write to a scraper.
type answer struct {
	header http.Header
	body   bytes.Buffer
	code   int
	asked  asked
	idle   int // Reports since somebody asked for it
}

// Header is what the handler sets.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *answer) WriteHeader(code int) { a.code = code }

// Write keeps a part of the page. It never fails.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

const (
	maxAsked = 100 // distinct requests that are remembered: there are few scrapers, but any client may send any header
	maxIdle  = 30  // Reports without a request after which a format is no longer rendered in advance: 5 min at 10 s
)

func newAnswers(inner http.Handler, latest func() *engine.Report) *answers {
	return &answers{inner: inner, latest: latest, kinds: map[asked]kind{}, kept: map[kind]*answer{}}
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" { // name[]: a part of the page, for people
		a.inner.ServeHTTP(w, r)
		return
	}
	page := a.answer(asked{r.Header.Get("Accept"), r.Header.Get("Accept-Encoding")})
	for name, values := range page.header {
		w.Header()[name] = values
	}
	w.WriteHeader(page.code)
	_, _ = w.Write(page.body.Bytes()) // a scraper that went away is no error of ours
}

// answer is the page of the last Report for a request.
func (a *answers) answer(q asked) *answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	report := a.latest()
	if report != a.report || report == nil {
		a.renew(report)
	}
	if k, ok := a.kinds[q]; ok {
		if page, ok := a.kept[k]; ok && page.body.Len() > 0 {
			page.idle = 0
			return page
		}
	}
	if len(a.kinds) >= maxAsked {
		clear(a.kinds)
		clear(a.kept)
	}
	return a.render(q)
}

// renew drops the pages of the last Report, but remembers which formats were requested.
func (a *answers) renew(report *engine.Report) {
	a.report = report
	for k, page := range a.kept {
		if page.idle++; page.idle > maxIdle {
			delete(a.kept, k)
			continue
		}
		a.kept[k] = &answer{asked: page.asked, idle: page.idle}
	}
}

func (a *answers) render(q asked) *answer {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}}
	r.Header.Set("Accept", q.accept)
	r.Header.Set("Accept-Encoding", q.encoding)
	page := &answer{header: http.Header{}, code: http.StatusOK, asked: q}
	a.inner.ServeHTTP(page, r)
	k := kind{page.header.Get("Content-Type"), page.header.Get("Content-Encoding")}
	a.kinds[q] = k
	if page.code == http.StatusOK {
		a.kept[k] = page
	}
	return page
}

// prepare renders a new Report in the formats that were requested recently.
func (a *answers) prepare() {
	a.mu.Lock()
	defer a.mu.Unlock()
	report := a.latest()
	if report == a.report {
		return
	}
	a.renew(report)
	for _, page := range a.kept {
		idle := page.idle
		a.render(page.asked).idle = idle
	}
}
