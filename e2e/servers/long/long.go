// Package long tells the tests that make test leaves out, because they take minutes and others show most of it, whether they run.
package long

import (
	"os"
	"testing"
)

// variable lets everything run: make stories.
const variable = "LAGSCALER_STORIES"

// All reports whether a test tells all it can.
func All() bool { return os.Getenv(variable) != "" }

// Story skips a test that only make stories runs; instead says what shows most of it in make test.
func Story(t *testing.T, instead string) {
	t.Helper()
	if !All() {
		t.Skipf("skipped: it takes minutes; make stories runs it. In make test: %s", instead)
	}
}
