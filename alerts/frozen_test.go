package alerts_test

import (
	"regexp"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/frozen"
)

// Silences, routes and dashboards of users name alerts and recorded series.
func TestFrozenRules(t *testing.T) {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^ *-? *(?:alert|record): *"?([A-Za-z:_0-9]+)`).FindAllStringSubmatch(export(t, alerts.Options{Format: alerts.Prometheus}), -1) {
		names = append(names, m[1])
	}
	frozen.Hold(t, "rules", names)
}
