package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The page of a group says what is not known of its commits, and what a restart forgets: everything, unless a scaler that may write
// names the group.
func TestPageSaysWhatARestartForgets(t *testing.T) {
	const forgets, unknown = "it ends when lagscaler restarts", "is not known yet"
	for name, c := range map[string]struct {
		mode         scaler.Mode // of a scaler of the group; empty: none
		learned      bool
		says, silent string
	}{
		"no scaler, nothing learned":     {"", false, unknown, ""},
		"no scaler, learned":             {"", true, forgets, unknown},
		"observe writes nothing":         {scaler.Observe, true, forgets, unknown},
		"advise saves":                   {scaler.Advise, true, "count as stalled", forgets},
		"act saves, nothing to be saved": {scaler.Act, false, unknown, forgets},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, "shop")
			r.Clusters[0].Groups[0].Rates.Rest = lag.Rest{StallAfter: 15 * time.Minute, RhythmUnknown: !c.learned}
			if c.mode != "" {
				r.Scalers = []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{
					Name: "shop/orders", Mode: c.mode, Sources: []seen.SourceSpec{{Cluster: "main", Group: "shop"}},
				}}}}
			}
			get := func(path string) string {
				w := httptest.NewRecorder()
				handlerOf(r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				return w.Body.String()
			}
			var page struct {
				Note string `json:"commitsNote"`
			}
			if err := json.Unmarshal([]byte(get("/api/v1/group?cluster=main&group=shop")), &page); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(page.Note, c.says) || c.silent != "" && strings.Contains(page.Note, c.silent) {
				t.Errorf("%q", page.Note)
			}
			if !strings.Contains(get("/group?cluster=main&group=shop"), page.Note) {
				t.Errorf("the page does not say %q", page.Note)
			}
		})
	}
}
