package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Group is what kafka-consumer-groups says of one group.
type Group struct {
	Name        string
	State       string // as the tool spells it: Stable, Empty, PreparingRebalance, …
	Assignor    string // empty when the tool knows none
	Coordinator int32  // node id
	Members     int
	Partitions  []GroupPartition // committed or assigned, sorted
}

// GroupPartition is one line of the tool's offsets table.
type GroupPartition struct {
	Partition
	Committed Number
	End       Number
	Lag       Number
	MemberID  string // empty without an owner, and so the next two
	Host      string
	ClientID  string
}

// GroupMember is one line of the tool's members table.
type GroupMember struct {
	MemberID   string
	InstanceID string
	Host       string
	ClientID   string
	Partitions int
}

// Number is a number that the tool may not know.
type Number struct {
	Value int64
	Known bool
}

// Groups runs kafka-consumer-groups --describe --all-groups, once for the
// offsets and once for the state: 1 s of CPU. Sorted by name.
func (c *Cluster) Groups(t testing.TB) []Group {
	t.Helper()
	groups, err := c.groups(t.Context())
	if err != nil {
		t.Fatalf("asking kafka-consumer-groups: %v", err)
	}
	return groups
}

// GroupMembers runs kafka-consumer-groups --describe --members for one group.
func (c *Cluster) GroupMembers(t testing.TB, group string) []GroupMember {
	t.Helper()
	rows, err := c.describeGroups(t.Context(), "--group", group, "--members")
	if err != nil {
		t.Fatalf("asking kafka-consumer-groups for the members of %s: %v", group, err)
	}
	members := make([]GroupMember, 0, len(rows))
	for _, r := range rows {
		n, err := strconv.Atoi(r["#PARTITIONS"])
		if err != nil {
			t.Fatalf("reading the number of partitions of a member of %s: %v", group, err)
		}
		members = append(members, GroupMember{
			MemberID: known(r["CONSUMER-ID"]), InstanceID: known(r["GROUP-INSTANCE-ID"]),
			Host: known(r["HOST"]), ClientID: known(r["CLIENT-ID"]), Partitions: n,
		})
	}
	return members
}

func (c *Cluster) groups(ctx context.Context) ([]Group, error) {
	states, err := c.describeGroups(ctx, "--all-groups", "--state")
	if err != nil {
		return nil, err
	}
	offsets, err := c.describeGroups(ctx, "--all-groups")
	if err != nil {
		return nil, err
	}
	var groups []Group
	for _, r := range states {
		g, err := groupOf(r)
		if err != nil {
			return nil, err
		}
		for _, o := range offsets {
			// A group with nothing committed or assigned has a line without a topic.
			if o["GROUP"] != g.Name || known(o["TOPIC"]) == "" {
				continue
			}
			p, err := partitionOf(o)
			if err != nil {
				return nil, err
			}
			g.Partitions = append(g.Partitions, p)
		}
		slices.SortFunc(g.Partitions, func(a, b GroupPartition) int { return comparePartitions(a.Partition, b.Partition) })
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return groups, nil
}

// describeGroups runs the tool and returns the rows of its tables.
func (c *Cluster) describeGroups(ctx context.Context, args ...string) ([]map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := c.tools.run(ctx, jvm{
		class: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
		args:  append([]string{"--bootstrap-server", c.bootstrap, "--describe"}, args...),
	})
	if err != nil {
		return nil, err
	}
	// The tool ends with status 0 all the same.
	if i := strings.Index(out.stdout+out.stderr, "Error: "); i >= 0 {
		return nil, errors.New(strings.TrimSpace((out.stdout + out.stderr)[i:]))
	}
	return readTables(out.stdout), nil
}

func groupOf(row map[string]string) (Group, error) {
	members, err := strconv.Atoi(row["#MEMBERS"])
	if err != nil {
		return Group{}, fmt.Errorf("reading the members of group %q: %w", row["GROUP"], err)
	}
	// "127.0.0.1:20573  (1)"
	_, id, _ := strings.Cut(row["COORDINATOR (ID)"], "(")
	coordinator, err := strconv.ParseInt(strings.TrimSuffix(id, ")"), 10, 32)
	if err != nil {
		return Group{}, fmt.Errorf("reading the coordinator of group %q: %w", row["GROUP"], err)
	}
	return Group{
		Name: row["GROUP"], State: row["STATE"], Assignor: known(row["ASSIGNMENT-STRATEGY"]),
		Coordinator: int32(coordinator), Members: members,
	}, nil
}

func partitionOf(row map[string]string) (GroupPartition, error) {
	p := GroupPartition{
		MemberID: known(row["CONSUMER-ID"]), Host: known(row["HOST"]), ClientID: known(row["CLIENT-ID"]),
	}
	n, err := strconv.ParseInt(row["PARTITION"], 10, 32)
	if err != nil {
		return p, fmt.Errorf("reading a partition of group %q: %w", row["GROUP"], err)
	}
	p.Partition = Partition{row["TOPIC"], int32(n)}
	for _, column := range []struct {
		name string
		into *Number
	}{{"CURRENT-OFFSET", &p.Committed}, {"LOG-END-OFFSET", &p.End}, {"LAG", &p.Lag}} {
		if known(row[column.name]) == "" {
			continue
		}
		v, err := strconv.ParseInt(row[column.name], 10, 64)
		if err != nil {
			return p, fmt.Errorf("reading %s of group %q, %v: %w", column.name, row["GROUP"], p.Partition, err)
		}
		*column.into = Number{v, true}
	}
	return p, nil
}

// known is empty for the tool's "-".
func known(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// readTables reads the tool's tables into rows by column. A column is as wide
// as its widest value and starts where its header starts, so that a group's or
// a client's name may have spaces. Each table starts with a header of its own.
func readTables(text string) []map[string]string {
	var rows []map[string]string
	var header []column
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "GROUP "):
			header = readHeader(line)
		case strings.TrimSpace(line) == "":
			header = nil
		case header != nil:
			rows = append(rows, readRow(header, line))
		}
	}
	return rows
}

type column struct {
	name  string
	start int
}

func readHeader(line string) []column {
	line = strings.Replace(line, "COORDINATOR (ID)", "COORDINATOR_(ID)", 1)
	var header []column
	for _, name := range strings.Fields(line) {
		from := 0
		if n := len(header); n > 0 {
			from = header[n-1].start + len(header[n-1].name)
		}
		header = append(header, column{strings.Replace(name, "_", " ", 1), from + strings.Index(line[from:], name)})
	}
	return header
}

func readRow(header []column, line string) map[string]string {
	runes := []rune(line) // the tool pads by characters
	row := make(map[string]string, len(header))
	for i, c := range header {
		end := len(runes)
		if i+1 < len(header) {
			end = min(end, header[i+1].start)
		}
		row[c.name] = strings.TrimSpace(string(runes[min(c.start, end):end]))
	}
	return row
}
