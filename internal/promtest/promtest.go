// Package promtest helps to test Prometheus rules, Alertmanager routes and dashboards: it runs promtool and amtool, and
// checks that expressions use existing metrics and labels.
//
//	Promtool, Amtool   the path of the program, built by tools/tools.mk or on the PATH
//	Run                runs a program; the test fails if the program fails
//	Check              fails if a text uses a metric or a label that lagscaler does not export
//
// For example, Check reports two errors for sum by (pod) (lagscaler_group_lag): the metric is called
// lagscaler_group_lag_records, and no metric of lagscaler has the label pod.
package promtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Promtool is the path of promtool.
func Promtool(t testing.TB) string {
	t.Helper()
	return find(t, "promtool", "prometheus", "prometheus-*/promtool")
}

// Amtool is the path of amtool.
func Amtool(t testing.TB) string {
	t.Helper()
	return find(t, "amtool", "amtool", "bin/amtool")
}

// find returns the path of a program in the cache of built tools, or else on the PATH. If it is missing, the test is
// skipped; in CI it fails.
func find(t testing.TB, name, target, pattern string) string {
	t.Helper()
	built, err := filepath.Glob(filepath.Join(cache(t), pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(built) > 0 {
		return built[len(built)-1]
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is missing: run `make -f tools/tools.mk %s` first", name, target)
	default:
		t.Skipf("%s is missing: run `make -f tools/tools.mk %s` first", name, target)
	}
	return path
}

func cache(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("LAGSCALER_CACHE"); dir != "" {
		return dir
	}
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "lagscaler")
}

// Run runs a program in a folder and returns its output. If the program fails, the test fails with that output.
func Run(t testing.TB, dir, tool string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(tool), args, err, output)
	}
	return string(output)
}
