package metrics

import (
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

func TestFrozenMetrics(t *testing.T) {
	var names []string
	for _, m := range append(Metrics(), CompatMetrics()...) {
		names = append(names, m.Name+" "+string(m.Type)+" {"+strings.Join(m.Labels, ",")+"}")
	}
	frozen.Hold(t, "metrics", names)
}
