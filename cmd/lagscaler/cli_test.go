package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write docs/cli.md anew")

// TestCommandLineIsDocumented holds docs/cli.md against the commands.
func TestCommandLineIsDocumented(t *testing.T) {
	const file = "../../docs/cli.md"
	var b bytes.Buffer
	b.WriteString("# Command line\n\n<!-- Generated from cmd/lagscaler by: go test ./cmd/lagscaler -update -->\n")
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	plugin := newPlugin()
	plugin.InitDefaultHelpCmd()
	for _, top := range []*cobra.Command{root, plugin} {
		if err := describe(&b, top); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs; -update writes it anew", file)
	}
}

// describe writes a command and those below it, one section each.
func describe(b *bytes.Buffer, cmd *cobra.Command) error {
	cmd.DisableAutoGenTag = true
	var section bytes.Buffer
	anchor := func(file string) string {
		return "#" + strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-")
	}
	if err := doc.GenMarkdownCustom(cmd, &section, anchor); err != nil {
		return err
	}
	text, _, _ := strings.Cut(section.String(), "### SEE ALSO")
	b.WriteString("\n" + strings.TrimSpace(text) + "\n")
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && cmd.Name() != "completion" { // one shell is like the other
			if err := describe(b, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestEveryCommandExplainsItself: what a user sees of --help is enough to go on.
func TestEveryCommandExplainsItself(t *testing.T) {
	for _, c := range append(newRoot().Commands(), newPlugin().Commands()...) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || c.RunE == nil && !c.HasSubCommands() {
			t.Errorf("%s: short %q, or it cannot fail", c.Name(), c.Short)
		}
		if c.HasFlags() && c.Example == "" {
			t.Errorf("%s has flags and no example", c.Name())
		}
	}
}
