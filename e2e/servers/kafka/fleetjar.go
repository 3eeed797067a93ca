package kafka

import (
	"context"
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed java/*.java
var fleetSources embed.FS

// fleetJar compiles the fleet's Java sources against the installation's jars,
// once per content of the sources, and returns the jar's path.
func (in install) fleetJar(ctx context.Context) (string, error) {
	names, err := fs.Glob(fleetSources, "java/*.java")
	if err != nil {
		return "", fmt.Errorf("listing the fleet's sources: %w", err)
	}
	tmp, err := os.MkdirTemp("", "lagscaler-fleet-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the fleet: %w", err)
	}
	defer os.RemoveAll(tmp)
	h := fnv.New64a()
	var files []string
	for _, name := range names {
		source, err := fs.ReadFile(fleetSources, name)
		if err != nil {
			return "", fmt.Errorf("reading the fleet's sources: %w", err)
		}
		h.Write(source)
		file := filepath.Join(tmp, filepath.Base(name))
		if err := os.WriteFile(file, source, 0o600); err != nil {
			return "", fmt.Errorf("writing the fleet's sources: %w", err)
		}
		files = append(files, file)
	}
	jar := filepath.Join(in.dir, "libs-fleet", fmt.Sprintf("fleet-%016x.jar", h.Sum64()))
	if exists(jar) {
		return jar, nil
	}
	return jar, in.compile(ctx, tmp, files, jar)
}

// compile turns Java sources into a jar.
func (in install) compile(ctx context.Context, dir string, files []string, jar string) error {
	classes := filepath.Join(dir, "classes")
	built := filepath.Join(dir, "built.jar")
	javac := append([]string{"-proc:none", "-nowarn", "-cp", in.classpath, "-d", classes}, files...)
	for _, step := range [][]string{append([]string{"javac"}, javac...), {"jar", "cf", built, "-C", classes, "."}} {
		if out, err := exec.CommandContext(ctx, step[0], step[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s of the fleet: %w\n%s", step[0], err, out)
		}
	}
	data, err := os.ReadFile(built)
	if err != nil {
		return fmt.Errorf("reading the fleet's jar: %w", err)
	}
	return publish(jar, data)
}
