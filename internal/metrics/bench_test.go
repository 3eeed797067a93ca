package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// BenchmarkScrape100k is a scrape of 100,000 series as Prometheus asks for it, with gzip.
//
//	kept    of the page rendered ahead: what a scraper waits for while Run runs
//	render  of a new Report each time: what Run does once per Report and format
func BenchmarkScrape100k(b *testing.B) {
	f := &fleet{name: "main", groups: 1000, topics: 4, partitions: 4}
	report := f.report(15)
	p := New(Options{Latest: func() *engine.Report { return report }, Filter: everything})
	server := httptest.NewServer(p)
	defer server.Close()
	get := func(b *testing.B) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n), "bytes")
		if err := answer.Body.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("kept", func(b *testing.B) {
		get(b)
		for b.Loop() {
			get(b)
		}
		b.ReportMetric(float64(p.views().series), "series")
	})
	b.Run("render", func(b *testing.B) {
		for b.Loop() {
			next := *report
			report = &next
			get(b)
		}
		b.ReportMetric(float64(p.views().series), "series")
	})
}
