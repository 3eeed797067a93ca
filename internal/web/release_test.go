package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/release"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// released is a report in which a target was rolled out five minutes ago, and busy consumers processed 100/s before, and so much after it.
func released(t *testing.T, perSecond float64) *engine.Report {
	t.Helper()
	rep := report(t, "orders")
	one := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{
		Name: "shop/orders", Sources: []seen.SourceSpec{{Cluster: rep.Clusters[0].Name, Group: "orders"}},
		Hints: []rebalancemon.Hint{
			{Kind: rebalancemon.RolledOut, At: rep.At.Add(-time.Hour), Until: rep.At.Add(-59 * time.Minute)},
			{Kind: rebalancemon.Resized, At: rep.At.Add(-3 * time.Minute)},
			{Kind: rebalancemon.RolledOut, At: rep.At.Add(-5 * time.Minute), Until: rep.At.Add(-4 * time.Minute)},
		},
	}}}
	one.Policy.TargetLag = 30 * time.Second
	var s learn.Speeds
	for i := range 6 {
		before, after := rep.At.Add(-10*time.Minute+time.Duration(i)*30*time.Second).Unix(), rep.At.Add(-4*time.Minute+time.Duration(i)*30*time.Second).Unix()
		s.Busy = append(s.Busy, learn.Speed{From: before, At: before + 30, PerSecond: 100 + float64(i), Consumers: 4})
		if i == 5 { // in order
			for j := range 6 {
				from := after - int64(30*(5-j))
				s.Busy = append(s.Busy, learn.Speed{From: from, At: from + 30, PerSecond: perSecond + float64(j), Consumers: 4})
			}
		}
	}
	one.Speeds = []learn.Speeds{s}
	rep.Scalers = []engine.ScalerReport{one}
	return rep
}

func TestRelease(t *testing.T) {
	for perSecond, want := range map[float64]release.Verdict{50: release.Worse, 100: release.Fine} {
		h := handlerOf(released(t, perSecond))
		var page ReleasePage
		w := get(t, h, "/api/v1/release?scaler=shop/orders&since=10m")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
			t.Fatal(w.Code, err, w.Body.String())
		}
		g := page.Groups[0]
		if g.Speed.Verdict != want || !page.Seen || page.Ended == nil || page.Ended.Sub(page.Began) != time.Minute || g.Speed.After.Windows != 6 || *g.Speed.From > *g.Speed.Ratio {
			t.Errorf("%v/s: %+v", perSecond, page)
		}
	}
	h := handlerOf(released(t, 50))
	for path, code := range map[string]int{
		"scaler=shop/none&since=10m": http.StatusNotFound, "scaler=shop/orders": http.StatusBadRequest, "scaler=shop/orders&since=x": http.StatusBadRequest,
		"scaler=shop/orders&since=48h": http.StatusBadRequest, "scaler=shop/orders&since=-5m": http.StatusBadRequest, "scaler=shop/orders&since=2020-01-01T00:00:00Z": http.StatusBadRequest,
	} {
		if w := get(t, h, "/api/v1/release?"+path); w.Code != code {
			t.Errorf("%s: %d, want %d: %s", path, w.Code, code, w.Body.String())
		}
	}
	// A scaler for which nothing was decided.
	rep := released(t, 50)
	rep.Scalers[0].Speeds = nil
	var page ReleasePage
	if err := json.Unmarshal(get(t, handlerOf(rep), "/api/v1/release?scaler=shop/orders&since=10m").Body.Bytes(), &page); err != nil || page.Verdict != release.Unknown {
		t.Errorf("%v %+v", err, page)
	}
}

// The rollouts that count are those since the time, with a little slack.
func TestRolledOut(t *testing.T) {
	s := &engine.ScalerReport{}
	at := func(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }
	roll := func(from, until int) rebalancemon.Hint {
		h := rebalancemon.Hint{Kind: rebalancemon.RolledOut, At: at(from)}
		if until > 0 {
			h.Until = at(until)
		}
		return h
	}
	for name, c := range map[string]struct {
		hints []rebalancemon.Hint
		want  release.Times
	}{
		"none":        {nil, release.Times{Began: at(10), Ended: at(10)}},
		"an old one":  {[]rebalancemon.Hint{roll(1, 2)}, release.Times{Began: at(10), Ended: at(10)}},
		"one":         {[]rebalancemon.Hint{roll(1, 2), roll(11, 12)}, release.Times{Began: at(11), Ended: at(12), Known: true}},
		"two":         {[]rebalancemon.Hint{roll(11, 12), roll(15, 16)}, release.Times{Began: at(11), Ended: at(16), Known: true}},
		"it goes on":  {[]rebalancemon.Hint{roll(11, 12), roll(15, 0)}, release.Times{Began: at(11), Known: true}},
		"only a size": {[]rebalancemon.Hint{{Kind: rebalancemon.Resized, At: at(11)}}, release.Times{Began: at(10), Ended: at(10)}},
	} {
		s.Hints = c.hints
		if got := rolledOut(s, at(10)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// The table of lagOf.
func TestLagOfARelease(t *testing.T) {
	past := func(lateBefore, lateMost, late, producedBefore, produced float64) recent.Series {
		var s recent.Series
		add := func(minute int, late, produced float64) {
			value := func(v float64) *float64 {
				if v < 0 {
					return nil
				}
				return &v
			}
			s.Seconds = append(s.Seconds, float64(t0.Add(time.Duration(minute)*time.Minute).Unix()))
			s.Lag, s.Late, s.Produced, s.Consumed = append(s.Lag, value(late)), append(s.Late, value(late)), append(s.Produced, value(produced)), append(s.Consumed, nil)
			s.Polls = append(s.Polls, 1)
		}
		add(1, 99, 99) // too long ago
		for i, v := range []float64{0, lateBefore, 0} {
			add(17+i, v, producedBefore)
		}
		for i, v := range []float64{0, lateMost, late} {
			add(20+i, v, produced)
		}
		return s
	}
	for name, c := range map[string]struct {
		past recent.Series
		want release.Verdict
	}{
		"in time":                {past(5, 20, 10, 100, 100), release.Fine},
		"recovered":              {past(5, 80, 10, 100, 100), release.Fine},
		"late":                   {past(5, 80, 80, 100, 100), release.Worse},
		"late, and more arrives": {past(5, 80, 80, 100, 150), release.Unknown},
		"late before":            {past(50, 80, 80, 100, 100), release.Unknown},
		"not known now":          {past(5, 80, -1, 100, 100), release.Unknown},
		"arrivals not known":     {past(5, 80, 80, -1, 100), release.Unknown},
		"nothing of before":      {between(past(5, 80, 80, 100, 100), t0.Add(20*time.Minute), t0.Add(time.Hour)), release.Unknown},
		"nothing":                {recent.Series{}, release.Unknown},
	} {
		if got := lagOf(c.past, t0.Add(20*time.Minute), t0.Add(23*time.Minute), 30); got.Verdict != c.want || got.Line == "" {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// Each value counts for as many polls as it stands for; one that is not known does not count.
func TestMeanOverPolls(t *testing.T) {
	some := []*float64{new(10.0), nil, new(40.0)}
	if got := mean(some, []float64{3, 3, 1}); got == nil || *got != 17.5 {
		t.Errorf("%v", got)
	}
	if got := mean(some[1:2], []float64{3}); got != nil {
		t.Errorf("%v of nothing", *got)
	}
}

// The AnalysisTemplate of the documentation reads the answer: Argo Rollouts evaluates jsonPath with this library of client-go.
func TestAnalysisTemplate(t *testing.T) {
	text, err := os.ReadFile("../../docs/check-release.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	var template struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct{ Name string }
		Spec       struct {
			Args    []struct{ Name string }
			Metrics []struct {
				Name, InitialDelay, Interval           string
				Count, FailureLimit, InconclusiveLimit int
				SuccessCondition, FailureCondition     string
				Provider                               struct {
					Web struct {
						URL            string `json:"url"`
						TimeoutSeconds int
						JSONPath       string `json:"jsonPath"`
					}
				}
			}
		}
	}
	if err := yaml.UnmarshalStrict(block[1], &template); err != nil {
		t.Fatal(err)
	}
	m := template.Spec.Metrics[0]
	web := m.Provider.Web
	at, err := url.Parse(strings.ReplaceAll(web.URL, "{{args.scaler}}", "shop/orders"))
	if err != nil {
		t.Fatal(err)
	}
	for perSecond, condition := range map[float64]string{50: m.FailureCondition, 100: m.SuccessCondition} {
		rep := released(t, perSecond)
		w := get(t, handlerOf(rep), at.RequestURI())
		var answer any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatal(w.Code, err)
		}
		for _, path := range []string{web.JSONPath, "{$.groups[0].speed.verdict}"} {
			if !strings.Contains(string(text), path) {
				t.Errorf("the page has no %s", path)
			}
			p := jsonpath.New("metric")
			var result bytes.Buffer
			if err := p.Parse(path); err != nil {
				t.Fatal(err)
			}
			if err := p.Execute(&result, answer); err != nil {
				t.Fatal(err)
			}
			if path != web.JSONPath && `result == "`+result.String()+`"` != condition {
				t.Errorf("%v/s: %s is %s, want %s", perSecond, path, result.String(), condition)
			}
			if path == web.JSONPath && !slices.Contains([]string{"fine", "worse", "unknown"}, result.String()) {
				t.Errorf("%v/s: %s is %q", perSecond, path, result.String())
			}
		}
	}
}
