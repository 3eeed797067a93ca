package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// silent is a cluster that answers nothing, and a scaler of a group of it, whose target is not there and whose HPA has just been
// made: nothing at all is known.
type silent struct{ t *testing.T }

func (s silent) Sample(context.Context) lag.Sample { return lag.Sample{Cluster: "main"} }

func (s silent) Observe(context.Context) lag.Observation {
	return lag.Observation{Cluster: "main", At: start, Errors: []lag.ReadError{{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable}}}
}

func (s silent) Apply(context.Context, scaler.Change) error { return nil }

func (s silent) Scalers(time.Time) []scaler.Scaler {
	sources := []seen.SourceSpec{{Cluster: "main", Group: "shop"}}
	policy, err := scaler.Spec{Sources: sources}.Policy()
	if err != nil {
		s.t.Fatal(err)
	}
	return []scaler.Scaler{{
		Name: "shop/orders", Mode: scaler.Advise, Policy: policy, Sources: sources,
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders"},
			Owner: seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders-hpa", Unknown: true},
		},
	}}
}

var start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// outputs are everything that is shown of a report, by name.
func outputs(t *testing.T, r *engine.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	pages := web.New(web.Options{Latest: func() *engine.Report { return r }, Ring: recent.New(), Interval: 10 * time.Second, Now: func() time.Time { return r.At }})
	for _, path := range []string{
		"/", "/decisions", "/group?cluster=main&group=shop",
		"/api/v1/groups", "/api/v1/decisions", "/api/v1/lag", "/api/v1/group?cluster=main&group=shop", "/api/v1/compare?scaler=shop/orders",
	} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		out[path] = w.Body.String()
	}
	w := httptest.NewRecorder()
	metrics.New(metrics.Options{Latest: func() *engine.Report { return r }}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	out["/metrics"] = w.Body.String()
	for _, f := range []output.LagFormat{output.LagTable, output.LagWide} {
		var b strings.Builder
		if err := f.Print(&b, api.LagOf(r), output.Reading{Timed: true}); err != nil {
			t.Fatal(err)
		}
		out["lag -o "+string(f)] = b.String()
	}
	for _, s := range web.DecisionsOf(r) {
		var b strings.Builder
		explain(&b, s)
		out["explain"] = b.String()
	}
	var s v1alpha1.KafkaScalerStatus
	kube.Measured(&s, r.Scalers[0].Outcome)
	status, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out["status"] = string(status)
	return out
}

var (
	tags    = regexp.MustCompile(`(?s)<(script|style|svg|head)\b.*?</(script|style|svg|head)>|<[^>]*>`)
	numbers = regexp.MustCompile(`(^|[^\w.:-])0(\.0+)?( ?(/s|s|%|records?|replicas?|partitions?|members?|min|d)\b|/s|$|[^\w.:])`)
	zeros   = regexp.MustCompile(`"(\w+)":0[,}]`)
)

// counted are the JSON keys that count what this process saw or what is declared: 0 of them is known. The second list are the
// fields of a decision, each of which has a companion that says that it is unknown.
var counted = map[string]string{
	"joins": "", "leaves": "", "rebalancesPerHour": "", "timeShare": "", "churnPerMinute": "", "idle": "", "static": "", "skew": "",
	"advice": "", "stability": "", "page": "", "total": "", "minReplicas": "", "maxReplicas": "", "fallbackReplicas": "", "activationLag": "", "min": "",
	"rate": "rateKnown", "consumed": "rateKnown", "forecast": "rateKnown", "base": "rateKnown", "backlog": "rateKnown", "drainRate": "rateKnown",
	"required": "rateKnown", "peak": "rateKnown", "peakRequired": "rateKnown",
	"lag": "lagKnown", "maxLag": "lagKnown", "lagSeconds": "lagKnown", "movingSeconds": "lagKnown",
	"perConsumer": "capacity", "partitions": "rateKnown", "members": "rateKnown", "useful": "rateKnown", "ageSeconds": "",
	"current": "verdict", "desired": "verdict", "wanted": "verdict", "ready": "verdict", "joined": "verdict", "deciderIndex": "verdict",
}

// Nothing is known, and no output has a number for it.
func TestNothingKnownIsNoNumber(t *testing.T) {
	e := engine.New(engine.Settings{Mode: scaler.Advise, Clusters: []engine.Cluster{{Name: "main", Source: silent{t}}}}, engine.Options{Targets: silent{t}})
	for polls := range 3 {
		e.Tick(t.Context(), start.Add(time.Duration(polls)*10*time.Second))
		for name, text := range outputs(t, e.Latest()) {
			t.Run(fmt.Sprint(name, " after poll ", polls+1), func(t *testing.T) { noZero(t, name, text) })
		}
	}
}

func noZero(t *testing.T, name, text string) {
	t.Helper()
	switch {
	case strings.HasPrefix(name, "/api/") || name == "status":
		for _, m := range zeros.FindAllStringSubmatch(text, -1) {
			if _, ok := counted[m[1]]; !ok {
				t.Errorf("%q is 0: %s", m[1], around(text, m[0]))
			}
		}
	case name == "/metrics":
		for line := range strings.Lines(text) {
			series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
			counts := strings.Contains(series, "_total") || strings.Contains(series, "_bucket")
			of := strings.HasPrefix(series, "lagscaler_group_") && (strings.Contains(series, "lag") || strings.Contains(series, "members")) ||
				strings.HasPrefix(series, "lagscaler_scaler_") && (strings.Contains(series, "replicas") || strings.Contains(series, "records"))
			if of && !counts && value == "0" && !strings.Contains(series, "slo") {
				t.Error(line)
			}
		}
	default:
		plain := html.UnescapeString(tags.ReplaceAllString(text, " "))
		for line := range strings.Lines(plain) {
			line = strings.ReplaceAll(strings.TrimSpace(line), "\u00a0", " ")
			if numbers.MatchString(line) && !isCount(line) {
				t.Errorf("%q", line)
			}
		}
	}
}

// isCount reports whether a line of a page counts what this process saw.
func isCount(line string) bool {
	for _, known := range []string{"Skew", "Stability", "Rebalances", "0 % is the best", " ago", "has waited for"} {
		if strings.Contains(line, known) {
			return true
		}
	}
	return false
}

func around(text, what string) string {
	i := strings.Index(text, what)
	return text[max(0, i-60):min(len(text), i+60)]
}
