package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/history"
	"github.com/lagscaler/lagscaler/internal/web/recent"
)

// pastOf are pages that read the past of groups with a reader; nil: they do not.
func pastOf(t *testing.T, read HistoryReader) http.Handler {
	t.Helper()
	r := report(t, "alpha", "beta")
	ring := recent.New()
	ring.Add(r)
	return New(Options{Latest: func() *engine.Report { return r }, Ring: ring, Interval: 10 * time.Second, Now: func() time.Time { return t0 }, History: read})
}

// The page shows what Prometheus knows, since when, and what it warns of; what it does not know is null.
func TestHistoryPage(t *testing.T) {
	var asked [2]time.Time
	h := pastOf(t, func(_ context.Context, cluster, group string, from, to time.Time) (history.Group, error) {
		asked = [2]time.Time{from, to}
		if cluster != "main" || group != "beta" {
			t.Errorf("asked for %s of %s", group, cluster)
		}
		at := to.Add(-time.Hour)
		return history.Group{Step: 15 * time.Minute, Steps: []history.Step{{At: at, Lag: new(7.0)}, {At: at.Add(15 * time.Minute), Late: new(90.0)}}, Warnings: []string{"a <store> is down"}}, nil
	})
	w := get(t, h, "/api/v1/history?cluster=main&group=beta&last=24h")
	var page HistoryPage
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err, w.Body)
	}
	now := t0.Add(10 * time.Second)
	if !asked[0].Equal(now.Add(-24*time.Hour)) || !asked[1].Equal(now) || len(page.Steps) != 2 || *page.Steps[0].Lag != 7 || page.Steps[0].Late != nil || page.Steps[1].Lag != nil || !page.Since.Equal(now.Add(-time.Hour)) || page.StepSeconds != 900 {
		t.Errorf("%+v, asked for %v", page, asked)
	}
	text := get(t, h, "/history?cluster=main&group=beta").Body.String()
	for _, want := range []string{"At most: lag 7, time lag 90 s.", "a &lt;store&gt; is down", `href="/group?cluster=main&amp;group=beta"`, "Known since", "<svg"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// A failure is said with its reason, and nothing is shown that looks like a quiet group. Twin: Prometheus answers, and knows nothing.
func TestHistoryThatIsNotKnown(t *testing.T) {
	fails := func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
		return history.Group{}, errors.New("dial tcp: refused")
	}
	empty := func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
		return history.Group{Step: time.Minute}, nil
	}
	for name, c := range map[string]struct {
		read   HistoryReader
		query  string
		status int
		says   string
	}{
		"down":           {fails, "?cluster=main&group=beta", http.StatusBadGateway, "dial tcp: refused"},
		"nothing":        {empty, "?cluster=main&group=beta", http.StatusOK, "Prometheus has nothing of this time"},
		"a group gone":   {empty, "?cluster=main&group=gone", http.StatusOK, "Prometheus has nothing of this time"},
		"not configured": {nil, "?cluster=main&group=beta", http.StatusNotFound, "set history.prometheus"},
		"no group":       {empty, "?cluster=main", http.StatusBadRequest, "both must be set"},
		"a wrong time":   {empty, "?cluster=main&group=beta&last=1y", http.StatusBadRequest, "last: must be a time"},
		"too long":       {empty, "?cluster=main&group=beta&from=2025-01-01T00:00&to=2026-01-01T00:00", http.StatusBadRequest, "two weeks"},
	} {
		w := get(t, pastOf(t, c.read), "/history"+c.query)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// At most four questions wait at once: a fifth is told so, and asks nothing.
func TestHistoriesAtOnce(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	h := pastOf(t, func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
		began <- struct{}{}
		<-end
		return history.Group{Step: time.Minute}, nil
	})
	done := make(chan int, maxHistories)
	for range maxHistories {
		go func() { done <- get(t, h, "/api/v1/history?cluster=main&group=beta").Code }()
		<-began
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/history?cluster=main&group=beta", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("the fifth: %d %s", w.Code, w.Body)
	}
	close(end)
	for range maxHistories {
		if code := <-done; code != http.StatusOK {
			t.Errorf("one of four: %d", code)
		}
	}
}

// The page of a group says since when its charts know, and leads to the past if it is read.
func TestGroupLeadsToItsPast(t *testing.T) {
	read := func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
		return history.Group{}, nil
	}
	for configured, r := range map[bool]HistoryReader{true: read, false: nil} {
		text := get(t, pastOf(t, r), "/group?cluster=main&group=beta").Body.String()
		if !strings.Contains(text, "Known since") || strings.Contains(text, "/history?") != configured {
			t.Errorf("configured %v: the page leads to the past %v", configured, strings.Contains(text, "/history?"))
		}
	}
}
