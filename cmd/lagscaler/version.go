package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker in a release; see the Makefile.
var version, commit, date string

// build is what this binary was made from.
type build struct{ version, commit, date string }

// thisBuild asks the linker's values first, then what the Go toolchain noted.
func thisBuild() build {
	b := build{version: version, commit: commit, date: date}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "(devel)" {
			b.version = cmp.Or(b.version, v)
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.commit = cmp.Or(b.commit, s.Value)
			case "vcs.time":
				b.date = cmp.Or(b.date, s.Value)
			}
		}
	}
	return build{cmp.Or(b.version, "dev"), cmp.Or(b.commit, "unknown"), cmp.Or(b.date, "unknown")}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and date",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "lagscaler %s (commit %s, %s, %s %s/%s)\n",
				b.version, b.commit, b.date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
