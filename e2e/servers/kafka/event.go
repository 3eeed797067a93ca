package kafka

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Partition is one partition of a topic.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// Offset is a partition and the next offset to read there.
type Offset struct {
	Partition
	Offset int64 `json:"offset"`
}

// comparePartitions orders by topic, then number.
func comparePartitions(a, b Partition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// EventKind is what happened to a Java client.
type EventKind string

// What a [Fleet] and the Verifiable tools tell.
const (
	Assigned     EventKind = "assigned"     // Partitions were given, Owned is all it has now
	Revoked      EventKind = "revoked"      // Partitions were taken in order
	Lost         EventKind = "lost"         // Partitions had been taken before it knew
	Committed    EventKind = "committed"    // Offsets are in the coordinator
	CommitFailed EventKind = "commitFailed" // it had been kicked out, or the group rebalances
	Stalled      EventKind = "stalled"      // it stopped polling
	Resumed      EventKind = "resumed"      // it polls again
	Closed       EventKind = "closed"       // it left and ended
	Vanished     EventKind = "vanished"     // it ended without leaving
	Failed       EventKind = "failed"       // it ended with Error
	Consumed     EventKind = "consumed"     // VerifiableConsumer only: Count records of Partitions
	Sent         EventKind = "sent"         // VerifiableProducer only: one record at Offsets

	ready   EventKind = "ready"   // the JVM takes commands
	done    EventKind = "done"    // the command Cmd was obeyed
	refused EventKind = "refused" // the command Cmd was not
)

// Event is one line that a Java client printed. Fields that the kind does not
// name are zero.
type Event struct {
	At         time.Time // by the JVM's clock, which is this machine's; to the millisecond
	Kind       EventKind
	Consumer   string // the ID of the consumer, when it has one
	Partitions []Partition
	Owned      []Partition
	Offsets    []Offset
	Generation int32  // or member epoch, with Assigned, Revoked and Lost
	Member     string // the member id the coordinator gave, with the same
	Count      int64  // records consumed or acknowledged
	Error      string

	cmd int64
}

// fleetLine is an Event as Fleet.java prints it.
type fleetLine struct {
	At         int64       `json:"at"`
	Kind       EventKind   `json:"kind"`
	Cmd        int64       `json:"cmd"`
	Consumer   string      `json:"consumer"`
	Producer   string      `json:"producer"`
	Partitions []Partition `json:"partitions"`
	Owned      []Partition `json:"owned"`
	Offsets    []Offset    `json:"offsets"`
	Generation int32       `json:"generation"`
	Member     string      `json:"member"`
	Acked      int64       `json:"acked"`
	Error      string      `json:"error"`
}

func parseFleetLine(line []byte) (Event, error) {
	var l fleetLine
	if err := json.Unmarshal(line, &l); err != nil {
		return Event{}, fmt.Errorf("reading the fleet's line %q: %w", line, err)
	}
	slices.SortFunc(l.Partitions, comparePartitions)
	slices.SortFunc(l.Owned, comparePartitions)
	slices.SortFunc(l.Offsets, func(a, b Offset) int { return comparePartitions(a.Partition, b.Partition) })
	return Event{
		At: time.UnixMilli(l.At), Kind: l.Kind, Consumer: cmp.Or(l.Consumer, l.Producer),
		Partitions: l.Partitions, Owned: l.Owned, Offsets: l.Offsets,
		Generation: l.Generation, Member: l.Member, Count: l.Acked, Error: l.Error, cmd: l.Cmd,
	}, nil
}

// verifiableLine is an Event as VerifiableConsumer and VerifiableProducer print it.
type verifiableLine struct {
	Timestamp  json.RawMessage `json:"timestamp"` // a number, in the producer too
	Name       string          `json:"name"`
	Partitions json.RawMessage `json:"partitions"`
	Offsets    []Offset        `json:"offsets"`
	Success    *bool           `json:"success"`
	Count      int64           `json:"count"`
	Topic      string          `json:"topic"`
	Partition  int32           `json:"partition"`
	Offset     int64           `json:"offset"`
	Error      string          `json:"error"`
}

// verifiableKinds are the names of the tools for what an Event tells; other
// lines (startup_complete, tool_data, …) tell nothing of it.
var verifiableKinds = map[string]EventKind{
	"partitions_assigned":   Assigned,
	"partitions_revoked":    Revoked,
	"offsets_committed":     Committed,
	"records_consumed":      Consumed,
	"producer_send_success": Sent,
	"shutdown_complete":     Closed,
}

func parseVerifiableLine(line []byte) (e Event, ok bool, err error) {
	var l verifiableLine
	if err := json.Unmarshal(line, &l); err != nil {
		return Event{}, false, fmt.Errorf("reading the tool's line %q: %w", line, err)
	}
	kind, ok := verifiableKinds[l.Name]
	if !ok {
		return Event{}, false, nil
	}
	ms, err := strconv.ParseInt(string(l.Timestamp), 10, 64)
	if err != nil {
		return Event{}, false, fmt.Errorf("reading the time of the tool's line %q: %w", line, err)
	}
	e = Event{At: time.UnixMilli(ms), Kind: kind, Offsets: l.Offsets, Count: l.Count, Error: l.Error}
	if kind == Committed && l.Success != nil && !*l.Success {
		e.Kind = CommitFailed
	}
	if kind == Sent {
		e.Offsets = []Offset{{Partition{l.Topic, l.Partition}, l.Offset}}
	}
	if len(l.Partitions) > 0 {
		if err := json.Unmarshal(l.Partitions, &e.Partitions); err != nil {
			return Event{}, false, fmt.Errorf("reading the partitions of the tool's line %q: %w", line, err)
		}
	}
	return e, true, nil
}
