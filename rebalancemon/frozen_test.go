package rebalancemon

import (
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

// They are values of metric labels and of JSON fields.
func TestFrozenWords(t *testing.T) {
	var words []string
	for _, o := range Outcomes {
		words = append(words, "outcome "+string(o))
	}
	for _, c := range Causes {
		words = append(words, "cause "+string(c))
	}
	for _, a := range AdviceNames {
		words = append(words, "advice "+string(a))
	}
	frozen.Hold(t, "rebalances", words)
}
