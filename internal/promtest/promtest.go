// Package promtest finds the programs that check rules and routes, for tests: promtool and amtool, as the makefiles
// under tools/ built them, or on the PATH.
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

// find looks in the cache of built tools, then on the PATH. A missing tool skips the test, but not in CI.
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
		t.Skipf("%s is not built here: run `make -f tools/tools.mk %s` first", name, target)
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

// Run runs a tool in a folder and fails the test, with what it said, when it fails.
func Run(t testing.TB, dir, tool string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(tool), args, err, said)
	}
	return string(said)
}
