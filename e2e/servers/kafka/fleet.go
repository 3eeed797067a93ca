package kafka

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
)

// Fleet is one JVM with many Kafka clients, which obey the test. [Client]'s
// methods are about the whole JVM, those that take an id about one of them.
type Fleet struct {
	*Client

	mu     sync.Mutex
	cmds   int64
	joined map[string]int // by consumer, the mark when it was last told to join
}

// Fleet starts a JVM for the test's clients: 0.4 s on an idle machine.
func (c *Cluster) Fleet(t testing.TB) *Fleet {
	t.Helper()
	jar, err := c.tools.programJar(t.Context(), fleetProgram)
	if err != nil {
		t.Fatal(err)
	}
	f := &Fleet{joined: map[string]int{}}
	f.Client = c.startClient(t, jvm{class: "Fleet", args: []string{c.bootstrap}, jars: []string{jar}},
		func(line []byte) (Event, bool, error) {
			e, err := parseFleetLine(line)
			return e, true, err
		})
	f.Await("the fleet's JVM", func(e Event) bool { return e.Kind == ready })
	return f
}

// command has the JVM obey one command and returns its answer.
func (f *Fleet) command(op, id string, fields map[string]any) Event {
	f.t.Helper()
	mark := f.Mark()
	cmd, err := f.send(op, id, fields)
	if err != nil {
		f.t.Fatalf("telling the fleet to %s %s: %v", op, id, err)
	}
	answer := f.AwaitSince(mark, fmt.Sprintf("the fleet to %s %s", op, id), func(e Event) bool { return e.cmd == cmd })
	if answer.Kind == refused {
		f.t.Fatalf("the fleet does not %s %s: %s", op, id, answer.Error)
	}
	return answer
}

// send writes one command and returns its number.
func (f *Fleet) send(op, id string, fields map[string]any) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cmds++
	all := map[string]any{"cmd": f.cmds, "op": op, "id": id}
	maps.Copy(all, fields)
	line, err := json.Marshal(all)
	if err != nil {
		return 0, err
	}
	_, err = f.stdin.Write(append(line, '\n'))
	return f.cmds, err
}

// Owned returns what a consumer has, by its last word on it, sorted.
func (f *Fleet) Owned(id string) []Partition { return ownership(f.Events())[id] }

// ownership is the last word of each consumer on what it has. One that ended
// has nothing.
func ownership(events []Event) map[string][]Partition {
	owned := map[string][]Partition{}
	for _, e := range events {
		switch e.Kind {
		case Assigned, Revoked, Lost:
			owned[e.Consumer] = e.Owned
		case Closed, Vanished, Failed:
			delete(owned, e.Consumer)
		}
	}
	return owned
}

// AwaitAssigned waits until the consumer has been told its partitions, perhaps
// none, for the first time since it last joined.
func (f *Fleet) AwaitAssigned(id string) Event {
	f.t.Helper()
	f.mu.Lock()
	mark := f.joined[id]
	f.mu.Unlock()
	return f.AwaitSince(mark, "an assignment to "+id, func(e Event) bool { return e.Kind == Assigned && e.Consumer == id })
}

// AwaitBalanced waits until the consumers share out all partitions of the
// topic, each to one, and none has two more than another.
func (f *Fleet) AwaitBalanced(topic string, partitions int, ids ...string) {
	f.t.Helper()
	f.awaitAll(fmt.Sprintf("%v to share the %d partitions of %s", ids, partitions, topic), func(events []Event) bool {
		return balanced(ownership(events), topic, partitions, ids)
	})
}

func balanced(owned map[string][]Partition, topic string, partitions int, ids []string) bool {
	var all []Partition
	least, most := partitions, 0
	for _, id := range ids {
		mine := slices.DeleteFunc(slices.Clone(owned[id]), func(p Partition) bool { return p.Topic != topic })
		least, most = min(least, len(mine)), max(most, len(mine))
		all = append(all, mine...)
	}
	slices.SortFunc(all, comparePartitions)
	return len(all) == partitions && len(slices.Compact(all)) == partitions && most-least <= 1
}
