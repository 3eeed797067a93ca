package rebalancemon_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/rebalancemon"
)

// What the page lists is what there is: outcomes, causes, and advice with a paragraph each.
func TestDocsListWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../docs/rebalances.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		heading, row string
		want         []string
	}{
		{"### Outcomes", "(?m)^\\| `([a-z_]+)` \\|", words(rebalancemon.Outcomes)},
		{"### Causes", "(?m)^\\| `([a-z_]+)` \\|", words(rebalancemon.Causes)},
		{"## Advice", "(?m)^\\| \\[`([a-z_]+)`\\]", words(rebalancemon.AdviceNames)},
		{"## Advice", "(?m)^### ([a-z_]+)$", words(rebalancemon.AdviceNames)},
	} {
		_, after, found := strings.Cut(string(text), test.heading+"\n")
		if !found {
			t.Fatalf("no %q", test.heading)
		}
		level, _, _ := strings.Cut(test.heading, " ")
		section, _, _ := strings.Cut(after, "\n"+level+" ")
		var got []string
		for _, m := range regexp.MustCompile(test.row).FindAllStringSubmatch(section, -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s has %v, want %v", test.heading, got, test.want)
		}
	}
}

func words[S ~string](names []S) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, string(n))
	}
	slices.Sort(out)
	return out
}
