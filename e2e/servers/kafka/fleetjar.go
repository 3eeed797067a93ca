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

// A source folder for each program: Kafka Streams is not in every installation.
//
//go:embed java/*.java java/streams/*.java
var sources embed.FS

// The programs of our own, as patterns of their sources.
const (
	fleetProgram   = "java/*.java"
	streamsProgram = "java/streams/*.java"
)

// programJar compiles the Java sources of a program against the installation's
// jars, once per content of the sources, and returns the jar's path.
func (in install) programJar(ctx context.Context, program string) (string, error) {
	names, err := fs.Glob(sources, program)
	if err != nil {
		return "", fmt.Errorf("listing the sources of a program: %w", err)
	}
	tmp, err := os.MkdirTemp("", "lagscaler-fleet-")
	if err != nil {
		return "", fmt.Errorf("making a folder for a program: %w", err)
	}
	defer os.RemoveAll(tmp)
	h := fnv.New64a()
	var files []string
	for _, name := range names {
		source, err := fs.ReadFile(sources, name)
		if err != nil {
			return "", fmt.Errorf("reading the sources of a program: %w", err)
		}
		h.Write(source)
		file := filepath.Join(tmp, filepath.Base(name))
		if err := os.WriteFile(file, source, 0o600); err != nil {
			return "", fmt.Errorf("writing the sources of a program: %w", err)
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
			return fmt.Errorf("%s of a program: %w\n%s", step[0], err, out)
		}
	}
	data, err := os.ReadFile(built)
	if err != nil {
		return fmt.Errorf("reading the jar of a program: %w", err)
	}
	return publish(jar, data)
}
