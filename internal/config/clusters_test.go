package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
)

// namesOf are the names of the clusters, with their first broker.
func namesOf(c *Config) (all []string) {
	for _, k := range c.Clusters {
		all = append(all, k.Name+" at "+k.Brokers[0])
	}
	return all
}

// split makes a configuration with a directory of files, and returns the names of both.
func splitFiles(t *testing.T, main string, clusters map[string]string) (path, dir string) {
	t.Helper()
	root := t.TempDir()
	path, dir = filepath.Join(root, "lagscaler.yaml"), filepath.Join(root, "clusters")
	write(t, path, "clusters: clusters\n"+main)
	for name, text := range clusters {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), text)
	}
	return path, dir
}

func TestADirectoryOfClusters(t *testing.T) {
	path, dir := splitFiles(t, "groups: [{match: a, cluster: two}]\n", map[string]string{
		"b/two.yml":    "name: two\nbrokers: [k2:9092]\nsasl: {mechanism: PLAIN, username: u, passwordFile: password}\n",
		"b/password":   "secret\n",
		"a.yaml":       "{name: one, brokers: ['k1:9092'], clientId: x}",
		".hidden.yaml": "not: a cluster",
		"..data/x.yml": "not: a cluster",
		"README.md":    "not a cluster",
	})
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := namesOf(c); !slices.Equal(got, []string{"one at k1:9092", "two at k2:9092"}) {
		t.Errorf("clusters %v", got)
	}
	if two := c.Clusters[1]; two.SASL.Password.Reveal() != "secret" || two.ClientID != "lagscaler" || two.Origin() != filepath.Join(dir, "b/two.yml") {
		t.Errorf("%+v of %s: its files are beside it, and it has the defaults", two, two.Origin())
	}
}

// A command that runs once says all mistakes of all files, each with its file.
func TestADirectoryWithMistakes(t *testing.T) {
	path, dir := splitFiles(t, "", map[string]string{
		"a.yaml": "name: one\nbrokers: [k1]\nsasl: {mechanism: PLAIN, username: u, password: hunter2}\n",
		"b.yaml": "name: two\nbrokers: [k2:9092]\ncolour: blue\n",
		"c.yaml": "- name: three",
		"d.yaml": "name: four\nbrokers: [k4:9092]\n",
		"e.yaml": "name: four\nbrokers: [k5:9092]\n",
	})
	_, err := Load(path)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		dir + `/a.yaml: line 2: brokers[0]: "k1": must be HOST:PORT`,
		dir + `/b.yaml: line 3: colour: unknown field; the fields are name, brokers,`,
		dir + "/c.yaml has 3 problems:\n  line 1: must be a mapping with the fields name, brokers",
		dir + `/e.yaml: name: "four": is also the name of a cluster of ` + dir + `/d.yaml`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %s:\n%v", want, err)
		}
	}
	var p *Problems
	if !errors.As(err, &p) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "d.yaml: line") {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{
		"clusters: none\n":                                     `line 1: clusters: "` + filepath.Join(filepath.Dir(path), "none") + `": reading the directory`,
		"clusters: empty\ngroups: [{match: a}]\n":              "the directory has no file *.yaml or *.yml with a cluster",
		"clusters: ''\n":                                       "clusters: is missing",
		"clusters: '${NOT_SET}'\n":                             "the environment variable NOT_SET is not set",
		"clusters: good\ngroups: [{match: a, cluster: two}]\n": "is not a cluster of this file; the clusters are one",
	} {
		for _, folder := range []string{"empty", "good"} {
			_ = os.Mkdir(filepath.Join(filepath.Dir(path), folder), 0o700)
		}
		write(t, filepath.Join(filepath.Dir(path), "good", "one.yaml"), "name: one\nbrokers: [k1:9092]\n")
		write(t, path, text)
		if _, err := Load(path); !errors.As(err, &p) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// follower runs a Reloader until the test ends, and keeps what was applied last.
type follower struct {
	*Reloader
	mu     sync.Mutex
	last   *Config
	refuse func(*Config) error
	log    strings.Builder
}

func follow(t *testing.T, path string) *follower {
	t.Helper()
	r, err := NewReloader(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{Reloader: r}
	if err := r.Open(f.apply); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, slog.New(slog.NewTextHandler(f, nil)), nil, f.apply) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *follower) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(b)
}

func (f *follower) apply(c *Config) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		if err := f.refuse(c); err != nil {
			return err
		}
	}
	f.last = c
	return nil
}

// shows waits until these clusters are in force, and until the parts have these errors.
func (f *follower) shows(t *testing.T, when string, clusters []string, wrong map[string]string) {
	t.Helper()
	until(t, when+fmt.Sprint(": ", clusters, " ", wrong), func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		errs := map[string]string{}
		for _, s := range f.Parts() {
			if s.Err != nil {
				errs[filepath.Base(s.Origin)] = s.Err.Error()
			}
		}
		for origin, want := range wrong {
			if !strings.Contains(errs[origin], want) || want == "" {
				return false
			}
		}
		return len(errs) == len(wrong) && f.last != nil && slices.Equal(namesOf(f.last), clusters) && slices.Equal(namesOf(f.Config()), clusters)
	})
}

// A mistake in one file leaves the others as they are, which still follow their own files, and its cluster as it was.
func TestEachClusterIsReloadedAlone(t *testing.T) {
	path, dir := splitFiles(t, "", map[string]string{
		"a.yaml": "name: one\nbrokers: [k1:9092]\n", "b.yaml": "name: two\nbrokers: [k2:9092]\n", "c.yaml": "name: three\n",
	})
	f := follow(t, path)
	file := func(name, text string) { t.Helper(); write(t, filepath.Join(dir, name), text) }
	missing := "brokers: is missing"
	f.shows(t, "at the start", []string{"one at k1:9092", "two at k2:9092"}, map[string]string{"c.yaml": missing})

	file("c.yaml", "name: three\nbrokers: [k3:9092]\n")
	f.shows(t, "corrected", []string{"one at k1:9092", "two at k2:9092", "three at k3:9092"}, nil)

	file("b.yaml", "name: two\nbrokers: []\n")
	f.shows(t, "a mistake", []string{"one at k1:9092", "two at k2:9092", "three at k3:9092"}, map[string]string{"b.yaml": missing})

	file("a.yaml", "name: one\nbrokers: [k1b:9092]\n")
	f.shows(t, "another one changes", []string{"one at k1b:9092", "two at k2:9092", "three at k3:9092"}, map[string]string{"b.yaml": missing})

	file("d.yaml", "name: two\nbrokers: [k4:9092]\n")
	f.shows(t, "a name in force stays with its file", []string{"one at k1b:9092", "two at k2:9092", "three at k3:9092"},
		map[string]string{"b.yaml": missing, "d.yaml": "is also the name of a cluster of"})

	if err := os.Remove(filepath.Join(dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	f.shows(t, "a file is gone", []string{"one at k1b:9092", "three at k3:9092", "two at k4:9092"}, nil)

	// A mistake in the main file keeps all that is in force of it, and the clusters go on.
	write(t, path, "clusters: clusters\nmode: none\n")
	if err := os.Mkdir(filepath.Join(dir, "e"), 0o700); err != nil {
		t.Fatal(err)
	}
	file("e/five.yaml", "")
	until(t, "the mistake is noticed", func() bool { return f.LastReload().Err != nil })
	file("c.yaml", "name: three\nbrokers: [k3b:9092]\n")
	f.shows(t, "beside a wrong main file", []string{"one at k1b:9092", "three at k3b:9092", "two at k4:9092"}, map[string]string{"five.yaml": "the file is empty"})
	if f.LastReload().Err == nil || f.Config().Mode != scaler.Advise {
		t.Errorf("%v, mode %s", f.LastReload().Err, f.Config().Mode)
	}
	write(t, path, "clusters: clusters\nmode: observe\n")
	file("e/five.yaml", "name: five\nbrokers: [k5:9092]\n")
	f.shows(t, "all is well", []string{"one at k1b:9092", "three at k3b:9092", "two at k4:9092", "five at k5:9092"}, nil)
	until(t, "the main file is in force", func() bool { return f.LastReload().Err == nil && f.Config().Mode == scaler.Observe })

	// Which clusters there are is unknown without the directory, so they stay.
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	until(t, "the directory is gone", func() bool { return f.LastReload().Err != nil })
	f.shows(t, "without the directory", []string{"one at k1b:9092", "three at k3b:9092", "two at k4:9092", "five at k5:9092"}, nil)
	if err := os.Rename(dir+"-gone", dir); err != nil {
		t.Fatal(err)
	}
	until(t, "the directory is back", func() bool { return f.LastReload().Err == nil })
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := strings.Count(f.log.String(), "its old one stays in force"); n < 1 || !strings.Contains(f.log.String(), "it is not read") {
		t.Errorf("the log:\n%s", f.log.String())
	}
}

// A cluster that is valid and cannot be opened is put back to how it was, alone.
func TestAClusterThatCannotBeOpened(t *testing.T) {
	path, dir := splitFiles(t, "", map[string]string{"a.yaml": "name: one\nbrokers: [k1:9092]\n", "b.yaml": "name: two\nbrokers: [bad:1]\n"})
	r, err := NewReloader(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(c *Config) error {
		failed := Unusable{}
		for _, k := range c.Clusters {
			if k.Brokers[0] == "bad:1" {
				failed[k.Origin()] = errors.New("no certificate in it")
			}
		}
		if len(failed) > 0 {
			return failed
		}
		return nil
	}
	if err := r.Open(refuse); err != nil {
		t.Fatal(err)
	}
	if got := namesOf(r.Config()); !slices.Equal(got, []string{"one at k1:9092"}) {
		t.Errorf("at the start %v", got)
	}
	f := &follower{Reloader: r, refuse: refuse}
	for _, step := range []struct {
		file, text string
		want       []string
		wrong      int
	}{
		{"b.yaml", "name: two\nbrokers: [k2:9092]\n", []string{"one at k1:9092", "two at k2:9092"}, 0},
		{"a.yaml", "name: one\nbrokers: ['bad:1']\n", []string{"one at k1:9092", "two at k2:9092"}, 1},
		{"b.yaml", "name: two\nbrokers: [k2b:9092]\n", []string{"one at k1:9092", "two at k2b:9092"}, 1},
		{"a.yaml", "name: one\nbrokers: [k1b:9092]\n", []string{"one at k1b:9092", "two at k2b:9092"}, 0},
	} {
		write(t, filepath.Join(dir, step.file), step.text)
		r.reload(f.apply)
		wrong := 0
		for _, s := range r.Parts() {
			if s.Err != nil {
				wrong++
			}
		}
		if got := namesOf(f.last); !slices.Equal(got, step.want) || wrong != step.wrong || r.LastReload().Err != nil {
			t.Errorf("after %s %q: %v, %d wrong, %v", step.file, step.text, got, wrong, r.LastReload().Err)
		}
	}
}

// What is discovered is added as it comes, changes and goes; an error keeps what is in force of it.
func TestDiscoveredClusters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lagscaler.yaml")
	write(t, path, minimal)
	f := follow(t, path)
	part := func(object, name, broker string) Part {
		return Part{Origin: object, Cluster: Cluster{Name: name, Brokers: []string{broker}, origin: object}}
	}
	failed := func(object string) Part { return Part{Origin: object, Err: errors.New("it has no listener tls")} }
	found := func(all ...Part) { f.Discovered(func(*Config) []Part { return all }) }
	found(part("strimzi kafka/a", "a", "a:1"), part("strimzi kafka/main", "main", "b:1"), failed("strimzi kafka/c"))
	f.shows(t, "discovered", []string{"main at kafka:9092", "a at a:1"}, map[string]string{"main": "is also the name of a cluster of " + path, "c": "no listener"})
	found(failed("strimzi kafka/a"), part("strimzi kafka/c", "c", "c:1"))
	f.shows(t, "an error keeps it", []string{"main at kafka:9092", "a at a:1", "c at c:1"}, map[string]string{"a": "no listener"})
	write(t, path, minimal+"mode: observe\n")
	until(t, "the file changes", func() bool { return f.Config().Mode == scaler.Observe })
	f.shows(t, "the file changed", []string{"main at kafka:9092", "a at a:1", "c at c:1"}, map[string]string{"a": "no listener"})
	found()
	f.shows(t, "gone", []string{"main at kafka:9092"}, nil)
}

// Whatever the parts are: names are unique, the clusters of the file are there, and a mistake in one part changes no other cluster, if the
// part was in force with the name that it has.
func TestAMistakeConcernsOnePart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := &Config{Clusters: []Cluster{{Name: "a", Brokers: []string{"base:1"}}}}
		cluster := rapid.Custom(func(t *rapid.T) Cluster {
			return Cluster{Name: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name"), Brokers: []string{rapid.SampledFrom([]string{"x:1", "y:1"}).Draw(t, "broker")}}
		})
		var parts []Part
		for i := range rapid.IntRange(1, 4).Draw(t, "parts") {
			p := Part{Origin: fmt.Sprint(i), Cluster: cluster.Draw(t, "cluster")}
			if rapid.Bool().Draw(t, "wrong") {
				p.Err = errors.New("wrong")
			}
			parts = append(parts, p)
		}
		inForce := drawInForce(t, base, parts, cluster)
		before, states := merge(base, parts, inForce)
		seen := map[string]bool{}
		for _, c := range before.Clusters {
			if seen[c.Name] {
				t.Fatalf("two clusters are %s: %v", c.Name, namesOf(before))
			}
			seen[c.Name] = true
		}
		if before.Clusters[0].Brokers[0] != "base:1" {
			t.Fatalf("%v", namesOf(before))
		}
		for i, s := range states {
			if s.Err == nil && !s.InForce || parts[i].Err != nil && s.Err == nil {
				t.Fatalf("part %d: %+v", i, s)
			}
		}
		i := rapid.IntRange(0, len(parts)-1).Draw(t, "broken")
		old, there := inForce[parts[i].Origin]
		if !there || old.Name != parts[i].Cluster.Name || parts[i].Err != nil {
			return
		}
		broken := slices.Clone(parts)
		broken[i].Err = errors.New("wrong")
		after, _ := merge(base, broken, inForce)
		others := func(c *Config) []string {
			return slices.DeleteFunc(namesOf(c), func(s string) bool { return strings.HasPrefix(s, old.Name+" at ") })
		}
		if !slices.Equal(others(before), others(after)) || len(before.Clusters) != len(after.Clusters) {
			t.Fatalf("%v, with a mistake in %s: %v", namesOf(before), old.Name, namesOf(after))
		}
	})
}

// drawInForce draws what is in force of some parts, as an earlier merge would have left it.
func drawInForce(t *rapid.T, base *Config, parts []Part, cluster *rapid.Generator[Cluster]) map[string]Cluster {
	earlier := slices.Clone(parts)
	for i := range earlier {
		earlier[i].Err = nil
		if rapid.Bool().Draw(t, "changed") {
			earlier[i].Cluster = cluster.Draw(t, "earlier")
		}
		earlier[i].Cluster.origin = earlier[i].Origin
	}
	c, _ := merge(base, earlier, nil)
	inForce := map[string]Cluster{}
	for _, k := range c.Clusters[len(base.Clusters):] {
		inForce[k.origin] = k
	}
	return inForce
}

// Whatever the file of a cluster has, it is one that can be used, or its mistakes are named and it is not in force.
func FuzzPart(f *testing.F) {
	f.Add("name: orders\nbrokers: [kafka-1:9092]\n")
	f.Add("name: orders\nbrokers: [\"kafka-1:${PORT}\"]\nsasl: {mechanism: PLAIN, username: a, passwordFile: pw}\ntls: {caFile: ca.pem}\n")
	f.Add("clusters: [{name: a}]")
	f.Add("- a")
	f.Add("name: &a [*a]")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p := Part{Origin: "/etc/l/orders.yaml"}
		p.parse([]byte(text), testEnv(), Duration(10*time.Second))
		if p.Err == nil {
			if p.Cluster.Name == "" || len(p.Cluster.Brokers) == 0 || p.Cluster.Origin() != p.Origin {
				t.Errorf("is used: %+v", p.Cluster)
			}
			return
		}
		var wrong *Problems
		if !errors.As(p.Err, &wrong) || len(wrong.All) == 0 {
			t.Fatalf("%T: %v", p.Err, p.Err)
		}
		for _, one := range wrong.All {
			if one.Message == "" {
				t.Errorf("has no message: %+v", one)
			}
		}
		merged, states := merge(&Config{}, []Part{p}, nil)
		if len(merged.Clusters) != 0 || states[0].InForce || states[0].Err == nil {
			t.Errorf("a file with mistakes is in force: %+v", states[0])
		}
	})
}
