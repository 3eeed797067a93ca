package alerts_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
)

var (
	command = regexp.MustCompile("(?:^|[\\s/`])lagscaler ([a-z][^`|>\n]*)")
	section = regexp.MustCompile(`(?m)^## lagscaler (.+)\n`)
	span    = regexp.MustCompile("`[^`]+`")
	flag    = regexp.MustCompile(`^--?[a-z][a-z-]*`)
)

// sections are the pages of docs/cli.md, which is generated, by command.
func sections(t *testing.T) map[string]string {
	t.Helper()
	text := read(t, "../docs/cli.md")
	found := map[string]string{}
	heads := section.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		found[text[h[2]:h[3]]] = text[h[1]:end]
	}
	return found
}

// commands are those that a text tells somebody to type, each on a line.
func commands(text string) []string {
	var found []string
	for _, m := range command.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// Whoever is told a command at night finds that it exists, with its flags, and that it says whom to ask.
func TestCommandsExist(t *testing.T) {
	told := map[string][]string{}
	for _, m := range regexp.MustCompile(`First: (.*)`).FindAllStringSubmatch(export(t, alerts.Options{}), -1) {
		told["the rules"] = append(told["the rules"], commands(m[1])...)
	}
	files, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../docs/alerts.md", "../docs/dashboards.md") {
		text := strings.ReplaceAll(read(t, file), "\\\n", " ")
		for _, block := range append(span.FindAllString(strings.ReplaceAll(text, "```", ""), -1), fenced(text)...) {
			told[file] = append(told[file], commands(block)...)
		}
	}
	known, n := sections(t), 0
	for _, where := range slices.Sorted(maps.Keys(told)) {
		for _, line := range told[where] {
			checkCommand(t, where, line, known)
			n++
		}
	}
	if n < 50 {
		t.Errorf("found only %d commands", n)
	}
}

// fenced are the blocks of code of a page.
func fenced(text string) []string {
	var blocks []string
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			blocks = append(blocks, part)
		}
	}
	return blocks
}

func checkCommand(t *testing.T, where, line string, known map[string]string) {
	t.Helper()
	words := strings.Fields(line)
	name := words[0]
	if len(words) > 1 && known[name+" "+words[1]] != "" {
		name += " " + words[1]
	}
	page, ok := known[name]
	if !ok {
		t.Errorf("%s: there is no command lagscaler %s", where, line)
		return
	}
	asks := false
	for _, word := range words {
		f := flag.FindString(word)
		if f != "" && !regexp.MustCompile(`[\s,]`+f+`[\s,]`).MatchString(page) {
			t.Errorf("%s: lagscaler %s has no flag %s", where, name, f)
		}
		asks = asks || f == "-s" || f == "--server" || f == "--brokers" || f == "--config"
	}
	if needs := strings.Contains(page, "--server URL") || name == "check"; needs && !asks && len(words) > 1 {
		t.Errorf("%s: lagscaler %s does not say whom to ask", where, line)
	}
}
