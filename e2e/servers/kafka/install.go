package kafka

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Version is a version of Apache Kafka that the harness knows how to run.
type Version string

// The versions that tools/kafka.mk fetches. The first two, for which make old-kafkas asks, run with ZooKeeper.
const (
	V28 Version = "2.8" // OffsetFetch of one group at a time
	V30 Version = "3.0" // OffsetFetch of many groups
	V39 Version = "3.9" // the last with classic groups only
	V43 Version = "4.3" // KIP-848 consumer groups and share groups
	V44 Version = "4.4" // the newest; with Kafka Streams
)

// versionsVariable names other versions than Versions, separated by spaces.
const versionsVariable = "LAGSCALER_KAFKA_VERSIONS"

// Versions are those that a test runs on where the version may matter: the oldest and the newest of those that make test fetches, oldest
// first; or those of $LAGSCALER_KAFKA_VERSIONS.
var Versions = versionsOf(os.Getenv(versionsVariable))

func versionsOf(named string) []Version {
	var versions []Version
	for _, v := range strings.Fields(named) {
		versions = append(versions, Version(v))
	}
	if versions == nil {
		return []Version{V39, V44}
	}
	return versions
}

// order is the order of the versions.
var order = []Version{V28, V30, V39, V43, V44}

// Since reports whether the version is that one or a later one.
func (v Version) Since(first Version) bool {
	return slices.Index(order, v) >= slices.Index(order, first)
}

// Logged are those whose coordinators' logs were compared with what happened. The log of 4.4 is read as well, but it sometimes
// tells another cause for the first epoch of a KIP-848 group.
var Logged = []Version{V39, V43}

// everyVariable lets heavy tests run on every version: make versions.
const everyVariable = "LAGSCALER_EVERY_VERSION"

// Heavy are the versions on which a test runs that takes many brokers or minutes: make test plays one of them, make versions and whoever
// names versions plays all. Tests differ in which one they play, so that each version has some in every run.
func Heavy(all []Version, one Version) []Version {
	if os.Getenv(everyVariable) != "" || os.Getenv(versionsVariable) != "" {
		return all
	}
	return []Version{one}
}

// install is one version's folder in the cache, and how to run Java from it.
type install struct {
	version   Version
	dir       string // $CACHE/kafka-4.3
	classpath string // every jar, sorted: shared class archives depend on the order
}

// locate finds the jars of a version that `make kafka` left in the cache:
// $LAGSCALER_CACHE, or else lagscaler under $XDG_CACHE_HOME or ~/.cache.
func locate(v Version) (install, error) {
	root, err := built.CacheDir()
	if err != nil {
		return install{}, fmt.Errorf("finding the cache: %w", err)
	}
	in := install{version: v, dir: filepath.Join(root, "kafka-"+string(v))}
	jars, err := filepath.Glob(filepath.Join(in.dir, "libs", "*.jar"))
	if err != nil {
		return install{}, fmt.Errorf("listing the jars of Kafka %s: %w", v, err)
	}
	if len(jars) == 0 {
		return install{}, fmt.Errorf("no jars of Kafka %s under %s: run `make kafka-%s` first", v, in.dir, v)
	}
	slices.Sort(jars)
	in.classpath = strings.Join(jars, string(os.PathListSeparator))
	return in, nil
}

// clientsOf is where the Java clients and tools of a cluster come from: the same version, or 3.9 for those before it, because the fleet
// and the tools need a newer API.
func clientsOf(in install) (install, error) {
	if in.version.Since(V39) {
		return in, nil
	}
	return locate(V39)
}

// jvm describes one JVM to start.
type jvm struct {
	class   string   // main class
	args    []string // its arguments
	options []string // further options of the JVM
	jars    []string // class path entries after Kafka's
	own     bool     // of a client: from the version of the brokers, see clientsOf
}

// command makes the JVM's command. It starts fast rather than runs fast: only
// the first compiler, the serial collector and, when there is one, the shared
// class archive, which together save two thirds of the CPU of starting up.
func (in install) command(j jvm) (*exec.Cmd, error) {
	config, err := in.logConfig()
	if err != nil {
		return nil, err
	}
	options := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", config}
	if archive := in.archive(); !slices.ContainsFunc(j.options, isArchiveOption) && exists(archive) {
		options = append(options, "-Xshare:auto", "-Xlog:disable", "-XX:SharedArchiveFile="+archive)
	}
	options = append(options, j.options...)
	args := append(append(options, j.class), j.args...)
	cmd := exec.Command("java", args...)
	classpath := strings.Join(append([]string{in.classpath}, j.jars...), string(os.PathListSeparator))
	cmd.Env = append(os.Environ(), "CLASSPATH="+classpath)
	return cmd, nil
}

// output is what a JVM wrote until it ended.
type output struct{ stdout, stderr string }

// run runs a JVM to its end.
func (in install) run(ctx context.Context, j jvm) (output, error) {
	cmd, err := in.command(j)
	if err != nil {
		return output{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p, err := child.Own(cmd)
	if err != nil {
		return output{}, fmt.Errorf("starting %s: %w", j.class, err)
	}
	if err = p.Wait(ctx); ctx.Err() != nil {
		p.Kill()
	}
	out := output{stdout.String(), stderr.String()}
	if err != nil {
		return out, fmt.Errorf("running %s: %w\n%s%s", j.class, err, out.stdout, out.stderr)
	}
	return out, nil
}

// archiveOption makes a JVM write the shared class archive when it ends.
const archiveOption = "-XX:ArchiveClassesAtExit="

func isArchiveOption(s string) bool { return strings.HasPrefix(s, archiveOption) }

// archive is the path of the shared class archive, which holds for one JVM
// only and so carries the java binary's identity in its name.
func (in install) archive() string {
	h := fnv.New64a()
	if path, err := exec.LookPath("java"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			if info, err := os.Stat(path); err == nil {
				fmt.Fprint(h, path, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return filepath.Join(in.dir, fmt.Sprintf("libs/classes-%016x.jsa", h.Sum64()))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// publish writes a file of the cache so that others see all of it or nothing.
func publish(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
