package kafka

import (
	"slices"
	"testing"
)

func TestHeavy(t *testing.T) {
	both, choose := []Version{V39, V44}, Heavy // it is no test that make versions has to run
	for name, c := range map[string]struct {
		every, named string
		want         []Version
	}{
		"make test":               {"", "", []Version{V39}},
		"make versions":           {"1", "", both},
		"somebody names versions": {"", "3.9 4.4", both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(everyVariable, c.every)
			t.Setenv(versionsVariable, c.named)
			if got := choose(both, V39); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
