package daemon

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
)

// TestDaemon runs the program in this process, as e2e does: what is published is what it serves, and it ends when told.
func TestDaemon(t *testing.T) {
	d := start(t, func(*config.Config) {})
	if r := d.first; len(r.Clusters) != 1 || len(r.Clusters[0].Snapshot.Errors) > 0 {
		t.Errorf("published %+v", r.Clusters)
	}
	resp, err := http.Get(d.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !strings.Contains(string(page), `version="of-the-test"`) {
		t.Errorf("metrics (%v):\n%s", err, page)
	}
	d.stop()
	if err := <-d.ended; err != nil || !strings.Contains(d.log.String(), "stopped") {
		t.Errorf("ended with %v\n%s", err, d.log.String())
	}
	if missing := d.MissingRights(); missing != nil {
		t.Errorf("rights of a Kubernetes that is not there: %v", missing)
	}
}
