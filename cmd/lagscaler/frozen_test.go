package main

import (
	"regexp"
	"testing"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

func TestFrozenFlags(t *testing.T) {
	var names []string
	for _, c := range newRoot().Commands() {
		names = append(names, flagsOf(c)...)
	}
	frozen.Hold(t, "flags", names)
}

var flagName = regexp.MustCompile(`(?m)^ +(?:-[a-z], )?(--[a-z-]+)`)

// flagsOf are a command's path, its flags, and those of the commands below it.
func flagsOf(c *cobra.Command) []string {
	names := []string{c.CommandPath()}
	for _, m := range flagName.FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
		names = append(names, c.CommandPath()+" "+m[1])
	}
	for _, sub := range c.Commands() {
		names = append(names, flagsOf(sub)...)
	}
	return names
}
