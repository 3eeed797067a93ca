package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, for scripts.
const (
	exitOK     = 0
	exitFailed = 1 // it did not work, or --fail-over was exceeded
	exitWrong  = 2 // wrong flags, arguments or configuration: trying again does not help
	exitUnsure = 3 // check-release: what was asked is not known
)

func main() {
	os.Exit(untilSignal(os.Args[1:]))
}

// untilSignal runs a command line until it ends or the process gets a signal.
func untilSignal(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, rootOf(os.Args[0]), args, os.Stdout, os.Stderr)
}

// execute runs a command line and returns the exit code.
func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case !alreadySaid(err):
		fmt.Fprintln(stderr, root.DisplayName()+":", err)
	}
	return exitCode(err)
}
