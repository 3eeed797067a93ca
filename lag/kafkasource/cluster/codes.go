package cluster

import (
	"fmt"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// Protocol error codes that only the reading of clusters needs; package lag has the others.
const (
	notLeader           lag.ErrorCode = 6
	replicaNotAvailable lag.ErrorCode = 9
	storageError        lag.ErrorCode = 56
	GroupIDNotFound     lag.ErrorCode = 69
	fencedLeaderEpoch   lag.ErrorCode = 74
	unknownLeaderEpoch  lag.ErrorCode = 75
	offsetNotAvailable  lag.ErrorCode = 78
	UnknownTopicID      lag.ErrorCode = 100
)

// CoordinatorMoving reports whether a coordinator is moving to another broker, so that asking again soon helps.
func CoordinatorMoving(c lag.ErrorCode) bool {
	return c == lag.CoordinatorLoading || c == lag.NotCoordinator || c == lag.NoCoordinator
}

// LeaderMoved reports whether the code says that metadata is wrong: new metadata may name another leader, which answers.
func LeaderMoved(c lag.ErrorCode) bool {
	switch c {
	case lag.UnknownTopic, lag.LeaderNotAvailable, notLeader, replicaNotAvailable, storageError,
		fencedLeaderEpoch, unknownLeaderEpoch, offsetNotAvailable, UnknownTopicID, lag.Unreachable:
		return true
	}
	return false
}

// Failures count the groups or partitions that could not be read, by broker and code: a thousand groups without an ACL
// are one error.
type Failures map[brokerCode]*failure

type brokerCode struct {
	broker int32
	code   lag.ErrorCode
}

type failure struct {
	count   int
	example string
}

// Add counts a group or partition that could not be read.
func (f Failures) Add(broker int32, code lag.ErrorCode, example string) {
	key := brokerCode{broker, code}
	if f[key] == nil {
		f[key] = &failure{example: example}
	}
	f[key].count++
}

// FailAll notes an error for each broker and code, and has the next poll read metadata if that may help.
// What is the plural of what was counted, such as "groups".
func (r *Round) FailAll(stage lag.Stage, failures Failures, what string) {
	for key, f := range failures {
		if LeaderMoved(key.code) || CoordinatorMoving(key.code) {
			r.Cluster.setOutdated()
		}
		err := fmt.Errorf("%d %s, such as %s: %s", f.count, what, f.example, key.code)
		r.Fail(stage, key.broker, transport.WithCode(key.code, err))
	}
}
