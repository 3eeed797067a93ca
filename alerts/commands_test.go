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

// sections returns the sections of docs/cli.md, which is generated, by command.
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

// commands returns the lagscaler commands in a text.
func commands(text string) []string {
	var found []string
	for _, m := range command.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// Every lagscaler command in the alerts and runbooks exists with its flags, and names the server or the brokers.
func TestCommandsExist(t *testing.T) {
	found := map[string][]string{}
	for _, m := range regexp.MustCompile(`First: (.*)`).FindAllStringSubmatch(export(t, alerts.Options{}), -1) {
		found["the rules"] = append(found["the rules"], commands(m[1])...)
	}
	files, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../docs/alerts.md", "../docs/dashboards.md") {
		text := strings.ReplaceAll(read(t, file), "\\\n", " ")
		for _, block := range append(span.FindAllString(strings.ReplaceAll(text, "```", ""), -1), fenced(text)...) {
			found[file] = append(found[file], commands(block)...)
		}
	}
	known, n := sections(t), 0
	for _, where := range slices.Sorted(maps.Keys(found)) {
		for _, line := range found[where] {
			checkCommand(t, where, line, known)
			n++
		}
	}
	if n < 50 {
		t.Errorf("found only %d commands", n)
	}
}

// fenced returns the code blocks of a page.
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
	namesServer := false
	for _, word := range words {
		f := flag.FindString(word)
		if f != "" && !regexp.MustCompile(`[\s,]`+f+`[\s,]`).MatchString(page) {
			t.Errorf("%s: lagscaler %s has no flag %s", where, name, f)
		}
		namesServer = namesServer || f == "-s" || f == "--server" || f == "--brokers" || f == "--config"
	}
	if needs := strings.Contains(page, "--server URL") || name == "check"; needs && !namesServer && len(words) > 1 {
		t.Errorf("%s: lagscaler %s has none of --server, --brokers and --config", where, line)
	}
}
