package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/web"
)

// The bill prints what is known, in money if the daemon has a price, and a dash for what is not known.
func TestBillCommand(t *testing.T) {
	money := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, page := r.URL.Query(), web.BillPage{Leader: !money, By: r.URL.Query().Get("by"), Rows: []web.BillRow{}}
		if q.Get("page") != "all" {
			t.Errorf("asks for %s", r.URL)
		}
		if q.Get("q") != "nobody" {
			known := web.BillSpan{LeastHours: 3, MostHours: 3, Hours: new(28.), Ours: new(28.), AtPeak: new(36.), Before: new(60.), Befores: 1, Late: new(12.), OnTime: new(99.943), Promises: 1, PromisesKnown: 1}
			page.Rows = []web.BillRow{
				{Namespace: "shop", Scaler: "shop/orders", Labels: map[string]string{"team": "web"}, Scalers: 2, Day: known, Week: known},
				{Namespace: "young", Scaler: "young/one", Scalers: 1},
			}
			page.All = page.Rows[0]
		}
		if money {
			page.ReplicaHour, page.Currency = new(0.5), "EUR"
			page.Rows[0].Week.Cost, page.Rows[0].Week.BeforeCost = new(14.), new(30.)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name  string
		money bool
		args  []string
		code  int
		want  []string
	}{
		{"hours", false, nil, exitOK, []string{"The last 7 days", "The last 24 hours", "REPLICA HOURS", "shop       team=web  2        3 h    28             28       36       60 (1 of 2 scalers)  12    99.943 %  0 of 1", "young      -         1        0 s    -  "}},
		{"what a column is", false, nil, exitOK, []string{"\nON TIME  ", "\nSCALERS  ", "\nOWNER  "}},
		{"money", true, nil, exitOK, []string{"COST", "14.00 EUR", "30.00 EUR (1 of 2 scalers)", "does not lead"}},
		{"by scaler", false, []string{"--by", "scaler"}, exitOK, []string{"SCALER", "shop/orders"}},
		{"as JSON", false, []string{"-o", "json"}, exitOK, []string{`"replicaHours": 28`, `"replicaHours": null`}},
		{"nobody", false, []string{"--search", "nobody"}, exitFailed, []string{`no scaler matches "nobody"`}},
		{"by what", false, []string{"--by", "team"}, exitWrong, []string{"must be namespace or scaler"}},
	} {
		var out, errOut bytes.Buffer
		money = c.money
		code := execute(t.Context(), newRoot(), append([]string{"bill", "--server", server.URL}, c.args...), &out, &errOut)
		for _, want := range c.want {
			if code != c.code || !strings.Contains(out.String()+errOut.String(), want) {
				t.Errorf("%s: exit code %d, no %q in\n%s%s", c.name, code, want, out.String(), errOut.String())
			}
		}
	}
}

// Amounts of a row have the same number of decimals; what is not known stays empty.
func TestAmountsAreAlike(t *testing.T) {
	for _, c := range []struct {
		currency string
		amounts  []*float64
		want     []string
	}{
		{"", []*float64{new(28.), new(28.4), new(36.), new(60.)}, []string{"28", "28", "36", "60"}},
		{"", []*float64{new(9.4), new(28.), nil, new(1540.)}, []string{"9.4", "28.0", "", "1 540.0"}},
		{"", []*float64{new(0.25), new(0.), new(9.), new(10.)}, []string{"0.25", "0.00", "9.00", "10.00"}},
		{"EUR", []*float64{new(0.25), new(1540.)}, []string{"0.25 EUR", "1 540 EUR"}},
	} {
		got := alike(c.currency, c.amounts...)
		for i := range got {
			if strings.ReplaceAll(got[i], "\u00a0", " ") != c.want[i] {
				t.Errorf("got %q, want %q", got, c.want)
			}
		}
	}
}
