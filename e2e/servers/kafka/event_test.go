package kafka

import (
	"reflect"
	"testing"
	"time"
)

func TestParseVerifiableLine(t *testing.T) {
	tests := []struct {
		line string
		want Event // the zero Event: the line is none
	}{
		{`{"timestamp":1795252981338,"name":"startup_complete"}`, Event{}},
		{
			`{"timestamp":1795252981340,"name":"partitions_assigned","partitions":[{"topic":"t","partition":1}]}`,
			Event{At: time.UnixMilli(1795252981340), Kind: Assigned, Partitions: []Partition{{"t", 1}}},
		},
		{
			`{"timestamp":1795252981341,"name":"offsets_committed","offsets":[{"topic":"t","partition":1,"offset":50}],"success":true}`,
			Event{At: time.UnixMilli(1795252981341), Kind: Committed, Offsets: []Offset{{Partition{"t", 1}, 50}}},
		},
		{
			`{"timestamp":1795252981342,"name":"offsets_committed","offsets":[],"error":"fenced","success":false}`,
			Event{At: time.UnixMilli(1795252981342), Kind: CommitFailed, Offsets: []Offset{}, Error: "fenced"},
		},
		{
			`{"timestamp":1795252981343,"name":"producer_send_success","key":null,"value":"9","topic":"t","partition":2,"offset":7}`,
			Event{At: time.UnixMilli(1795252981343), Kind: Sent, Offsets: []Offset{{Partition{"t", 2}, 7}}},
		},
	}
	for _, tt := range tests {
		got, ok, err := parseVerifiableLine([]byte(tt.line))
		if err != nil || ok != (tt.want.Kind != "") || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\ngot  %+v, %v, %v\nwant %+v", tt.line, got, ok, err, tt.want)
		}
	}
	if _, _, err := parseVerifiableLine([]byte("{")); err == nil {
		t.Error("half a line is no error")
	}
}

// Two of three partitions each to one consumer, and so on.
func TestBalanced(t *testing.T) {
	p := func(n int32) Partition { return Partition{"t", n} }
	tests := []struct {
		name  string
		owned map[string][]Partition
		want  bool
	}{
		{"shared", map[string][]Partition{"a": {p(0), p(2)}, "b": {p(1), {"other", 0}}}, true},
		{"one has all", map[string][]Partition{"a": {p(0), p(1), p(2)}}, false},
		{"one is missing", map[string][]Partition{"a": {p(0)}, "b": {p(1)}}, false},
		{"one twice", map[string][]Partition{"a": {p(0), p(1)}, "b": {p(1)}}, false},
		{"of somebody else", map[string][]Partition{"a": {p(0)}, "b": {p(1)}, "c": {p(2)}}, false},
	}
	for _, tt := range tests {
		if got := balanced(tt.owned, "t", 3, []string{"a", "b"}); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
