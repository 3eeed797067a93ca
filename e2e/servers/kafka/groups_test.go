package kafka

import (
	"reflect"
	"testing"
)

// Printed by kafka-consumer-groups 4.3 and 3.9: a header per group, columns as
// wide as they need, spaces in names, "-" for unknown.
func TestReadTables(t *testing.T) {
	const text = `
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                HOST            CLIENT-ID
my group        orders-fng2tmml 2          20              20              0               a b-c3928ea0-d1b9-4d2d-84c9-1d7ace2c5f50   /127.0.0.1      a b
my group        orders-fng2tmml 0          -               20              -               inst1-3ae784d4-112f-4076-bac2-a86731a15720 /127.0.0.1      b

GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
g2              127.0.0.1:20573  (1)      -                    Empty                0
`
	rows := readTables(text)
	if len(rows) != 3 {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	got, err := partitionOf(rows[0])
	if err != nil {
		t.Fatal(err)
	}
	want := GroupPartition{
		Partition: Partition{"orders-fng2tmml", 2}, Committed: Number{20, true}, End: Number{20, true}, Lag: Number{0, true},
		MemberID: "a b-c3928ea0-d1b9-4d2d-84c9-1d7ace2c5f50", Host: "/127.0.0.1", ClientID: "a b",
	}
	if got != want || rows[0]["GROUP"] != "my group" {
		t.Errorf("got %+v of %q, want %+v", got, rows[0]["GROUP"], want)
	}
	if got, err = partitionOf(rows[1]); err != nil || got.Committed.Known || got.Lag.Known || !got.End.Known {
		t.Errorf("uncommitted: %+v, %v", got, err)
	}
	group, err := groupOf(rows[2])
	if want := (Group{Name: "g2", State: "Empty", Coordinator: 1}); err != nil || !reflect.DeepEqual(group, want) {
		t.Errorf("got %+v (%v), want %+v", group, err, want)
	}
}
