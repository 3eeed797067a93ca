// Package coordlog reads the group coordinator's log of Apache Kafka 3.9 and
// 4.3. This log shows the rebalances that really happened; no admin request
// returns them.
//
// [Parse] turns a line into a [Record]; [Rebalances] turns the records of a
// group into its rebalances. The wording is that of kafka.coordinator.group.GroupCoordinator
// (3.9) and org.apache.kafka.coordinator.group.GroupMetadataManager (4.3).
package coordlog

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is what a line of the log tells.
type Kind string

// What happens in classic groups.
const (
	Preparing  Kind = "preparing"  // the group left Stable or Empty; Epoch is the old generation, Reason why
	Stabilized Kind = "stabilized" // all have joined; Epoch is the new generation, Members how many
	Assigned   Kind = "assigned"   // the leader's assignment is in: Stable again
	Emptied    Kind = "emptied"    // the last member has gone; Epoch is the new generation
)

// What happens in KIP-848 and share groups.
const (
	Joined     Kind = "joined"
	Subscribed Kind = "subscribed" // a member changed its topics; logged at debug level
	Bumped     Kind = "bumped"     // Epoch is the new group epoch, Hash that of the topics' metadata
	Targeted   Kind = "targeted"   // the assignor has decided for Epoch
	Reconciled Kind = "reconciled" // Member is at Epoch, in State; logged at debug level
	Away       Kind = "away"       // a static member closed and may come back
)

// What happens in both.
const (
	Left     Kind = "left"     // Member left by itself; classic: Reason is what it said
	Expired  Kind = "expired"  // Member was thrown out for its silence
	Replaced Kind = "replaced" // a static member came back: Member takes the place of Old
)

// Record is one line. Fields that the kind does not name are zero.
type Record struct {
	At      time.Time
	Group   string
	Kind    Kind
	Epoch   int32 // generation of a classic group, epoch of the others
	Member  string
	Old     string
	Reason  string
	Members int
	State   string
	Hash    string
}

// pattern is one message. Its named groups are the record's fields.
type pattern struct {
	kind Kind
	hint string // in every line that matches; saves running the expression on the others
	re   *regexp.Regexp
}

// The topic partition in parentheses and the missing full stop are 3.9's.
var patterns = []pattern{
	{Preparing, "Preparing to rebalance", regexp.MustCompile(
		`^Preparing to rebalance group (?P<group>.+) in state \w+ with old generation (?P<epoch>\d+) (?:\(\S+\) )?\(reason: (?P<reason>.*)\)\.?$`)},
	{Stabilized, "Stabilized group", regexp.MustCompile(
		`^Stabilized group (?P<group>.+) generation (?P<epoch>\d+) (?:\(\S+\) )?with (?P<members>\d+) members\.?$`)},
	{Assigned, "Assignment received", regexp.MustCompile(
		`^Assignment received from leader .+ for group (?P<group>.+) for generation (?P<epoch>\d+)\. The group has (?P<members>\d+) members, \d+ of which are static\.$`)},
	{Emptied, "is now empty", regexp.MustCompile(
		`^Group (?P<group>.+) with generation (?P<epoch>\d+) is now empty(?: \(\S+\)|\.)$`)},
	{Expired, "has failed, removing", regexp.MustCompile(
		`^Member (?P<member>.+) in group (?P<group>.+) has failed, removing it from the group\.?$`)},
	{Left, "through explicit", regexp.MustCompile(
		"^Member MemberMetadata\\(memberId=(?P<member>.+), groupInstanceId=.*\\) has left group (?P<group>.+) through explicit `LeaveGroup`; client reason: (?P<reason>.*)$")},
	{Left, "through explicit", regexp.MustCompile(
		"^\\[Group (?P<group>.+)\\] Member (?P<member>.+) has left group through explicit `LeaveGroup` request; client reason: (?P<reason>.*)$")},
	{Replaced, "Replacing previously mapped", regexp.MustCompile(
		`^Static member with groupInstanceId=.+ and unknown member id joins group (?P<group>.+) in \w+ state\. Replacing previously mapped member (?P<old>.+) with this groupInstanceId\.$`)},

	{Joined, "joins the", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] (?:Static m|M)ember (?P<member>\S+) (?:with instance id .+ )?joins the (?:consumer|share) group using`)},
	{Subscribed, "updated its subscribed", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Member (?P<member>\S+) updated its subscribed (?:topics|regex) to: `)},
	{Bumped, "Bumped group epoch", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Bumped group epoch to (?P<epoch>\d+) with metadata hash (?P<hash>-?\d+)\.$`)},
	{Targeted, "Computed a new target", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Computed a new target assignment for epoch (?P<epoch>\d+) with `)},
	{Reconciled, "new assignment state", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Member (?P<member>\S+) new assignment state: epoch=(?P<epoch>-?\d+), previousEpoch=-?\d+, state=(?P<state>\w+), `)},
	{Away, "temporarily left", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Static member (?P<member>\S+) with instance id .+ temporarily left the consumer group\.$`)},
	{Left, "left the", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] (?:Static m|M)ember (?P<member>\S+) (?:with instance id .+ )?left the (?:consumer|share) group\.$`)},
	{Expired, "fenced from the group", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Member (?P<member>\S+) fenced from the group because (?P<reason>.+)\.$`)},
	{Replaced, "re-joins the consumer group", regexp.MustCompile(
		`^\[GroupId (?P<group>.+)\] Static member with instance id .+ re-joins the consumer group using the \w+ protocol\. Created a new member (?P<member>\S+) to replace the existing member (?P<old>\S+)\.$`)},
}

// layout is how the harness has brokers write the time.
const layout = "2006-01-02T15:04:05.000-0700"

// prefix is what the coordinators put before their messages: "[GroupCoordinator
// 3]: " in 3.9, "[GroupCoordinator id=1 topic=__consumer_offsets partition=4] " in 4.3.
var prefix = regexp.MustCompile(`^\[GroupCoordinator (?:\d+\]: |id=\d+ topic=\S+ partition=\d+\] )`)

// Parse reads one line, "TIME LEVEL LOGGER MESSAGE". It is false for a line
// that tells nothing of a group's membership.
func Parse(line string) (Record, bool) {
	fields := strings.SplitN(strings.TrimRight(line, "\n"), " ", 4)
	if len(fields) < 4 {
		return Record{}, false
	}
	at, err := time.Parse(layout, fields[0])
	if err != nil {
		return Record{}, false
	}
	message := fields[3]
	message = message[len(prefix.FindString(message)):]
	for _, p := range patterns {
		if !strings.Contains(message, p.hint) {
			continue
		}
		if m := p.re.FindStringSubmatch(message); m != nil {
			r := record(p.re.SubexpNames(), m)
			r.At, r.Kind = at, p.kind
			return r, true
		}
	}
	return Record{}, false
}

// record fills in the fields that an expression's groups name. Numbers that do
// not fit are zero: the expressions allow digits only.
func record(names, values []string) Record {
	var r Record
	for i, name := range names {
		switch value := values[i]; name {
		case "group":
			r.Group = value
		case "epoch":
			n, _ := strconv.ParseInt(value, 10, 32)
			r.Epoch = int32(n)
		case "member":
			r.Member = value
		case "old":
			r.Old = value
		case "reason":
			r.Reason = value
		case "members":
			r.Members, _ = strconv.Atoi(value)
		case "state":
			r.State = value
		case "hash":
			r.Hash = value
		}
	}
	return r
}
