package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// world is a declaration: what happens in it, and which judges look at what the program says to it.
type world struct {
	name     string
	long     bool   // it is much like another one: make check does not play it, make long does
	twin     string // the world that gives nearly the same numbers and means the opposite
	hours    float64
	interval time.Duration // between two polls, and twice a step of the world: 10 s. A world of days has a longer one
	topics   []topicSpec
	reads    []string // topics that the replicas read; nil: all
	reader   reader
	fleet    fleetSpec
	spec     scaler.Spec
	source   seen.SourceSpec // cluster, group and processing time are filled in
	learns   bool            // the processing time is not declared
	looks    bool            // polls look at the headers of batches (batchHeaders)
	mode     scaler.Mode     // act
	global   scaler.Mode     // of all scalers; empty: each has its own
	renamed  int             // other names and addresses of pods and members, and another week
	standby  *standbySpec    // another cluster stands by; nil: there is none
	places   *placesSpec     // consumers run in another Kubernetes cluster, too; nil: they do not
	events   []event
	onWrite  func(*run) // what happens right after the program wrote
	judges   []judge
}

// topicSpec is a topic and its traffic. The zero value of a field means its default.
type topicSpec struct {
	name       string  // orders
	partitions int     // 4
	rate       traffic // records/s on all partitions together; nil: none
	old        int64   // records of each partition that were retained when the world begins: 1000
	unread     bool    // the group has not read them, and committed nothing
	later      bool    // it is made by an event
	tx         *transactions
}

// traffic is records/s at a time.
type traffic func(at time.Duration) float64

// transactions say how a transactional producer writes: the records since the last transaction make the next one.
type transactions struct {
	every   time.Duration // between two
	open    time.Duration // how long each is open; 0: too short to be seen
	markers int64         // each leaves so many in each partition that it wrote to: 1
	aborts  bool          // every third is aborted
}

// event is something that happens at a time.
type event struct {
	at   time.Duration
	does func(*run)
}

// judge holds the truth against what the program said; it returns what is wrong.
type judge func(r *run) []string

func constant(rate float64) traffic { return func(time.Duration) float64 { return rate } }

// between is traffic from one time to another.
func between(from, to time.Duration, rate float64) traffic {
	return func(at time.Duration) float64 {
		if at >= from && at < to {
			return rate
		}
		return 0
	}
}

// bursts are traffic for a while, each so often.
func bursts(every, last time.Duration, rate float64) traffic {
	return func(at time.Duration) float64 {
		if at%every < last {
			return rate
		}
		return 0
	}
}

// steps are rates that hold from a time on.
func steps(list map[time.Duration]float64) traffic {
	return func(at time.Duration) (rate float64) {
		from := time.Duration(-1)
		for t, v := range list {
			if t <= at && t > from {
				from, rate = t, v
			}
		}
		return rate
	}
}

// each calls an event again and again.
func each(every, from, to time.Duration, does func(*run)) (list []event) {
	for at := from; at < to; at += every {
		list = append(list, event{at, does})
	}
	return list
}

func ptr[T any](v T) *T { return &v }
