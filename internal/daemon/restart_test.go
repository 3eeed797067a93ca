package daemon

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
)

// TestRestartOnlyIsKeptAndNamed: the parts that need a restart stay as they were and are named, the others change.
func TestRestartOnlyIsKeptAndNamed(t *testing.T) {
	old, next := config.Default(), config.Default()
	next.Mode = scaler.Act
	next.Interval = config.Duration(time.Minute)
	next.Kubernetes.WatchNamespaces = []string{"shop"}
	next.Metrics.MaxGroups = 7
	kept := keepRestartOnly(next, old)
	if !slices.Equal(kept, []string{"interval", "kubernetes"}) {
		t.Errorf("kept %v", kept)
	}
	if next.Interval != old.Interval || next.Kubernetes.WatchNamespaces != nil || next.Mode != scaler.Act || next.Metrics.MaxGroups != 7 {
		t.Errorf("got %+v", next)
	}
}

// TestRestartsAreDocumented: the reference names every part that needs a restart.
func TestRestartsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range restartOnly {
		names = append(names, "`"+f.name+"`")
	}
	if want := "These settings need a restart; until then the old values apply: " + strings.Join(names, ", ") + "."; !strings.Contains(string(text), want) {
		t.Errorf("docs/configuration.md does not say: %s", want)
	}
}
