package kafka

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// scripts are the Java classes that scripts of a distribution start, by name.
func (v Version) scripts() map[string]string {
	acls := "kafka.admin.AclCommand"
	if v.Since(V43) {
		acls = "org.apache.kafka.tools.AclCommand"
	}
	return map[string]string{
		"kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer", // since 3.8
		"kafka-acls.sh":             acls,
	}
}

// ConsoleConsumer runs a line of a shell in which kafka-console-consumer.sh is found, as on a machine with a distribution of Kafka,
// and returns what it prints.
func (c *Cluster) ConsoleConsumer(t testing.TB, line string) string {
	t.Helper()
	return c.Shell(t, t.TempDir(), line)
}

// Shell runs lines of a shell in a folder, as on a machine with a distribution of Kafka: its scripts are found. It returns what they print.
func (c *Cluster) Shell(t testing.TB, dir, lines string) string {
	t.Helper()
	bin := t.TempDir()
	var env []string
	for name, class := range c.tools.version.scripts() {
		java, err := c.tools.command(jvm{class: class})
		if err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", strings.Join(java.Args, "' '"))
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		env = java.Env
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.Command("bash", "-ec", lines)
	cmd.Dir = dir
	cmd.Env = append(env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p, err := child.Own(cmd)
	if err != nil {
		t.Fatalf("starting %s: %v", lines, err)
	}
	defer p.Kill()
	if err := p.Wait(ctx); err != nil {
		t.Fatalf("%s: %v\n%s%s", lines, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
