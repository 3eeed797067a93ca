package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/web"
)

// The price of a trace needs no daemon; that of a scaler is asked from one. What does not go together is an error that names it.
func TestPriceCommand(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("t_s,count\n")
	for i := range 180 {
		fmt.Fprintf(&csv, "%d,%d\n", 60*i, 6000+6000*(i%60/55))
	}
	file := filepath.Join(t.TempDir(), "three-hours.csv")
	if err := os.WriteFile(file, []byte(csv.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := web.PricePage{Name: r.URL.Query().Get("scaler"), Rows: []web.PriceRow{}}
		if page.Name == "shop/orders" {
			page.Rows = []web.PriceRow{{TargetLag: 30, Cells: []web.PriceCell{{Objective: 99.9, Replicas: 12.3, Most: 30}}}}
		}
		if page.Name == "shop/busy" {
			page.Missing = "20 min of the 60 min of traffic that are needed were played so far"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name string
		args []string
		code int
		want string // on one of the outputs
	}{
		{"a trace", []string{"--trace", file, "--partitions", "12", "--objective", "99.85"}, exitOK, "99.85 %"},
		{"as JSON", []string{"--trace", file, "--partitions", "12", "-o", "json"}, exitOK, `"replicaHoursADay"`},
		{"a scaler", []string{"shop/orders", "--server", server.URL}, exitOK, "(12 / 30)"},
		{"a scaler of which nothing is known", []string{"shop/young", "--server", server.URL}, exitFailed, "less than an hour"},
		{"a scaler that says why", []string{"shop/busy", "--server", server.URL}, exitFailed, "shop/busy: 20 min of the 60 min"},
		{"both", []string{"shop/orders", "--trace", file}, exitWrong, "give only one of them"},
		{"neither", nil, exitWrong, "give the name of a scaler"},
		{"two traces", []string{"--trace", file + "," + file}, exitWrong, "--trace: 2 traces"},
		{"an objective that cannot be", []string{"--trace", file, "--objective", "100"}, exitWrong, "--objective 100: must be above 0 and below 100 percent"},
		{"no partitions", []string{"--trace", file, "--partitions", "0"}, exitWrong, "--partitions 0"},
		{"no such trace", []string{"--trace", "none"}, exitWrong, "--trace"},
	} {
		var out, errOut bytes.Buffer
		code := execute(t.Context(), newRoot(), append([]string{"price"}, c.args...), &out, &errOut)
		if code != c.code || !strings.Contains(out.String()+errOut.String(), c.want) {
			t.Errorf("%s: exit code %d\n%s%s", c.name, code, out.String(), errOut.String())
		}
	}
}
