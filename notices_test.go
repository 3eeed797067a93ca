package lagscaler_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateNotices = flag.Bool("update", false, "rewrite "+noticesFile)

// noticesFile has the licenses of everything that is linked into the program, or embedded in it. It is shipped with it.
const noticesFile = "THIRD_PARTY_NOTICES"

// linked is a package of another module in the program.
type linked struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// licenseFile is the name of a file that goes with the program.
var licenseFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)([._-].*)?$`)

// The notices name what is linked into the releases, with the licenses of these versions: go test -run ThirdPartyNotices -update .
func TestThirdPartyNotices(t *testing.T) {
	texts := map[string][]string{} // who uses a text, by text
	for _, file := range []string{"htmx", "uPlot"} {
		add(t, texts, file+", in the pages", "internal/web/third_party/"+file+".LICENSE")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	add(t, texts, "the Go standard library", filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	for _, p := range linkedPackages(t) {
		found := 0
		for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
			for _, file := range licensesIn(t, dir) {
				add(t, texts, p.Module.Path+" "+p.Module.Version, file)
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s has no license that may be shipped", p.Module.Path)
		}
	}
	want := notices(texts)
	if *updateNotices {
		if err := os.WriteFile(noticesFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(noticesFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not that of the modules that are linked: run make notices (%v)", noticesFile, err)
	}
}

// The notices are in everything that a release publishes and that contains the program.
func TestNoticesAreShipped(t *testing.T) {
	for file, how := range map[string][]string{
		"Dockerfile":          {"COPY rootfs/ /"},
		"tools/image-root.sh": {"cp LICENSE " + noticesFile + ` "$root/licenses/"`},
		".goreleaser.yaml":    {"  - {src: " + noticesFile + ",", "  extra_files: [rootfs]"},
	} {
		for _, want := range how {
			if !strings.Contains(read(t, file), want) {
				t.Errorf("%s does not say %q", file, want)
			}
		}
	}
}

// Where the database can be reached, vulnerabilities are looked up and fail the run; where not, one line says so.
func TestVulnerabilitiesAreCheckedOrSaidNotToBe(t *testing.T) {
	database := t.TempDir()
	if err := os.Mkdir(filepath.Join(database, "index"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(database, "index", "db.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, check, want string
		fails            bool
	}{
		{"file://" + database, "echo looked up", "looked up -db file://" + database + " ./...\n", false},
		{"file://" + database, "false", "", true},
		{"file://" + database + "/none", "false", "vulnerabilities: NOT CHECKED, because curl cannot reach file://" + database + "/none\n", false},
	} {
		out, err := exec.Command("make", "--silent", "vulnerabilities", "GOVULNDB="+c.url, "GOVULNCHECK="+c.check).Output()
		if string(out) != c.want || (err != nil) != c.fails {
			t.Errorf("%s, %s: %q, %v", c.url, c.check, out, err)
		}
	}
	if test := regexp.MustCompile(`(?m)^test: .*\n(?:\t.*\n)*\t.*\bvulnerabilities\b`); !test.MatchString(read(t, "Makefile")) {
		t.Error("make test, which the continuous integration runs, does not look up vulnerabilities")
	}
}

// linkedPackages are the packages of other modules, for all systems that a release is built for.
func linkedPackages(t *testing.T) []linked {
	t.Helper()
	config := read(t, ".goreleaser.yaml")
	systems := regexp.MustCompile(`goos: \[(.+)\]`).FindStringSubmatch(config)
	if systems == nil {
		t.Fatal(".goreleaser.yaml has no goos")
	}
	var all []linked
	for _, system := range strings.Split(systems[1], ", ") {
		list := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/lagscaler")
		list.Env = append(os.Environ(), "GOOS="+system, "GOFLAGS=", "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("listing what is linked for %s: %v", system, err)
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); ; {
			var p linked
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if !p.Standard && !p.Module.Main {
				all = append(all, p)
			}
		}
	}
	if len(all) < 100 {
		t.Fatalf("%d packages are linked", len(all))
	}
	return all
}

func licensesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if licenseFile.MatchString(e.Name()) && e.Type().IsRegular() && filepath.Ext(e.Name()) != ".go" {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

func add(t *testing.T, texts map[string][]string, who, file string) {
	t.Helper()
	text := strings.TrimSpace(strings.ReplaceAll(read(t, file), "\r\n", "\n"))
	if !slices.Contains(texts[text], who) {
		texts[text] = append(texts[text], who)
	}
}

// notices are the texts, each once, after those whose text it is.
func notices(texts map[string][]string) []byte {
	var sections []string
	for text, of := range texts {
		slices.Sort(of)
		sections = append(sections, strings.Join(of, "\n")+"\n\n"+text+"\n")
	}
	slices.Sort(sections)
	var b bytes.Buffer
	fmt.Fprintf(&b, "lagscaler contains the software below. Each list of names is followed by its license or notice.\n")
	for _, s := range sections {
		fmt.Fprintf(&b, "\n%s\n%s", strings.Repeat("=", 80), s)
	}
	return b.Bytes()
}
