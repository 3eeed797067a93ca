package alerts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

// longVariable lets the tests run that take a core for ten seconds and more: make test, and make long.
const longVariable = "LAGSCALER_LONG"

// TestRules runs the promtool tests of testdata on the exported rules.
func TestRules(t *testing.T) {
	promtool := promtest.Promtool(t)
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no tests")
	}
	for _, file := range files {
		// With labels that say whose a group is, of which nobody has any, each alert fires as without them.
		for name, o := range map[string]alerts.Options{"alone": {}, "with owners": {Owners: []string{"team", "product"}}} {
			t.Run(filepath.Base(file)+" "+name, func(t *testing.T) {
				if o.Owners != nil && os.Getenv(longVariable) == "" {
					t.Skipf("skipped: takes long; make long runs it, with %s", longVariable)
				}
				t.Parallel()
				dir := write(t, o)
				if err := os.WriteFile(filepath.Join(dir, "test.yaml"), []byte(read(t, file)), 0o600); err != nil {
					t.Fatal(err)
				}
				promtest.Run(t, dir, promtool, "test", "rules", "test.yaml")
			})
		}
	}
}

// Every alert fires in a promtool test, and every test file has a time at which no alert fires.
func TestEveryAlertIsTested(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text := read(t, file)
		all.WriteString(text)
		if !regexp.MustCompile(`ALERTS.*exp_samples: \[\]`).MatchString(text) {
			t.Errorf("%s: there is no time without a firing alert", file)
		}
	}
	for _, name := range alerts.Names() {
		if !strings.Contains(all.String(), `{alertname="`+name+`"`) {
			t.Errorf("%s fires in no test", name)
		}
	}
}

// The routes of the Alertmanager example are those of its comments.
func TestAlertmanagerExample(t *testing.T) {
	amtool := promtest.Amtool(t)
	promtest.Run(t, ".", amtool, "check-config", "alertmanager.yaml")
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{[]string{"alertname=LagscalerGroupEmpty", "severity=critical", "group=orders"}, "pager"},
		{[]string{"alertname=LagscalerGroupEmpty", "severity=warning", "group=orders"}, "chat"},
		{[]string{"alertname=LagscalerAbsent", "severity=critical"}, "pager"},
		{[]string{"alertname=SomethingElse", "severity=critical"}, "chat"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=alertmanager.yaml", "--verify.receivers=" + c.want}, c.labels...)
		promtest.Run(t, ".", amtool, args...)
	}
	tree := promtest.Run(t, ".", amtool, "config", "routes", "show", "--config.file=alertmanager.yaml")
	if !strings.Contains(tree, "alertname") {
		t.Errorf("no routes: %s", tree)
	}
}
