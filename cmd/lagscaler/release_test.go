package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler/release"
)

// The exit code is the verdict; what was asked is what the daemon is asked.
func TestCheckRelease(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/api/v1/release" || q.Get("since") != "10m" {
			http.Error(w, `{"error":"since must be a duration"}`, http.StatusBadRequest)
			return
		}
		_, verdict, _ := strings.Cut(q.Get("scaler"), "/")
		page := web.ReleasePage{Name: q.Get("scaler"), Verdict: release.Verdict(verdict), Since: noon, Began: noon.Add(time.Minute), Seen: verdict != "fine"}
		page.Groups = []web.ReleaseGroup{{Cluster: "main", Group: "orders", Verdict: page.Verdict, Speed: web.ReleaseSpeed{Verdict: page.Verdict, Line: "how fast"}}}
		if verdict == "worse" {
			ended := noon.Add(2 * time.Minute)
			page.Ended = &ended
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		args []string
		code int
		want string // on one of the outputs
	}{
		{[]string{"shop/fine", "--since", "10m"}, exitOK, "shop/fine: fine (no rollout was seen since 12:00:00Z)"},
		{[]string{"shop/worse", "--since", "10m"}, exitFailed, "shop/worse: worse (rolled out from 12:01:00Z to 12:02:00Z)"},
		{[]string{"shop/unknown", "--since", "10m"}, exitUnsure, "shop/unknown: unknown (a rollout goes on since 12:01:00Z)"},
		{[]string{"shop/worse", "--since", "10m", "-o", "json"}, exitFailed, `"verdict": "worse"`},
		{[]string{"shop/worse", "--since", "10m"}, exitFailed, "  speed       worse: how fast"},
		{[]string{"shop/worse"}, exitWrong, "--since is missing"},
		{[]string{"--since", "10m"}, exitWrong, "give the name of a scaler"},
		{[]string{"shop/fine", "--since", "yesterday"}, exitFailed, "since must be a duration"},
	} {
		var out, errOut bytes.Buffer
		code := execute(t.Context(), newRoot(), append([]string{"check-release", "--server", server.URL}, c.args...), &out, &errOut)
		if code != c.code || !strings.Contains(out.String()+errOut.String(), c.want) {
			t.Errorf("%v: exit code %d, want %d and %q\n%s%s", c.args, code, c.code, c.want, out.String(), errOut.String())
		}
		if silent := code == exitFailed && out.Len() > 0 || code == exitUnsure; silent && errOut.Len() > 0 {
			t.Errorf("%v: it also says %q", c.args, errOut.String())
		}
	}
}
