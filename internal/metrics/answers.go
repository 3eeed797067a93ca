package metrics

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"

	"github.com/prometheus/common/expfmt"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// answers keeps the pages of a handler, so that a Report is rendered once for each format and compression. Headers and query
// strings of clients choose among few kinds of pages; they cannot make more.
type answers struct {
	inner     http.Handler
	negotiate http.Handler // chooses as inner does, for a page without series
	latest    func() *engine.Report
	parts     chan struct{} // one part of a page is rendered at a time

	mu     sync.Mutex // not held while a page is rendered
	report *engine.Report
	kept   map[kind]*kept
}

// kind is a format and a compression. There are at most nine: text, OpenMetrics and protobuf, each plain, with gzip or zstd.
type kind struct {
	format   expfmt.FormatType
	encoding string
}

// kept is the page of one kind, of the last Report.
type kept struct {
	once sync.Once // renders it
	page answer
	idle int // Reports since somebody asked for this kind
}

// answer is one rendered and compressed page. The handler writes it as it would write to a scraper.
type answer struct {
	header http.Header
	body   bytes.Buffer
	code   int
}

// Header is what the handler sets.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *answer) WriteHeader(code int) { a.code = code }

// Write keeps a part of the page. It never fails.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// send writes it to a client.
func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body.Bytes()) // a scraper that went away is no error of ours
}

// maxIdle is after how many Reports without a request a kind is no longer rendered in advance: 5 min at 10 s.
const maxIdle = 30

func newAnswers(inner http.Handler, latest func() *engine.Report) *answers {
	return &answers{
		inner: inner, negotiate: negotiator(), latest: latest,
		parts: make(chan struct{}, 1), kept: map[kind]*kept{},
	}
}

// ServeHTTP answers with the page of the last Report, or with the part of it that the parameters name[] ask for.
func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("name[]") {
		a.servePart(w, r)
		return
	}
	a.page(a.kindOf(r.Header)).send(w)
}

// servePart renders a part of the page, for people. It is rendered for each request, but never two at a time.
func (a *answers) servePart(w http.ResponseWriter, r *http.Request) {
	select {
	case a.parts <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	part := a.render(a.inner, r)
	<-a.parts
	part.send(w)
}

func (a *answers) render(by http.Handler, r *http.Request) *answer {
	page := &answer{header: http.Header{}, code: http.StatusOK}
	by.ServeHTTP(page, r)
	return page
}

// kindOf is the kind of page that the handler chooses for these headers.
func (a *answers) kindOf(h http.Header) kind {
	got := a.render(a.negotiate, &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{
		"Accept": h["Accept"], "Accept-Encoding": h["Accept-Encoding"],
	}}).header
	k := kind{expfmt.Format(got.Get("Content-Type")).FormatType(), got.Get("Content-Encoding")}
	if _, ok := accepts[k.format]; !ok {
		k.format = expfmt.TypeTextPlain
	}
	return k
}

// accepts are the headers with which a client asks for a format. Parameters of a client, such as the escaping of names, are left
// out: the names of all our metrics need none.
var accepts = map[expfmt.FormatType]string{
	expfmt.TypeTextPlain:   "text/plain;version=0.0.4",
	expfmt.TypeOpenMetrics: "application/openmetrics-text;version=1.0.0",
	expfmt.TypeProtoDelim:  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
}

// page is the page of the last Report. The first client of a kind waits until it is rendered.
func (a *answers) page(k kind) *answer {
	one := a.last(k)
	one.once.Do(func() {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}}
		r.Header.Set("Accept", accepts[k.format])
		r.Header.Set("Accept-Encoding", k.encoding)
		one.page = *a.render(a.inner, r)
	})
	if one.page.code != http.StatusOK {
		a.forget(k, one)
	}
	return &one.page
}

// last is the entry of a kind for the last Report.
func (a *answers) last(k kind) *kept {
	a.mu.Lock()
	defer a.mu.Unlock()
	if report := a.latest(); report != a.report || report == nil {
		a.renew(report)
	}
	one, ok := a.kept[k]
	if !ok {
		one = &kept{}
		a.kept[k] = one
	}
	one.idle = 0
	return one
}

// forget drops a page that could not be rendered, so that the next request renders it again.
func (a *answers) forget(k kind, failed *kept) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept[k] == failed {
		delete(a.kept, k)
	}
}

// renew drops the pages of the last Report, but remembers which kinds were requested.
func (a *answers) renew(report *engine.Report) {
	a.report = report
	for k, one := range a.kept {
		if one.idle++; one.idle > maxIdle {
			delete(a.kept, k)
			continue
		}
		a.kept[k] = &kept{idle: one.idle}
	}
}

// prepare renders a new Report in the kinds that were requested recently, and returns how many pages it rendered.
func (a *answers) prepare() int {
	kinds := a.fresh()
	for k, idle := range kinds {
		a.page(k)
		a.mu.Lock()
		if one, ok := a.kept[k]; ok {
			one.idle = idle
		}
		a.mu.Unlock()
	}
	return len(kinds)
}

// fresh are the kinds to render when there is a new Report, each with its idle time.
func (a *answers) fresh() map[kind]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	report := a.latest()
	if report == a.report {
		return nil
	}
	a.renew(report)
	kinds := make(map[kind]int, len(a.kept))
	for k, one := range a.kept {
		kinds[k] = one.idle
	}
	return kinds
}
