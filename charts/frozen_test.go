package charts_test

import (
	"path/filepath"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

// Values files of users name the chart's values.
func TestFrozenValues(t *testing.T) {
	var values map[string]any
	decode(t, filepath.Join(chart, "values.yaml"), &values)
	frozen.Hold(t, "values", paths("", values))
}

func paths(above string, values map[string]any) (all []string) {
	for name, value := range values {
		all = append(all, above+name)
		if below, ok := value.(map[string]any); ok {
			all = append(all, paths(above+name+".", below)...)
		}
	}
	return all
}
