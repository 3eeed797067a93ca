package lag

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
)

// ErrorCode is why something could not be read: a Kafka protocol error code,
// or one of our own (above 10000) where no broker answered at all.
type ErrorCode int16

// The codes this program gives meaning to. Numbers below 10000 are Kafka's.
const (
	OK                  ErrorCode = 0
	UnknownTopic        ErrorCode = 3
	LeaderNotAvailable  ErrorCode = 5
	CoordinatorLoading  ErrorCode = 14
	NoCoordinator       ErrorCode = 15 // COORDINATOR_NOT_AVAILABLE: the partition of __consumer_offsets that has the group has no leader
	NotCoordinator      ErrorCode = 16
	InvalidTopic        ErrorCode = 17 // a name that no topic can have
	TopicDenied         ErrorCode = 29
	GroupDenied         ErrorCode = 30
	ClusterDenied       ErrorCode = 31
	QuotaExceeded       ErrorCode = 89    // THROTTLING_QUOTA_EXCEEDED
	Unreachable         ErrorCode = 10001 // no connection, or no answer before the deadline and no sign that the broker is up
	Unlisted            ErrorCode = 10002 // no broker listed the group in this poll, and its coordinator did not confirm that it is gone
	Garbled             ErrorCode = 10003 // an answer that does not decode
	UnsupportedVersion  ErrorCode = 10004 // the broker's version does not support the request
	AuthenticationError ErrorCode = 10005 // TLS or SASL refused
	CommitsMissing      ErrorCode = 10006 // commits that a group had are missing in this poll; not believed for a grace time
	InternalError       ErrorCode = 10007 // this program failed
	ForeignCluster      ErrorCode = 10008 // the address belongs to another Kafka cluster
	Slow                ErrorCode = 10009 // a broker that is up had no answer before the deadline, or asked for a pause that is longer
	AddressRefused      ErrorCode = 10011 // a broker advertises an address that must not be dialled
)

var codeNames = map[ErrorCode]string{
	Unreachable:         "BROKER_UNREACHABLE",
	Unlisted:            "GROUP_NOT_LISTED",
	Garbled:             "ANSWER_GARBLED",
	UnsupportedVersion:  "NOT_SUPPORTED_BY_BROKER",
	AuthenticationError: "AUTHENTICATION_FAILED",
	CommitsMissing:      "COMMITS_MISSING",
	InternalError:       "INTERNAL_ERROR",
	Slow:                "BROKER_SLOW",
	ForeignCluster:      "FOREIGN_CLUSTER",
	AddressRefused:      "ADDRESS_REFUSED",
}

// String is the code's name in the protocol, such as COORDINATOR_LOAD_IN_PROGRESS; empty when there was no error.
func (c ErrorCode) String() string {
	if c == OK {
		return ""
	}
	if name, ok := codeNames[c]; ok {
		return name
	}
	if e := kerr.TypedErrorForCode(int16(c)); e != nil {
		return e.Message
	}
	return "ERROR_" + strconv.Itoa(int(c))
}

// Stage is a step of a poll, used as a metric label and log key.
type Stage string

// The stages of a poll, in the order in which they run.
// Committed offsets are read before end offsets, so that a healthy consumer never looks ahead of the log.
const (
	StageConnect  Stage = "connect"
	StageMetadata Stage = "metadata"
	StageList     Stage = "list_groups"
	StageDescribe Stage = "describe_groups"
	StageCommits  Stage = "offset_fetch"
	StageOffsets  Stage = "list_offsets"
	StageHeaders  Stage = "batch_headers" // if they are looked at: what fails here leaves every lag known
)

// ReadError is one failed part of a poll or sample.
type ReadError struct {
	Stage  Stage
	Broker int32 // -1: no broker in particular
	Code   ErrorCode
	Detail string // for people: what was being done, and what came back
}

// Complete reports whether none of the errors left a lag unknown. What a look at batch headers did not find out does not.
func Complete(errors []ReadError) bool {
	return !slices.ContainsFunc(errors, func(e ReadError) bool { return e.Stage != StageHeaders })
}
