package kafkasource

import (
	"cmp"
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
