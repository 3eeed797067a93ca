package scaler_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
)

const docs = "../docs/scaling.md"

// examplesAreDecided: every reason has a section in the docs, with a decision of the timelines as its example. It runs after
// they have been recorded, so that one run of -update renews both.
func examplesAreDecided(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	before := 0
	for _, r := range scaler.Reasons {
		if r.Doc == "" || r.Reason.Doc() != r.Doc {
			t.Errorf("%s has no line of its own", r.Reason)
		}
		section := regexp.MustCompile(fmt.Sprintf("(?s)(### %s\n.*?```text\n)(.*?)(```\n)", r.Reason))
		parts := section.FindStringSubmatch(page)
		if parts == nil || strings.Count(parts[1], "\n### ") > 0 {
			t.Errorf("%s has no section with an example in %s", r.Reason, docs)
			continue
		}
		if at := strings.Index(page, parts[0]); at < before {
			t.Errorf("%s: the sections in %s do not have the order in which the rules are tried", r.Reason, docs)
		} else {
			before = at
		}
		example := exampleOf(t, r.Reason)
		if *update {
			page = strings.Replace(page, parts[0], parts[1]+example+parts[3], 1)
		} else if parts[2] != example {
			t.Errorf("%s: the example in %s is not what is decided; run go test ./scaler -run Timelines -update\n--- have\n%s--- want\n%s", r.Reason, docs, parts[2], example)
		}
	}
	if *update {
		if err := os.WriteFile(docs, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSecondPlacesAreInTheDocs: the table of the rules that are tried at a second place names exactly those.
func TestSecondPlacesAreInTheDocs(t *testing.T) {
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| rule | also tried | because |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var said []string
	for line := range strings.SplitSeq(table, "\n") {
		said = append(said, strings.Split(strings.Split(line, "|")[1], ",")...)
	}
	var have []string
	for _, r := range scaler.TriedTwice() {
		have = append(have, string(r))
	}
	for i := range said {
		said[i] = strings.TrimSpace(said[i])
	}
	if slices.Sort(said); !slices.Equal(said, slices.Sorted(slices.Values(have))) {
		t.Errorf("%s says that %q are tried at a second place, the table of rules has %q", docs, said, have)
	}
}

// exampleOf is the shortest line of the timelines in which a reason decides, or limits; of those in which something arrives
// and nothing is unknown, where there are such.
func exampleOf(t *testing.T, r scaler.Reason) string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.timeline")
	if err != nil {
		t.Fatal(err)
	}
	verdict := regexp.MustCompile(fmt.Sprintf(`(?m)  ((Hold (?:\d+ )?%s|%s \d+ -> \d+|[^:]*, %s \d+ -> \d+)[,:].*)$`, r, r, r))
	var lines []string
	for _, file := range files {
		_, decided := readTimeline(t, file)
		for _, m := range verdict.FindAllStringSubmatch(decided, -1) {
			lines = append(lines, strings.TrimSpace(m[1][strings.LastIndex(m[1], "  ")+1:])+"\n")
		}
	}
	if len(lines) == 0 {
		return ""
	}
	unclear := func(line string) (n int) {
		for _, word := range []string{" 0/s", " unknown", "; also ", "Hold 0 ", ", below the limits"} {
			n += strings.Count(line, word)
		}
		return n
	}
	return slices.MinFunc(lines, func(a, b string) int { return cmp.Or(unclear(a)-unclear(b), len(a)-len(b)) })
}
