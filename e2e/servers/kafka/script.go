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

// consoleConsumer is the class that kafka-console-consumer.sh of a distribution starts (since 3.8).
const consoleConsumer = "org.apache.kafka.tools.consumer.ConsoleConsumer"

// ConsoleConsumer runs a line of a shell in which kafka-console-consumer.sh is found, as on a machine with a distribution of Kafka,
// and returns what it prints.
func (c *Cluster) ConsoleConsumer(t testing.TB, line string) string {
	t.Helper()
	java, err := c.install.command(jvm{class: consoleConsumer})
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", strings.Join(java.Args, "' '"))
	if err := os.WriteFile(filepath.Join(bin, "kafka-console-consumer.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = append(java.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p, err := child.Own(cmd)
	if err != nil {
		t.Fatalf("starting %s: %v", line, err)
	}
	defer p.Kill()
	if err := p.Wait(ctx); err != nil {
		t.Fatalf("%s: %v\n%s%s", line, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
