package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// scraped is what a page of 100,000 series costs.
type scraped struct {
	Series        int
	Bytes         int64 // as Prometheus receives them
	Render        time.Duration
	Wall          spread[time.Duration]
	KafkaRequests int // while all scrapes ran
}

const (
	scrapes      = 51
	scrapeSeries = 100_000
)

// measureScrape polls a few times as the daemon does, and then reads its page as Prometheus does. Between polls the page is
// rendered ahead, which costs Render; what a scraper waits for is Wall.
func measureScrape(ctx context.Context, addresses []string) (scraped, error) {
	var s scraped
	w := &wire{}
	source, err := kafkasource.New(kafkasource.Config{Cluster: "bench", Brokers: addresses, Dial: w.dial})
	if err != nil {
		return s, err
	}
	defer source.Close()
	e := engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "bench", Source: source}}}, engine.Options{})
	for i := range 3 {
		e.Tick(ctx, time.Now().Add(time.Duration(i)*e.Interval()))
	}
	all := func(string) bool { return true }
	page := metrics.New(metrics.Options{Latest: e.Latest, Filter: metrics.Filter{Topics: all, Partitions: all, MaxSeries: scrapeSeries}})
	server := httptest.NewServer(page)
	defer server.Close()
	_, before, _ := w.totals()
	costs := make([]cost, scrapes)
	for i := range costs {
		began := time.Now()
		n, series, err := scrape(ctx, server.URL, i == 0)
		if err != nil {
			return s, err
		}
		costs[i].wall = time.Since(began)
		if i == 0 {
			s.Render, s.Bytes, s.Series = costs[0].wall, n, series
		}
	}
	s.Wall = over(costs[1:], func(c cost) time.Duration { return c.wall })
	_, after, _ := w.totals()
	s.KafkaRequests = after - before
	return s, nil
}

// scrape reads the page as Prometheus asks for it, and counts its series if it is to.
func scrape(ctx context.Context, url string, count bool) (bytes int64, series int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")
	r.Header.Set("Accept-Encoding", "gzip") // set here, it is not unpacked for us
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Encoding") != "gzip" {
		return 0, 0, fmt.Errorf("scraping: %s, encoding %q", answer.Status, answer.Header.Get("Content-Encoding"))
	}
	read := &counting{r: answer.Body}
	if count {
		series, err = countSeries(read)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, read)
	}
	return read.n, series, err
}

func countSeries(r io.Reader) (int, error) {
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return 0, err
	}
	n := 0
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		if line := lines.Bytes(); len(line) > 0 && line[0] != '#' {
			n++
		}
	}
	return n, lines.Err()
}

// counting counts what is read through it.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
