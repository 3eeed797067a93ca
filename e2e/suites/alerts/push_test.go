package alerts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
)

// emptyGrafana answers as a Grafana that has the folder kafka and no dashboard, and counts what it is asked to write.
func emptyGrafana(t *testing.T) (url string, writes *atomic.Int32) {
	t.Helper()
	writes = new(atomic.Int32)
	answer := func(w http.ResponseWriter, code int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, body) // who hung up does not read it
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer glsa_secret":
			answer(w, http.StatusUnauthorized, `{"message":"Invalid API key"}`)
		case r.Method != http.MethodGet:
			writes.Add(1)
			answer(w, http.StatusOK, `{"status":"success"}`)
		case r.URL.Path == "/api/folders/kafka":
			answer(w, http.StatusOK, `{"id":7,"uid":"kafka","title":"Kafka"}`)
		default:
			answer(w, http.StatusNotFound, `{"message":"Dashboard not found"}`)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, writes
}

// TestPushShowsWhatItWouldChange runs the program as somebody does who wants to know first.
func TestPushShowsWhatItWouldChange(t *testing.T) {
	t.Parallel()
	path, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	url, writes := emptyGrafana(t)
	push := func(token string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, "dashboards", "push", "--url="+url, "--folder=kafka", "--dry-run")
		cmd.Env = append(cmd.Environ(), "LAGSCALER_GRAFANA_TOKEN="+token)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := push("glsa_secret")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, uid := range []string{"lagscaler-overview", "lagscaler-group", "lagscaler-scaling", "lagscaler-self"} {
		if want := fmt.Sprintf("%-20s would be created\n", uid); !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("a dry run wrote %d times", n)
	}
	out, err = push("glsa_other")
	if err == nil || !strings.Contains(out, "Grafana does not accept the token, or the user and password: Invalid API key (HTTP 401)") {
		t.Errorf("with a wrong token: %v\n%s", err, out)
	}
}
