package metrics

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/common/expfmt"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// What a scraper gets is what client_golang negotiates.
func TestNegotiation(t *testing.T) {
	p := page((&fleet{name: "main", groups: 1, topics: 1, partitions: 1}).report(2), Filter{})
	for _, c := range []struct{ accept, encoding, wantType, wantEncoding string }{
		{"", "", "text/plain; version=0.0.4", ""},
		{"text/plain", "gzip", "text/plain; version=0.0.4", "gzip"},
		{"application/openmetrics-text;version=1.0.0", "zstd", "application/openmetrics-text; version=1.0.0", "zstd"},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "gzip", "application/vnd.google.protobuf", "gzip"},
		{"application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "identity", "application/openmetrics-text; version=1.0.0", ""},
	} {
		for range 2 { // rendered, then kept
			w := scrape(t, p, map[string]string{"Accept": c.accept, "Accept-Encoding": c.encoding})
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, c.wantType) {
				t.Errorf("%q: type %q", c.accept, got)
			}
			if got := w.Header().Get("Content-Encoding"); got != c.wantEncoding {
				t.Errorf("%q: encoding %q", c.encoding, got)
			}
			if body := plain(t, w); !strings.Contains(body, "lagscaler_group_lag_records") {
				t.Errorf("%q, %q: no page", c.accept, c.encoding)
			}
		}
	}
}

func plain(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var r io.Reader = w.Body
	var err error
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(w.Body)
	case "zstd":
		r, err = zstd.NewReader(w.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// countingHandler counts how often the page is rendered.
type countingHandler struct{ n int }

func (c *countingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.n++
	w.Header().Set("Content-Type", r.Header.Get("Accept"))
	_, _ = io.WriteString(w, "page")
}

func TestRenderedOncePerReportAndFormat(t *testing.T) {
	h := &countingHandler{}
	report := &engine.Report{}
	a := newAnswers(h, func() *engine.Report { return report })
	get := func(accept string, want int) {
		t.Helper()
		scrape(t, a, map[string]string{"Accept": accept})
		if h.n != want {
			t.Fatalf("rendered %d times, want %d", h.n, want)
		}
	}
	const text, proto = "text/plain", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	get(text, 1)
	get(text, 1)
	get(proto, 2)
	get(text, 2)
	report = &engine.Report{}
	get(text, 3)
	a.prepare()
	if h.n != 3 {
		t.Fatalf("an old Report was prepared")
	}
	report = &engine.Report{}
	a.prepare() // both formats, since both were asked for
	get(text, 5)
	get(proto, 5)
	for range maxIdle + 1 {
		report = &engine.Report{}
		a.prepare()
	}
	n := h.n
	report = &engine.Report{}
	a.prepare()
	get(text, n+1) // nobody asked for so long that it was not rendered ahead
}

// No client makes more than nine pages of one Report, whatever its headers and its query string say.
func TestClientsCannotMakePages(t *testing.T) {
	h := &countingHandler{}
	report := &engine.Report{}
	a := newAnswers(h, func() *engine.Report { return report })
	for i := range 2000 {
		accept := []string{
			"", "text/plain", "text/html", "*/*", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text",
		}[i%9]
		escaping := []string{"", ";escaping=allow-utf-8", ";escaping=values", ";escaping=dots", fmt.Sprint(";x=", i)}[i%5]
		r := httptest.NewRequest(http.MethodGet, fmt.Sprint("/metrics?x=", i), http.NoBody)
		r.Header.Set("Accept", accept+escaping)
		r.Header.Set("Accept-Encoding", []string{"", "gzip", "zstd", "br", fmt.Sprint("gzip;q=0.", i)}[i/9%5])
		a.ServeHTTP(httptest.NewRecorder(), r)
	}
	if h.n > 9 || len(a.kept) > 9 {
		t.Errorf("rendered %d pages, keeps %d", h.n, len(a.kept))
	}
}

func TestRunRendersAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{name: "main", groups: 1, topics: 1, partitions: 1}
		var latest atomic.Pointer[engine.Report]
		latest.Store(f.report(1))
		p := New(Options{Latest: latest.Load})
		scrape(t, p, nil)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		latest.Store(f.report(1))
		time.Sleep(time.Second)
		synctest.Wait()
		p.answers.mu.Lock()
		defer p.answers.mu.Unlock()
		for k, kept := range p.answers.kept {
			if p.answers.report != latest.Load() || kept.page.body.Len() == 0 {
				t.Errorf("%v was not rendered ahead", k)
			}
		}
		if len(p.answers.kept) != 1 {
			t.Errorf("%d pages", len(p.answers.kept))
		}
	})
}

// A page that is replaced before a scrape is not worth its rendering: where Reports come faster than ten times what it takes, scrapes
// render what they ask for.
func TestRunRendersNoPageThatIsReplacedAtOnce(t *testing.T) {
	const takes = 100 * time.Millisecond
	for _, c := range []struct {
		every   time.Duration // a Report
		minimum int           // rendered in advance in a minute
		maximum int
	}{
		{10 * time.Second, 6, 7},
		{2 * time.Second, 29, 30},
		{200 * time.Millisecond, 1, 4}, // the first, and one in a while, to see whether it still takes as long
	} {
		synctest.Test(t, func(t *testing.T) {
			var latest atomic.Pointer[engine.Report]
			latest.Store(&engine.Report{})
			rendered := 0
			p := New(Options{Latest: latest.Load})
			p.answers = newAnswers(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				rendered++
				time.Sleep(takes)
			}), latest.Load)
			scrape(t, p, nil)
			rendered = 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Second)
			defer cancel()
			go func() {
				for ctx.Err() == nil {
					latest.Store(&engine.Report{})
					select {
					case <-time.After(c.every):
					case <-ctx.Done():
					}
				}
			}()
			if err := p.Run(ctx); err != nil {
				t.Error(err)
			}
			if rendered < c.minimum || rendered > c.maximum {
				t.Errorf("a Report every %s: %d pages in advance, want %d to %d", c.every, rendered, c.minimum, c.maximum)
			}
		})
	}
}

// name[] asks for a part of the page, which is rendered for that request alone.
func TestPartOfThePage(t *testing.T) {
	p := page((&fleet{name: "main", groups: 1, topics: 1, partitions: 1}).report(2), Filter{})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics?name[]=lagscaler_brokers", http.NoBody))
	want := "# HELP lagscaler_brokers Brokers that the cluster's metadata lists.\n# TYPE lagscaler_brokers gauge\nlagscaler_brokers{kafka_cluster=\"main\"} 3\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got %s", got)
	}
}

// A page whose metrics take each other's memory is the page of metrics that were made one by one.
func TestMetricsThatShareMemoryAreWritten(t *testing.T) {
	p := page((&fleet{name: "main", groups: 3, topics: 2, partitions: 4, lag: 300}).report(12), everything)
	ours := source(func() ([]maker, error) {
		all, err := p.makers()
		return slices.DeleteFunc(all, func(m maker) bool { return !strings.HasPrefix(m.name, "lagscaler_") }), err // the process changes
	})
	gathered, err := ours.Gather()
	if err != nil || len(gathered) < 50 {
		t.Fatalf("%v, %d metrics", err, len(gathered))
	}
	for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
		as := http.Header{"Content-Type": {string(expfmt.NewFormat(format))}}
		var want, got bytes.Buffer
		enc := expfmt.NewEncoder(&want, expfmt.Format(as.Get("Content-Type")))
		for _, f := range gathered {
			if err := enc.Encode(f); err != nil {
				t.Fatal(err)
			}
		}
		if end, ok := enc.(expfmt.Closer); ok {
			if err := end.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := ours.write(&got, as, nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s: the page is\n%s\nmade one by one\n%s", as, got.Bytes(), want.Bytes())
		}
	}
}
