package output

import (
	"fmt"
	"io"
	"maps"
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
	Partitions bool // one row per partition instead of one per group; the wide table has always one per partition
	Timed      bool // there is a history, so time lag and status have a column
	More       bool // more readings follow: JSON is one line per reading, YAML one document
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
	t.partitions = r.Partitions || t.wide
	if err := t.print(w, l); err != nil {
		return err
	}
	if t.wide {
		printAdvice(w, l)
	}
	return nil
}

// lagTable has one row per group; or one row per partition, and one for a group without partitions.
type lagTable struct {
	wide, partitions, timed, clusters bool
}

// column is one column. Its cell comes from the partition or from the group; without a function it is unknown.
type column struct {
	head  string
	shown bool
	group func(c api.Cluster, g api.Group) string
	part  func(g api.Group, p api.Partition) string
}

// groupColumns are the columns of the table that has one row per group.
func (t lagTable) groupColumns(l api.Lag) []column {
	columns := []column{
		{"CLUSTER", t.clusters, func(c api.Cluster, _ api.Group) string { return c.Cluster }, nil},
		{"GROUP", true, func(_ api.Cluster, g api.Group) string { return g.Group }, nil},
	}
	for _, label := range labelNames(l) {
		columns = append(columns, column{strings.ToUpper(label), true, func(_ api.Cluster, g api.Group) string { return g.Labels[label] }, nil})
	}
	return append(columns, []column{
		{"STATUS", t.timed, func(_ api.Cluster, g api.Group) string { return Text(g.Status) }, nil},
		{"LAG", true, func(_ api.Cluster, g api.Group) string { return totalLag(g) }, nil},
		{"WORST PARTITION", true, func(_ api.Cluster, g api.Group) string { return worst(g) }, nil},
		{"TIME LAG", t.timed, func(_ api.Cluster, g api.Group) string { return bounded(g.MaxLagSeconds, g.MaxAtLeast, g.MaxAtMost) }, nil},
		{"STATE", true, func(_ api.Cluster, g api.Group) string { return Text(g.State) }, nil},
		{"MEMBERS", true, func(_ api.Cluster, g api.Group) string { return members(g) }, nil},
		{"NOTE", true, func(_ api.Cluster, g api.Group) string { return groupNote(g) }, nil},
	}...)
}

// labelNames are the names of the labels that say whose a group is, of all groups, sorted.
func labelNames(l api.Lag) []string {
	names := map[string]bool{}
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			for name := range g.Labels {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// partitionColumns are the columns of the table that has one row per partition.
func (t lagTable) partitionColumns() []column {
	owners := owners{}
	return []column{
		{"CLUSTER", t.clusters, func(c api.Cluster, _ api.Group) string { return c.Cluster }, nil},
		{"GROUP", true, func(_ api.Cluster, g api.Group) string { return g.Group }, nil},
		{"TYPE", t.wide, func(_ api.Cluster, g api.Group) string { return Text(g.Type) }, nil},
		{"STATE", true, func(_ api.Cluster, g api.Group) string { return Text(g.State) }, nil},
		{"ASSIGNOR", t.wide, func(_ api.Cluster, g api.Group) string { return Text(g.Assignor) }, nil},
		{"MEMBERS", true, func(_ api.Cluster, g api.Group) string { return members(g) }, nil},
		{"TOPIC", true, nil, func(_ api.Group, p api.Partition) string { return p.Topic }},
		{"PARTITION", true, nil, func(_ api.Group, p api.Partition) string { return strconv.Itoa(int(p.Partition)) }},
		{"START", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.Start) }},
		{"COMMITTED", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.Committed) }},
		{"END", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.End) }},
		{"LAG", true, nil, func(_ api.Group, p api.Partition) string { return Number(p.Lag) }},
		{"TIME LAG", t.timed, nil, func(_ api.Group, p api.Partition) string { return bounded(p.LagSeconds, p.LagAtLeast, p.LagAtMost) }},
		{"AT MOST", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.LagUpperBound) }},
		{"LOST", t.wide, nil, func(_ api.Group, p api.Partition) string { return Number(p.Lost) }},
		{"OWNER", true, nil, owners.name},
		{"MEMBER ID", t.wide, nil, func(_ api.Group, p api.Partition) string { return Text(p.Owner) }},
		{"NOTE", true, func(_ api.Cluster, g api.Group) string { return groupNote(g) }, partitionNote},
	}
}

func (t lagTable) print(w io.Writer, l api.Lag) error {
	var shown []column
	var heads []string
	columns := t.groupColumns(l)
	if t.partitions {
		columns = t.partitionColumns()
	}
	for _, c := range columns {
		if c.shown {
			shown, heads = append(shown, c), append(heads, c.head)
		}
	}
	table := NewTable(w, heads...)
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			if t.partitions {
				for _, p := range g.Partitions {
					table.Row(cells(shown, c, g, &p)...)
				}
			}
			if !t.partitions || len(g.Partitions) == 0 {
				table.Row(cells(shown, c, g, nil)...)
			}
		}
	}
	return table.Flush()
}

// cells are the cells of one row; p is nil if the row is that of a group.
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

// totalLag is the lag of a group: ">=6" when the lag of some partitions could not be read.
func totalLag(g api.Group) string {
	if g.TotalLag == nil {
		return ""
	}
	if !g.Complete {
		return ">=" + Number(g.TotalLag)
	}
	return Number(g.TotalLag)
}

// worst is the partition with the largest known lag, such as "orders-7 (120)"; empty if no partition is known to lag.
func worst(g api.Group) string {
	var found *api.Partition
	for i := range g.Partitions {
		p := &g.Partitions[i]
		if p.Lag != nil && *p.Lag > 0 && !p.Orphaned && (found == nil || *p.Lag > *found.Lag) {
			found = p
		}
	}
	if found == nil {
		return ""
	}
	return fmt.Sprintf("%s-%d (%d)", found.Topic, found.Partition, *found.Lag)
}

// owners caches the names of partition owners, by group and member id.
type owners map[string]string

// name is the client id and the host of the owner, such as worker-1@10.0.0.7.
func (o owners) name(g api.Group, p api.Partition) string {
	if p.Owner == nil {
		return ""
	}
	key := g.Group + "\x00" + *p.Owner
	if _, ok := o[key]; !ok {
		for _, m := range g.Members {
			o[g.Group+"\x00"+m.MemberID] = m.Name()
		}
	}
	return o[key]
}

// members is the number of members, as far as it is known: of a group that could not be read it is not.
func members(g api.Group) string {
	if g.MembersUnknown || len(g.Members) == 0 && (g.Error != nil || g.State == nil) {
		return ""
	}
	return strconv.Itoa(len(g.Members))
}

// groupNote explains the numbers of a group: how many of its partitions have which note.
func groupNote(g api.Group) string {
	if len(g.Partitions) == 0 && g.Error == nil && len(g.Members) == 0 {
		return "no offsets seen" // or none that DESCRIBE on their topics lets us see
	}
	var order []remark // without their numbers
	count := map[remark]int64{}
	for _, p := range g.Partitions {
		for _, n := range notes(g, p) {
			kind := remark{min(n.records, 1), n.text}
			if count[kind] == 0 {
				order = append(order, kind)
			}
			count[kind] += max(n.records, 1)
		}
	}
	var all []string
	for _, kind := range order {
		n := count[kind]
		if kind.records > 0 {
			all = append(all, fmt.Sprintf("%s %s", counted(n, "record"), kind.text))
		} else {
			all = append(all, fmt.Sprintf("%s: %s", counted(n, "partition"), kind.text))
		}
	}
	return strings.Join(append(all, errorOf(g)...), ", ")
}

// partitionNote explains the numbers of a partition.
func partitionNote(g api.Group, p api.Partition) string {
	var all []string
	for _, n := range notes(g, p) {
		if n.records > 0 {
			all = append(all, fmt.Sprintf("%d %s", n.records, n.text))
		} else {
			all = append(all, n.text)
		}
	}
	return strings.Join(append(all, errorOf(g)...), ", ")
}

// counted is a number of things, such as "1 record" or "7 records".
func counted(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.FormatInt(n, 10) + " " + thing
}

func errorOf(g api.Group) []string {
	switch {
	case g.Error == nil:
		return nil
	case g.ReadAt == nil:
		return []string{*g.Error}
	}
	return []string{fmt.Sprintf("%s, values of %s", *g.Error, g.ReadAt.Format("15:04:05Z"))}
}

// remark is one note of a partition. It is about a number of records, or about the partition.
type remark struct {
	records int64 // 0: it is about the partition
	text    string
}

// standNotes say what the commits of a partition show.
var standNotes = map[string]string{
	"read":    "everything is read",
	"rest":    "unread or unreadable",
	"slow":    "commits stand",
	"stalled": "stalled",
}

// notes are what the numbers of a partition do not say.
func notes(g api.Group, p api.Partition) (all []remark) {
	note := func(records int64, text string) { all = append(all, remark{records, text}) }
	switch {
	case p.Error != nil && g.Error != nil && *p.Error == *g.Error: // it is the note of the group, too
	case p.Error != nil:
		note(0, *p.Error)
	case p.Committed == nil && p.Lag == nil:
		note(0, "never committed")
	}
	switch {
	case p.Orphaned:
		note(0, "orphaned")
	case slices.ContainsFunc(g.Left, func(l api.Left) bool { return l.Topic == p.Topic }):
		note(0, "no member subscribes")
	}
	if p.Lost != nil && *p.Lost > 0 {
		note(*p.Lost, "lost")
	}
	if p.IsAboveEnd() {
		note(*p.AboveEnd, "above the end")
	}
	if p.Stand != nil {
		note(0, standNotes[*p.Stand])
	}
	return all
}

// Stuck prints stalled partitions, each with the command that prints its record.
func Stuck(w io.Writer, all []api.Stuck) {
	for _, s := range all {
		fmt.Fprintf(w, "  %s\n    the record: %s\n", Printable(s.Text()), s.Command)
	}
}

// printAdvice prints the stalled partitions of every group, and the advice.
func printAdvice(w io.Writer, l api.Lag) {
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			if len(g.Stuck) > 0 {
				fmt.Fprintf(w, "\n%s: stalled partitions\n", Printable(g.Group))
				Stuck(w, g.Stuck)
			}
			for _, a := range g.Advice {
				fmt.Fprintf(w, "\n%s: %s\n  because: %s\n  do:      %s\n  cost:    %s\n", Printable(g.Group), a.Name, a.Because, a.Do, a.Cost)
			}
		}
	}
}

// bounded is a time lag: ">=9m10s" when that is a lower bound, "<=1m0s" when only an upper one is known.
func bounded(seconds *float64, atLeast bool, atMost *float64) string {
	switch {
	case atMost != nil:
		return "<=" + Seconds(atMost)
	case atLeast:
		return ">=" + Seconds(seconds)
	}
	return Seconds(seconds)
}
