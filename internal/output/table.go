package output

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Table prints rows with aligned columns.
type Table struct{ w *tabwriter.Writer }

// NewTable starts a table with its header row.
func NewTable(w io.Writer, head ...string) Table {
	t := Table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.Row(head...)
	return t
}

// Row adds a row.
func (t Table) Row(cells ...string) {
	for i, c := range cells {
		cells[i] = Printable(c)
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

// Flush prints the table.
func (t Table) Flush() error { return t.w.Flush() }

// Printable escapes control characters, so that a name cannot break a table or control a terminal. An empty name is "-".
func Printable(s string) string {
	if s == "" {
		return "-"
	}
	quoted := strconv.Quote(s)
	if quoted = quoted[1 : len(quoted)-1]; strings.ReplaceAll(quoted, `\"`, `"`) == s {
		return s
	}
	return quoted
}

// Number formats a number; empty if it is unknown.
func Number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// Seconds formats a number of seconds as a duration; empty if it is unknown.
//
//	0.04 -> 0s    12.34 -> 12.3s    75 -> 1m15s    9000 -> 2h30m0s
func Seconds(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	d := time.Duration(*seconds * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// Text is the text; empty if it is unknown.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
