package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/demo"
)

func newDemo() *cobra.Command {
	b := thisBuild()
	cmd := demo.Command(demo.Program{Version: b.Version, Commit: b.Commit, Lagscaler: os.Args[0]})
	cmd.Args = noArgs
	return cmd
}
