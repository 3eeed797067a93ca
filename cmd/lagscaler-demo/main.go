// Command lagscaler-demo is `lagscaler demo` and nothing else: `make demo` compiles it, because it needs none of the packages that
// connect to Kubernetes, KEDA, collectors and assistants, which take most of the time to compile lagscaler.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/demo"
)

// Set by the linker; see the Makefile.
var version, commit = "dev", "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lagscaler-demo:", err)
	}
	os.Exit(demo.ExitCode(err))
}

func command() *cobra.Command {
	p := demo.Program{Version: version, Commit: commit}
	if full := filepath.Join(filepath.Dir(os.Args[0]), "lagscaler"); compiled(full) {
		p.Lagscaler = full
	}
	cmd := demo.Command(p)
	cmd.Use, cmd.Example = "lagscaler-demo", ""
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return demo.UsageError{Err: err} })
	return cmd
}

// compiled reports whether there is such a program.
func compiled(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
