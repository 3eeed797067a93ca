package messages

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Kind is what a message is about.
type Kind string

// The kinds of messages.
const (
	Decision  Kind = "decision"  // the answer for a scaler, its reason or what became of it is another one
	Rebalance Kind = "rebalance" // ended
	Refusal   Kind = "refusal"   // no decision is made for a scaler
	Freeze    Kind = "freeze"    // of a scaler
	Promise   Kind = "promise"   // the objective of a scaler
	Stop      Kind = "stop"      // scaling down stopped because of its own steps, of a scaler or of all
)

// Kinds are all of them.
var Kinds = []Kind{Decision, Rebalance, Refusal, Freeze, Promise, Stop}

// State is whether something begins or ends. A decision and a rebalance have none.
type State string

// The states.
const (
	Begun  State = "begun"
	Ended  State = "ended"
	Broken State = "broken" // of a promise
	Kept   State = "kept"
)

// Message is one thing that happened.
type Message struct {
	ID   string    `json:"id"` // the same however often it is sent, and whoever sends it
	At   time.Time `json:"at"` // when it happened
	Data Data      `json:"data"`
}

// Data is what a receiver is told. A field that does not apply is absent.
type Data struct {
	Kind      Kind              `json:"kind"`
	State     State             `json:"state,omitempty"`
	Scaler    string            `json:"scaler,omitempty"`    // NAMESPACE/NAME; absent: it concerns a group alone, or all scalers
	Namespace string            `json:"namespace,omitempty"` // of the scaler
	Target    string            `json:"target,omitempty"`    // KIND/NAMESPACE/NAME
	Groups    []Group           `json:"groups,omitempty"`    // of the scaler, or the one that rebalanced
	Owners    map[string]string `json:"owners,omitempty"`    // labels that say whose it is
	Reason    string            `json:"reason,omitempty"`    // of a decision or a refusal; the cause of a rebalance or a stop
	Line      string            `json:"line"`                // all of it, for people

	// Of a decision.
	From        *int32 `json:"from,omitempty"` // replicas
	To          *int32 `json:"to,omitempty"`
	Disposition string `json:"disposition,omitempty"`
	Error       string `json:"error,omitempty"`

	// Of a rebalance.
	Start    *time.Time `json:"start,omitempty"`
	Seconds  *float64   `json:"durationSeconds,omitempty"`
	Outcome  string     `json:"outcome,omitempty"`
	Count    int        `json:"count,omitempty"` // rebalances that could only be counted together
	Joined   int        `json:"joined,omitempty"`
	Left     int        `json:"left,omitempty"`
	Evidence string     `json:"evidence,omitempty"` // of the cause

	// Of a freeze and of a stop.
	Until *time.Time `json:"until,omitempty"`
	Stops string     `json:"stops,omitempty"` // what a freeze stops: down or all
	By    string     `json:"by,omitempty"`    // who froze it
}

// Group is a consumer group.
type Group struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`
}

// message makes a message. Its id is a hash of what happened to whom and when. None of it is the time of a clock that sends.
func message(at time.Time, d Data, which ...string) Message {
	about := []string{string(d.Kind), string(d.State), d.Scaler, at.UTC().Format(time.RFC3339Nano), d.Reason}
	if d.Kind == Rebalance {
		for _, g := range d.Groups {
			about = append(about, g.Cluster, g.Group)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(append(about, which...), "\x00")))
	return Message{ID: hex.EncodeToString(sum[:16]), At: at.UTC(), Data: d}
}
