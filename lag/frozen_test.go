package lag

import (
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

// They are values of a metric label and of a JSON field.
func TestFrozenWords(t *testing.T) {
	var words []string
	for _, s := range Statuses {
		words = append(words, "status "+string(s))
	}
	frozen.Hold(t, "statuses", words)
}
