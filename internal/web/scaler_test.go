package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// told is a scaler that was late in one of three hours, decided twice, and whose group rebalanced once.
func told() *engine.Report {
	r := billedFleet()
	r.At = t0
	var tl timeline.Timeline
	tl = tl.Next(timeline.Poll{Now: t0.Add(-3 * time.Hour)})
	tl = tl.Next(timeline.Poll{
		Now: t0.Add(-2 * time.Hour), Decision: &timeline.Decision{At: t0.Add(-2 * time.Hour), From: 4, To: 9, Reason: "ScaleUp"},
		Rebalances: []timeline.Rebalance{{Group: "<cards>", End: t0.Add(-110 * time.Minute), Took: 3 * time.Second, Cause: "scaling"}},
	})
	tl = tl.Next(timeline.Poll{Now: t0.Add(-time.Hour), Decision: &timeline.Decision{At: t0.Add(-time.Hour), From: 9, To: 4, Reason: "ScaleDown", Advised: true}})
	r.Scalers[0].Timeline = tl
	return r
}

func scalerPage(t *testing.T, h http.Handler, query string) (page ScalerPage) {
	t.Helper()
	w := get(t, h, "/api/v1/scaler?scaler=pay/cards"+query)
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err, w.Body)
	}
	return page
}

// A page without a time shows what is known, and says since when; a time that is asked for is shown, and is in every address.
func TestScalerPage(t *testing.T) {
	h := handlerOf(told())
	page := scalerPage(t, h, "")
	begun := t0.Add(-3 * time.Hour)
	if !page.From.Equal(begun) || !page.To.Equal(t0) || len(page.Decisions) != 2 || len(page.Rebalances) != 1 || len(page.Hours) != 3 || page.Hours[1].Kept == nil || *page.Hours[1].Kept {
		t.Errorf("%+v", page)
	}
	if s := page.Since; s.Steps != nil || s.Records == nil || !s.Records.Equal(begun) || s.Decisions == nil || !s.Decisions.Equal(begun) || !s.Rebalances.Equal(begun) {
		t.Errorf("since %+v", page.Since)
	}
	if page.Week.Kept() != "0 of 1" || *page.Objective != 99.95 {
		t.Errorf("%+v", page.Week)
	}
	asked := scalerPage(t, h, "&from=2026-01-05T09:30&to=2026-01-05T10:30:00Z")
	if len(asked.Decisions) != 1 || len(asked.Hours) != 2 || asked.To.Sub(asked.From) != time.Hour {
		t.Errorf("from 9:30 to 10:30: %+v", asked)
	}
	if last := scalerPage(t, h, "&last=90m"); len(last.Decisions) != 1 || len(last.Rebalances) != 0 || !last.From.Equal(t0.Add(-90*time.Minute)) {
		t.Errorf("the last 90 min: %+v", last)
	}
	text := get(t, h, "/scaler?scaler=pay/cards&from=2026-01-05T09:30&to=2026-01-05T10:30").Body.String()
	for _, want := range []string{
		"from=2026-01-05T09%3A30%3A00Z", `download="pay-cards-20260105T0930.svg"`, "go on to now", "1 decision, 1 rebalance", "ScaleUp 4 → 9", "&lt;cards&gt;", "objective 99.95\u00a0%: missed",
		"rebalances Mon\u00a05\u00a0Jan\u00a009:00",
	} {
		if !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, "\u00a0", " ")) {
			t.Errorf("the page has no %q", want)
		}
	}
	for path, want := range map[string]int{
		"/scaler?scaler=none": http.StatusNotFound, "/scaler?scaler=pay/cards&from=yesterday": http.StatusBadRequest, "/scaler?scaler=pay/cards&last=9999h": http.StatusBadRequest,
		"/scaler?scaler=pay/cards&from=2026-01-05T09:30&to=2026-01-05T09:30": http.StatusBadRequest, "/scaler.svg?scaler=none": http.StatusNotFound,
		"/scaler?scaler=pay/cards&from=0001-01-01T00:00": http.StatusBadRequest, "/scaler.svg?scaler=pay/cards": http.StatusOK, "/price.svg?scaler=pay/cards": http.StatusOK,
	} {
		if w := get(t, h, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// The image is a file of its own that loads nothing.
func TestScalerImage(t *testing.T) {
	w := get(t, handlerOf(told()), "/scaler.svg?scaler=pay/cards")
	text := w.Body.String()
	if w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(text, `<svg xmlns="http://www.w3.org/2000/svg"`) || !strings.Contains(text, "Scaler pay/cards") || strings.Contains(text, "<script") {
		t.Errorf("%s %s", w.Header(), text)
	}
}

// The price list is a table and a picture; what is out of reach is in brackets.
func TestPriceOnThePage(t *testing.T) {
	r := told()
	r.Scalers[0].Played = playedFor(3)
	r.Scalers[0].Decision.Why.PerReplica = 1
	text := strings.ReplaceAll(get(t, handlerOf(r), "/scaler?scaler=pay/cards").Body.String(), "\u00a0", " ")
	for want, times := range map[string]int{"What objectives cost pay/cards": 2, `<tr class="own"><th scope="row">30 s</th>`: 1, `<th scope="row">10 min</th>`: 1, "replicas on average, ": 2*6*6 + 2} {
		if n := strings.Count(text, want); n != times {
			t.Errorf("the page has %d times %q, want %d", n, want, times)
		}
	}
}

// The audit trail of a scaler is on its page, within the time that is shown.
func TestDeedsOnThePage(t *testing.T) {
	r := told()
	deeds := []engine.Deed{
		{At: t0.Add(-time.Hour), Kind: engine.DeedWrite, Scaler: "pay/cards", From: new(int32(4)), To: new(int32(9)), Reason: "ScaleUp", Outcome: scaler.Failed, Error: "<denied>"},
		{At: t0.Add(-2 * time.Hour), Kind: engine.DeedMode, Scaler: "pay/cards", Before: "advise", After: "act", DeclaredBy: "argocd"},
		{At: t0.Add(-30 * time.Hour), Kind: engine.DeedFreeze, After: "too old"},
	}
	h := New(Options{
		Latest: func() *engine.Report { return r }, Ring: recent.New(), Now: func() time.Time { return r.At },
		Deeds: func(name string, _ time.Time) []engine.Deed {
			if name != "pay/cards" {
				return nil
			}
			return deeds
		},
	})
	text := get(t, h, "/scaler?scaler=pay/cards").Body.String()
	for want, has := range map[string]bool{"Audit trail": true, "4 → 9 ScaleUp": true, "&lt;denied&gt;": true, "advise → act": true, "argocd": true, "too old": false} {
		if strings.Contains(text, want) != has {
			t.Errorf("the page has %q: %v", want, !has)
		}
	}
	if page := scalerPage(t, h, ""); len(page.Deeds) != 2 {
		t.Errorf("%+v", page.Deeds)
	}
	if text := get(t, h, "/scaler?scaler=shop/mails").Body.String(); strings.Contains(text, "Audit trail") {
		t.Error("another scaler has the trail, too")
	}
}

func TestShortOwner(t *testing.T) {
	for name, want := range map[string]string{
		"worker-1@10.0.0.7": "worker-1@10.0.0.7",
		"orders-service-production-consumer-0c9f8e7d-1@fd00:1:2:3:4:5:6:7": "orders-service-…1@fd00:1:2:3:4:5:6:7",
		strings.Repeat("ü", 36): strings.Repeat("ü", 36),
		"":                      "",
	} {
		if got := shortOwner(name); got != want {
			t.Errorf("%q: %q (%d), want %q", name, got, len([]rune(got)), want)
		}
	}
}
