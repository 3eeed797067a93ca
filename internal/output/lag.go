package output

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/internal/api"
)

// LagFormat is an output format of lag.
type LagFormat string

// The formats of lag.
const (
	LagTable LagFormat = "table"
	LagWide  LagFormat = "wide"
	LagJSON  LagFormat = "json"
	LagYAML  LagFormat = "yaml"
)

// String is the format's name.
func (f *LagFormat) String() string { return string(*f) }

// Set reads a format.
func (f *LagFormat) Set(s string) error {
	switch LagFormat(s) {
	case LagTable, LagWide, LagJSON, LagYAML:
		*f = LagFormat(s)
		return nil
	}
	return fmt.Errorf("must be table, wide, json or yaml")
}

// Type names the kind of flag in the help.
func (f *LagFormat) Type() string { return "FORMAT" }

// Document reports whether the format is for programs. Then a document is printed even if Kafka could not be read.
func (f *LagFormat) Document() bool { return *f == LagJSON || *f == LagYAML }

// Reading says how one reading of lag is printed.
type Reading struct {
	Timed bool // there is a history, so time lag has a column
	More  bool // more readings follow: JSON is one line per reading, YAML one document
}

// Print writes one reading.
func (f *LagFormat) Print(w io.Writer, l api.Lag, r Reading) error {
	switch *f {
	case LagJSON:
		return JSON(w, l, !r.More)
	case LagYAML:
		if r.More {
			fmt.Fprintln(w, "---")
		}
		return YAML(w, l)
	}
	t := lagTable{wide: *f == LagWide, timed: r.Timed, clusters: len(l.Clusters) > 1}
	if err := t.print(w, l); err != nil {
		return err
	}
	if t.wide {
		printAdvice(w, l)
	}
	return nil
}

// lagTable has one row per partition, and one row for a group without partitions.
type lagTable struct {
	wide, timed, clusters bool
}

// column is one column. Its cell comes from the partition or from the group; without a function it is unknown.
type column struct {
	head  string
	shown bool
	group func(c api.Cluster, g api.Group) string
	part  func(g api.Group, p api.Partition) string
}

func (t lagTable) columns() []column {
	owners := owners{}
	return []column{
		{"CLUSTER", t.clusters, func(c api.Cluster, _ api.Group) string { return c.Cluster }, nil},
		{"GROUP", true, func(_ api.Cluster, g api.Group) string { return g.Group }, nil},
		{"TYPE", t.wide, func(_ api.Cluster, g api.Group) string { return Text(g.Type) }, nil},
		{"STATE", true, func(_ api.Cluster, g api.Group) string { return Text(g.State) }, nil},
		{"ASSIGNOR", t.wide, func(_ api.Cluster, g api.Group) string { return Text(g.Assignor) }, nil},
		{"MEMBERS", true, func(_ api.Cluster, g api.Group) string { return strconv.Itoa(len(g.Members)) }, nil},
		{"TOPIC", true, nil, func(_ api.Group, p api.Partition) string { return p.Topic }},
		{"PARTITION", true, nil, func(_ api.Group, p api.Partition) string { return strconv.Itoa(int(p.Partition)) }},
		{"START", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.Start) }},
		{"COMMITTED", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.Committed) }},
		{"END", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.End) }},
		{"LAG", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.Lag) }},
		{"TIME LAG", t.timed, nil, func(_ api.Group, p api.Partition) string { return timeLag(p) }},
		{"AT MOST", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.LagUpperBound) }},
		{"LOST", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.Lost) }},
		{"OWNER", true, nil, owners.name},
		{"MEMBER ID", t.wide, nil, func(_ api.Group, p api.Partition) string { return Text(p.Owner) }},
		{"NOTE", true, func(_ api.Cluster, g api.Group) string { return groupNote(g) }, note},
	}
}

func (t lagTable) print(w io.Writer, l api.Lag) error {
	var shown []column
	var heads []string
	for _, c := range t.columns() {
		if c.shown {
			shown, heads = append(shown, c), append(heads, c.head)
		}
	}
	table := NewTable(w, heads...)
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			for _, p := range g.Partitions {
				table.Row(cells(shown, c, g, &p)...)
			}
			if len(g.Partitions) == 0 {
				table.Row(cells(shown, c, g, nil)...)
			}
		}
	}
	return table.Flush()
}

// cells are the cells of one row; p is nil for a group without partitions.
func cells(columns []column, c api.Cluster, g api.Group, p *api.Partition) []string {
	line := make([]string, 0, len(columns))
	for _, col := range columns {
		switch {
		case col.part != nil && p != nil:
			line = append(line, col.part(g, *p))
		case col.group != nil:
			line = append(line, col.group(c, g))
		default:
			line = append(line, "")
		}
	}
	return line
}

// owners caches the names of partition owners: client id and host, by group and member id.
type owners map[string]string

func (o owners) name(g api.Group, p api.Partition) string {
	if p.Owner == nil {
		return ""
	}
	key := g.Group + "\x00" + *p.Owner
	if _, ok := o[key]; !ok {
		for _, m := range g.Members {
			o[g.Group+"\x00"+m.MemberID] = m.ClientID + strings.Replace(m.Host, "/", "@", 1)
		}
	}
	return o[key]
}

// groupNote is the note of a group without partitions.
func groupNote(g api.Group) string {
	if g.Error == nil && len(g.Members) == 0 {
		return "no offsets seen" // or none that DESCRIBE on their topics lets us see
	}
	return Text(g.Error)
}

// standNotes say what the commits of a partition show.
var standNotes = map[string]string{
	"read":    "everything is read",
	"rest":    "unread or unreadable",
	"slow":    "commits stand",
	"stalled": "stalled",
}

// note explains the numbers of a partition.
func note(g api.Group, p api.Partition) string {
	var notes []string
	switch {
	case p.Error != nil:
		notes = append(notes, *p.Error)
	case p.Committed == nil && p.Lag == nil:
		notes = append(notes, "never committed")
	}
	switch {
	case p.Orphaned:
		notes = append(notes, "orphaned")
	case slices.ContainsFunc(g.Left, func(l api.Left) bool { return l.Topic == p.Topic }):
		notes = append(notes, "no member subscribes")
	}
	if p.Lost != nil && *p.Lost > 0 {
		notes = append(notes, fmt.Sprintf("%d lost", *p.Lost))
	}
	if p.IsAboveEnd() {
		notes = append(notes, fmt.Sprintf("%d above the end", *p.AboveEnd))
	}
	if p.Stand != nil {
		notes = append(notes, standNotes[*p.Stand])
	}
	if g.Error != nil {
		notes = append(notes, *g.Error)
	}
	return strings.Join(notes, ", ")
}

// printAdvice prints the advice for every group.
func printAdvice(w io.Writer, l api.Lag) {
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			for _, a := range g.Advice {
				fmt.Fprintf(w, "\n%s: %s\n  because: %s\n  do:      %s\n  cost:    %s\n", Printable(g.Group), a.Name, a.Because, a.Do, a.Cost)
			}
		}
	}
}

// timeLag is the time lag of a partition: ">=9m10s" when that is a lower bound.
func timeLag(p api.Partition) string {
	if p.LagAtLeast {
		return ">=" + Seconds(p.LagSeconds)
	}
	return Seconds(p.LagSeconds)
}
