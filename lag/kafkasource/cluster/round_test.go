package cluster

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

func offline() *Cluster { return New(nil, 1, 0, slog.New(slog.DiscardHandler)) }

func TestErrorsAreSortedAndUnique(t *testing.T) {
	r := offline().Poll()
	denied := transport.WithCode(lag.GroupDenied, errors.New("no"))
	r.Fail(lag.StageOffsets, 1, denied)
	r.Fail(lag.StageList, 2, denied)
	r.Fail(lag.StageList, 2, denied)
	r.Fail(lag.StageList, 1, errors.New("closed"))
	var got []lag.ReadError
	for _, e := range r.Errors() {
		got = append(got, lag.ReadError{Stage: e.Stage, Broker: e.Broker, Code: e.Code})
	}
	want := []lag.ReadError{
		{Stage: lag.StageList, Broker: 1, Code: lag.Unreachable},
		{Stage: lag.StageList, Broker: 2, Code: lag.GroupDenied},
		{Stage: lag.StageOffsets, Broker: 1, Code: lag.GroupDenied},
	}
	if !slices.Equal(got, want) {
		t.Errorf("errors %+v", got)
	}
}

func TestManyFailuresAreOneError(t *testing.T) {
	r := offline().Poll()
	failures := Failures{}
	for _, name := range []string{`"a"`, `"b"`, `"c"`} {
		failures.Add(1, lag.GroupDenied, name)
	}
	failures.Add(2, lag.GroupDenied, `"d"`)
	r.FailAll(lag.StageDescribe, failures, "groups")
	got := r.Errors()
	if len(got) != 2 || got[0].Detail != `3 groups, such as "a": GROUP_AUTHORIZATION_FAILED` || got[0].Code != lag.GroupDenied || got[1].Broker != 2 {
		t.Errorf("errors %+v", got)
	}
}

// Errors that new metadata may help against make the next poll read it.
func TestMetadataIsOutdated(t *testing.T) {
	unreachable := errors.New("refused")
	denied := transport.WithCode(lag.GroupDenied, errors.New("no"))
	for name, c := range map[string]struct {
		fail func(*Round)
		want bool
	}{
		"a broker does not list":       {func(r *Round) { r.Lose(1, denied) }, true},
		"a broker does not answer":     {func(r *Round) { r.FailBroker(lag.StageCommits, 1, unreachable) }, true},
		"a broker refuses":             {func(r *Round) { r.FailBroker(lag.StageCommits, 1, denied) }, false},
		"a coordinator is moving":      {func(r *Round) { r.failOne(lag.NotCoordinator) }, true},
		"a leader moved":               {func(r *Round) { r.failOne(notLeader) }, true},
		"groups may not be described":  {func(r *Round) { r.failOne(lag.GroupDenied) }, false},
		"metadata itself was not read": {func(r *Round) { r.Fail(lag.StageMetadata, 1, unreachable) }, false},
	} {
		cl := offline()
		cl.SetRefreshed()
		c.fail(cl.Poll())
		if got := cl.MetadataOlderThan(time.Hour); got != c.want {
			t.Errorf("%s: outdated %v", name, got)
		}
	}
}

func (r *Round) failOne(code lag.ErrorCode) {
	failures := Failures{}
	failures.Add(1, code, "x")
	r.FailAll(lag.StageDescribe, failures, "groups")
}

func TestLostBrokers(t *testing.T) {
	r := offline().Poll()
	r.Brokers = []lag.Broker{{ID: 2}, {ID: 1}}
	if r.LostAll() {
		t.Error("a new round lost all brokers")
	}
	r.Lose(2, errors.New("refused"))
	if code, ok := r.Lost(2); !ok || code != lag.Unreachable || r.LostAll() {
		t.Errorf("%s, %v", code, ok)
	}
	if _, ok := r.Lost(1); ok {
		t.Error("another broker is lost")
	}
	if r.Lose(1, errors.New("refused")); !r.LostAll() {
		t.Error("both are lost")
	}
}

func TestCandidatesTakeTurns(t *testing.T) {
	c := offline()
	c.brokers = []lag.Broker{{ID: 4}, {ID: 7}}
	for _, want := range [][]int32{{4, 7, -1}, {7, 4, -1}, {4, 7, -1}} {
		if got := c.candidates(); !slices.Equal(got, want) {
			t.Errorf("candidates %v, want %v", got, want)
		}
	}
}
