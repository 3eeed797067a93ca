package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"
)

// printJSON prints a document, indented unless it is one of many.
func printJSON(w io.Writer, v any, indent bool) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if indent {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// printYAML prints what printJSON would, as YAML: the same names in the same order.
func printYAML(w io.Writer, v any) error {
	var text bytes.Buffer
	if err := printJSON(&text, v, false); err != nil {
		return err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(text.Bytes(), &n); err != nil { // JSON is YAML
		return fmt.Errorf("writing YAML: %w", err)
	}
	block(&n)
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		return fmt.Errorf("writing YAML: %w", err)
	}
	return enc.Close()
}

// block turns JSON's braces and quotes into lines.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}

// grid aligns the columns of a table.
type grid struct{ w *tabwriter.Writer }

func newGrid(w io.Writer, head ...string) grid {
	g := grid{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	g.row(head...)
	return g
}

func (g grid) row(cells ...string) {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	fmt.Fprintln(g.w, strings.Join(cells, "\t"))
}

// printable is a name that breaks no table and commands no terminal: control characters are escaped, nothing is "-".
func printable(s string) string {
	if s == "" {
		return "-"
	}
	quoted := strconv.Quote(s)
	if quoted = quoted[1 : len(quoted)-1]; strings.ReplaceAll(quoted, `\"`, `"`) == s {
		return s
	}
	return quoted
}

// number is a number, or - when it is not known.
func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// span is a number of seconds as people say it, or nothing when it is not known.
//
//	0.04 -> 0s    12.34 -> 12.3s    75 -> 1m15s    9000 -> 2h30m0s
func span(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	d := time.Duration(*seconds * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// word is a text, or nothing when it is not known.
func word(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// screen shows one reading after another: on a terminal each in the place of the last, elsewhere one below the other.
type screen struct {
	w        io.Writer
	terminal bool
}

func screenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok {
		return screen{w: w}
	}
	info, err := f.Stat()
	return screen{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// clear moves the cursor home and erases what is there (ECMA-48 CUP and ED).
const clear = "\x1b[H\x1b[2J"

// show prints in one write, so that a terminal does not flicker.
func (s screen) show(print func(io.Writer) error) error {
	var b bytes.Buffer
	if s.terminal {
		b.WriteString(clear)
	}
	if err := print(&b); err != nil {
		return err
	}
	_, err := s.w.Write(b.Bytes())
	return err
}
