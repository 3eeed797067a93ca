package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// A Part of the program is what a panic stops. All others go on.
type Part string

// The parts, in the order of a poll.
const (
	PartRead    Part = "read"    // a poll or sample of one cluster
	PartCompute Part = "compute" // what follows from a poll or sample of one cluster
	PartDecide  Part = "decide"  // the decision for one scaler
	PartWrite   Part = "write"   // the write for one scaler
)

// Parts are all parts.
var Parts = []Part{PartRead, PartCompute, PartDecide, PartWrite}

// PanicCount says how often a part panicked.
type PanicCount struct {
	Part  Part
	Count uint64
}

// panics turns a panic into an error of the one cluster or scaler that it is about. Pollers and Run use it at once.
type panics struct {
	log    *slog.Logger
	mu     sync.Mutex
	counts map[Part]uint64
	logged map[string]bool // by part, name and value
}

// maxLogged is how many panics are logged: values may differ each time. All are counted.
const maxLogged = 1000

func newPanics(log *slog.Logger) *panics {
	return &panics{log: log, counts: map[Part]uint64{}, logged: map[string]bool{}}
}

// catch calls do for the cluster or scaler of that name. A panic becomes an error; its stack is in the log, once.
func (p *panics) catch(part Part, name string, do func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = p.caught(part, name, fmt.Sprint(v), string(debug.Stack()))
		}
	}()
	do()
	return nil
}

func (p *panics) caught(part Part, name, value, stack string) error {
	first, _, _ := strings.Cut(value, "\n") // a panic of another goroutine goes on with its stack
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[part]++
	if key := string(part) + "/" + name + "/" + first; !p.logged[key] && len(p.logged) < maxLogged {
		p.logged[key] = true
		p.log.Error("a defect of lagscaler: panic; it concerns this name only, please report it",
			"part", part, "name", name, "panic", value, "stack", stack)
	}
	return errors.New("lagscaler failed (a defect, see its log): panic: " + first)
}

// published are the counters, of all parts.
func (p *panics) published() []PanicCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]PanicCount, 0, len(Parts))
	for _, part := range Parts {
		out = append(out, PanicCount{part, p.counts[part]})
	}
	return out
}

// failed is the observation of a cluster about which nothing is known, because this program failed.
func failed(cluster string, began, at time.Time, err error) lag.Observation {
	return lag.Observation{Cluster: cluster, Began: began, At: at, Errors: []lag.ReadError{{
		Stage: lag.StageConnect, Broker: -1, Code: lag.InternalError, Detail: err.Error(),
	}}}
}
