package kafkasource

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// tally collects the requests and errors of one poll or sample, from many goroutines.
type tally struct {
	log        *slog.Logger
	mu         sync.Mutex
	errors     []lag.ReadError
	requests   map[int16]int64
	duplicates int
}

func (t *tally) fail(stage lag.Stage, broker int32, err error) {
	e := lag.ReadError{Stage: stage, Broker: broker, Code: codeOf(err), Detail: err.Error()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors = append(t.errors, e)
	t.log.Debug("read failed", "stage", stage, "broker", broker, "code", e.Code, "error", err)
}

func (t *tally) sent(key int16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.requests == nil {
		t.requests = map[int16]int64{}
	}
	t.requests[key]++
}

// sorted are the errors in the order of stages and brokers, each once.
func (t *tally) sorted() []lag.ReadError {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortFunc(t.errors, func(a, b lag.ReadError) int {
		return cmp.Or(cmp.Compare(stageOrder(a.Stage), stageOrder(b.Stage)), cmp.Compare(a.Broker, b.Broker),
			cmp.Compare(a.Code, b.Code), strings.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(t.errors)
}

func stageOrder(s lag.Stage) int {
	return slices.Index([]lag.Stage{
		lag.StageConnect, lag.StageMetadata, lag.StageList, lag.StageDescribe, lag.StageCommits, lag.StageOffsets,
	}, s)
}

func (t *tally) counts() []lag.RequestCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := make([]lag.RequestCount, 0, len(t.requests))
	for _, key := range slices.Sorted(maps.Keys(t.requests)) {
		counts = append(counts, lag.RequestCount{API: kmsg.NameForKey(key), Count: t.requests[key]})
	}
	slices.SortFunc(counts, func(a, b lag.RequestCount) int { return strings.Compare(a.API, b.API) })
	return counts
}

// troubles counts what could not be read, by broker and code: a thousand groups without an ACL are one line.
type troubles map[cause]*trouble

type cause struct {
	broker int32
	code   lag.ErrorCode
}

type trouble struct {
	count   int
	example string
}

func (ts troubles) add(broker int32, code lag.ErrorCode, example string) {
	c := cause{broker, code}
	if ts[c] == nil {
		ts[c] = &trouble{example: example}
	}
	ts[c].count++
}

// tell turns them into errors of the poll, and has the next one read fresh metadata if that may help.
func (ts troubles) tell(p *poll, stage lag.Stage, what string) {
	for c, t := range ts {
		if hasMoved(c.code) || isMoving(c.code) {
			p.s.cluster.stale()
		}
		p.fail(stage, c.broker, &failure{c.code, fmt.Errorf("%d %s, such as %s: %s", t.count, what, t.example, c.code)})
	}
}
