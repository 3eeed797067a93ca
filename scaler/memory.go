package scaler

import (
	"encoding/json"
	"fmt"
	"time"
)

// MemoryVersion is the format of a saved Memory. A Memory of another version is not loaded.
const MemoryVersion = 1

// Memory is what a scaler has learned. The exported part is saved and loaded; the rest, the readings of the last
// minutes, is rebuilt after a restart. It is a value: Evaluate returns a new one and leaves the one it was given as it
// was. The zero value knows nothing.
type Memory struct {
	Version int            `json:"version"`
	Startup []float64      `json:"startupSeconds,omitempty"` // from a write to members joined; the last 20
	Downs   []time.Time    `json:"downs,omitempty"`          // steps down in the last hour
	Sources []SourceMemory `json:"sources,omitempty"`        // sorted by cluster, then group
	Week    Week           `json:"week"`                     // for compare

	work *work
}

// SourceMemory is what is known of one group.
type SourceMemory struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`

	Declared    float64   `json:"declared,omitempty"`    // records/s of one consumer, as the user says
	PerConsumer float64   `json:"perConsumer,omitempty"` // records/s of one consumer, as learned; 0: not yet
	Seen        float64   `json:"seen,omitempty"`        // the most one was seen to do: a lower bound
	RaisedAt    time.Time `json:"raisedAt,omitzero"`     // beginning of the hour in which PerConsumer at most doubles
	RaisedFrom  float64   `json:"raisedFrom,omitempty"`  // what it was then
	Best        float64   `json:"best,omitempty"`        // the best one did for long, slowly forgotten
	BestAt      time.Time `json:"bestAt,omitzero"`       // forgotten up to here
	BestAtN     int32     `json:"bestAtN,omitempty"`     // consumers there were then

	Rebalances []float64       `json:"rebalanceSeconds,omitempty"` // the last 20
	Residual   []ResidualFloor `json:"residual,omitempty"`         // sorted by topic, then partition
	Season     Season          `json:"season"`
	Downstream *Downstream     `json:"downstream,omitempty"`
	NoProbe    time.Time       `json:"noProbe,omitzero"` // no experiment before this
}

// ResidualFloor is a lag that stays though nothing is left to read: transaction markers.
type ResidualFloor struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Records   int8   `json:"records"` // 1 or 2
}

// Save is the part of the memory that outlives the process, as JSON.
func (m Memory) Save() ([]byte, error) {
	m.Version = MemoryVersion
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("save memory: %w", err)
	}
	return data, nil
}

// LoadMemory reads what Save wrote. It fails on another version and on anything that Save cannot have written.
func LoadMemory(data []byte) (Memory, error) {
	var m Memory
	if err := json.Unmarshal(data, &m); err != nil {
		return Memory{}, fmt.Errorf("load memory: %w", err)
	}
	if m.Version != MemoryVersion {
		return Memory{}, fmt.Errorf("load memory: version %d, want %d", m.Version, MemoryVersion)
	}
	return m, nil
}

// Resume is a loaded memory that goes on with the readings of the last minutes that this process has at hand:
// a follower that becomes the leader is warm, but only what the leader learned counts.
func (m Memory) Resume(current Memory) Memory {
	m.work = current.work
	return m
}
