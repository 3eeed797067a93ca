package lagscaler_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// What turns bytes or text of others into values, by its call.
var decodes = regexp.MustCompile(`json\.(Unmarshal|NewDecoder)|yaml\.(Unmarshal|NewDecoder)|\.ReadFrom\(|kbin\.Reader\{|` +
	`strconv\.(Parse|Atoi)|URL\.Query\(|time\.ParseDuration|csv\.NewReader|bufio\.NewScanner|cron\.NewParser`)

// fuzzedElsewhere are packages that decode and have no fuzz target of their own.
var fuzzedElsewhere = map[string]string{
	"lag/kafkasource": "internal/engine FuzzChain: answers of brokers",
	"internal/daemon": "scaler FuzzLoadMemory: a file of saved memories is JSON of those; /proc/uptime is of the kernel",

	"scaler/kube/custommetrics": "certificates, headers and paths are decoded by k8s.io/apiserver and net/http",

	"internal/metrics":      "reads only whether a parameter is there",
	"internal/output":       "decodes what it has just encoded",
	"internal/mutate":       "decodes what the go command prints",
	"internal/demo":         "decodes traffic that is part of the binary",
	"lag/kafkasource/pipes": "decodes what the clients of tests send",

	"alerts":     "decodes rules that are part of the binary",
	"dashboards": "decodes dashboards that are part of the binary, and the answers of a Grafana that was named by hand",
}

// Every package that decodes what others send has a fuzz target, or says which target covers it: make fuzz runs all of them.
func TestDecodersAreFuzzed(t *testing.T) {
	target := regexp.MustCompile(`(?m)^func Fuzz\w+\(f \*testing\.F\)`)
	needed := map[string]bool{}
	for _, p := range listPackages(t) {
		if !containsAny(t, p.Dir, p.GoFiles, decodes) {
			continue
		}
		tests, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		name := ownPath(p.ImportPath)
		switch _, elsewhere := fuzzedElsewhere[name]; {
		case containsAny(t, "", tests, target):
		case elsewhere:
			needed[name] = true
		default:
			t.Errorf("%s decodes what others send: give it a fuzz target, or name in fuzzedElsewhere the one that covers it", name)
		}
	}
	for name := range fuzzedElsewhere {
		if !needed[name] {
			t.Errorf("%s is among fuzzedElsewhere: it decodes nothing, or has a fuzz target", name)
		}
	}
}

func containsAny(t *testing.T, dir string, files []string, what *regexp.Regexp) bool {
	t.Helper()
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return what.Match(text)
	})
}
