package built

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The key is worked out twice: here and in build-module.sh. Building into an
// empty cache with a go command that does nothing shows the shell's.
func TestModuleKeyIsThatOfTheScript(t *testing.T) {
	checkout, err := Checkout()
	if err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(checkout, "tools")
	for _, module := range []string{"kubernetes", "prometheus"} {
		t.Run(module, func(t *testing.T) {
			cache := t.TempDir()
			copied := filepath.Join(t.TempDir(), module)
			if err := os.CopyFS(copied, os.DirFS(filepath.Join(tools, module))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(copied, "build.sh"), []byte("touch \"$1/built\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			key, err := moduleKey(copied)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second finds it there
				out, err := exec.Command("sh", filepath.Join(tools, "build-module.sh"), cache, copied).CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			if _, err := os.Stat(filepath.Join(cache, module+"-"+key, "built")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMissingNamesTheTarget(t *testing.T) {
	t.Setenv("LAGSCALER_CACHE", t.TempDir())
	for target, find := range map[string]func(string) (string, error){"kubernetes": Module, "alertmanager": Tool} {
		_, err := find(target)
		if _, missing := errors.AsType[*MissingError](err); !missing || !strings.Contains(err.Error(), "make "+target+"`") {
			t.Errorf("looking for %s: %v", target, err)
		}
	}
}

// verdict keeps what was said first about a test. The real Skip and Fatal do
// not return, so that nothing comes after.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper()      {}
func (v *verdict) Skip(...any)  { v.say("skip") }
func (v *verdict) Fatal(...any) { v.say("fatal") }

func (v *verdict) say(what string) {
	if v.said == "" {
		v.said = what
	}
}

func TestNeed(t *testing.T) {
	missing := &MissingError{Name: "etcd", Target: "kubernetes"}
	cases := []struct {
		name, ci, want string
		err            error
	}{
		{"nothing is wrong", "true", "", nil},
		{"missing on a desk", "", "skip", missing},
		{"missing in CI", "true", "fatal", missing},
		{"another error", "", "fatal", errors.New("no space left")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			v := &verdict{}
			Need(v, c.err)
			if v.said != c.want {
				t.Errorf("got %q, want %q", v.said, c.want)
			}
		})
	}
}
