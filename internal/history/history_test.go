package history

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// prometheus answers a text, and notes what it was asked.
func prometheus(t *testing.T, status int, contentType, text string) (*httptest.Server, *http.Request) {
	t.Helper()
	asked := &http.Request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		*asked = *req.Clone(req.Context())
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s, asked
}

const matrix = `{"status":"success","data":{"resultType":"matrix","result":[%s]}%s}`

func series(what, values string) string {
	return fmt.Sprintf(`{"metric":{"what":%q},"values":[%s]}`, what, values)
}

// What Prometheus knows is joined by time; what it does not know is unknown, and not zero.
func TestGroup(t *testing.T) {
	at := t0.Unix()
	s, asked := prometheus(t, 200, "application/json", fmt.Sprintf(matrix,
		series("lag", fmt.Sprintf(`[%d,"7"],[%d,"NaN"],[%d,"0"]`, at-3600, at-1800, at))+","+series("in", fmt.Sprintf(`[%d,"2.5"]`, at-1800)), `,"warnings":["a store is down"]`))
	r := New(Options{Address: s.URL + "/prometheus", Headers: map[string]string{"X-Scope-OrgID": "team"}, Matchers: `namespace="lagscaler"`})
	g, err := r.Group(t.Context(), `m"ain`, "orders\n", t0.Add(-7*24*time.Hour), t0)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Steps) != 3 || *g.Steps[0].Lag != 7 || g.Steps[0].Produced != nil || g.Steps[1].Lag != nil || *g.Steps[1].Produced != 2.5 || *g.Steps[2].Lag != 0 {
		t.Errorf("%+v", g.Steps)
	}
	if len(g.Warnings) != 1 || g.Step != 15*time.Minute {
		t.Errorf("%+v", g)
	}
	if asked.URL.Path != "/prometheus/api/v1/query_range" || asked.Header.Get("X-Scope-OrgID") != "team" {
		t.Errorf("asked %s %v", asked.URL, asked.Header)
	}
	q, err := url.ParseQuery(asked.URL.RawQuery)
	const selector = `lagscaler_group_produced_records_total{kafka_cluster="m\"ain",group="orders\n",namespace="lagscaler"}`
	if rate := "max(rate(" + selector + "[900s]) and " + selector + " and " + selector + " offset 900s)"; !strings.Contains(q.Get("query"), rate) {
		t.Errorf("asked %s\nwithout %s", q.Get("query"), rate)
	}
	if err != nil || !strings.Contains(q.Get("query"), `max(max_over_time(lagscaler_group_lag_records{kafka_cluster="m\"ain",group="orders\n",namespace="lagscaler"}[900s]))`) {
		t.Errorf("%v: asked %s", err, q.Get("query"))
	}
}

// A failure is said, with what is wrong, and never a history without points.
func TestAPrometheusThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		kind, text  string
		from, until time.Duration
		says        string
	}{
		"refused":        {401, "text/plain", "no token", time.Hour, 0, "401"},
		"a bad query":    {400, "application/json", `{"status":"error","error":"parse error"}`, time.Hour, 0, "parse error"},
		"a login page":   {200, "text/html", "<html>", time.Hour, 0, "instead of JSON"},
		"elsewhere":      {302, "text/html", "", time.Hour, 0, "302"},
		"no JSON":        {200, "application/json", `{"data":`, time.Hour, 0, "reading the answer"},
		"too large":      {200, "application/json", `{"data":"` + strings.Repeat("x", maxAnswer) + `"}`, time.Hour, 0, "larger than 4 MiB"},
		"no number":      {200, "application/json", fmt.Sprintf(matrix, series("lag", `[0,"x"]`), ""), time.Hour, 0, "must be a time and a number"},
		"another time":   {200, "application/json", fmt.Sprintf(matrix, series("lag", `[0,"1"]`), ""), time.Hour, 0, "not between"},
		"another series": {200, "application/json", fmt.Sprintf(matrix, series("up", `[0,"1"]`), ""), time.Hour, 0, "not asked for"},
		"no time":        {200, "application/json", fmt.Sprintf(matrix, "", ""), 0, 0, "empty"},
	} {
		s, _ := prometheus(t, c.status, c.kind, c.text)
		g, err := New(Options{Address: s.URL, Headers: map[string]string{"Authorization": "Bearer hunter2"}}).Group(t.Context(), "main", "orders", t0.Add(-c.from), t0.Add(c.until))
		if err == nil || !strings.Contains(err.Error(), c.says) || len(g.Steps) > 0 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, _ := prometheus(t, 200, "application/json", "")
	s.Close()
	if _, err := New(Options{Address: strings.Replace(s.URL, "http://", "http://me:hunter2@", 1)}).Group(t.Context(), "main", "orders", t0.Add(-time.Hour), t0); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("down: %v", err)
	}
}

// However long the time is, a series has at most 720 points and one that is not complete; an hour, a day and a week have round steps.
func TestSteps(t *testing.T) {
	for span := time.Minute; span < 60*24*time.Hour; span += span/7 + time.Second {
		if step := stepOf(span); span/step > maxPoints || step%(30*time.Second) != 0 {
			t.Errorf("%s: %s", span, step)
		}
	}
	for span, want := range map[time.Duration]time.Duration{time.Hour: 30 * time.Second, 24 * time.Hour: 2 * time.Minute, 7 * 24 * time.Hour: 15 * time.Minute} {
		if got := stepOf(span); got != want {
			t.Errorf("%s: %s, want %s", span, got, want)
		}
	}
}

// Whatever a Prometheus answers becomes steps in order, within the time, of finite numbers, or an error.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(matrix, series("lag", `[1767610800,"7"],[1767614400,"+Inf"]`), `,"warnings":["x"]`)))
	f.Add([]byte(fmt.Sprintf(matrix, series("lag", `[1e300,"7"],[null,null],["a",1]`), "")))
	f.Add([]byte(fmt.Sprintf(matrix, series("in", `[1767610800.5,"1e999"],[1767610800,"-1"]`), "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		from := t0.Add(-24 * time.Hour)
		all, err := a.steps(from, t0)
		if err != nil {
			return
		}
		for i, s := range all {
			if s.At.Before(from) || s.At.After(t0) || i > 0 && !all[i-1].At.Before(s.At) {
				t.Errorf("step %d of %v", i, all)
			}
			for _, q := range queries {
				if v := *q.field(&s); v != nil && (*v < 0 || math.IsNaN(*v) || math.IsInf(*v, 0)) {
					t.Errorf("%s is %v", q.name, *v)
				}
			}
		}
	})
}
