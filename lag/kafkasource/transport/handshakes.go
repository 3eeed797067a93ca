package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// handshakes are the connections that are not ready yet, and what each of them waits for: until the first request of ours, or until
// kafka-go knows the brokers. It does both in the background, so that a request that got no connection in time would otherwise not
// say why.
//
// While kafka-go searches for the cluster, an address that did not finish a handshake in time is not dialled again for as long as that
// took: it looks at one address chosen by chance, and only goes on to the next one if dialling fails. Once it has found the cluster,
// each broker is dialled, so that one that comes back is read at once.
type handshakes struct {
	mu      sync.Mutex
	waiting map[*handshake]struct{}
	failed  map[string]failedHandshake // by address
	found   bool                       // kafka-go knows the brokers
}

type failedHandshake struct {
	err error
	at  time.Time
}

// handshake is what one connection waits for. It may be nil.
type handshake struct {
	all     *handshakes
	address string
	step    string // how far it is
}

const (
	stepConnect     = "does not accept a connection"
	stepTLS         = "does not answer the TLS handshake"
	stepCredentials = "waits for our next request" // for example while a token is fetched
)

func (h *handshakes) begin(address string) *handshake {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting == nil {
		h.waiting, h.failed = map[*handshake]struct{}{}, map[string]failedHandshake{}
	}
	one := &handshake{all: h, address: address, step: stepConnect}
	h.waiting[one] = struct{}{}
	return one
}

// asks notes the request that is sent.
func (one *handshake) asks(s sent) {
	one.reaches("does not answer " + kmsg.NameForKey(s.key))
}

func (one *handshake) reaches(step string) {
	if one == nil {
		return
	}
	one.all.mu.Lock()
	defer one.all.mu.Unlock()
	one.step = step
}

// ends says that the connection is ready, or is closed.
func (one *handshake) ends() {
	if one == nil {
		return
	}
	one.all.mu.Lock()
	defer one.all.mu.Unlock()
	delete(one.all.waiting, one)
}

// finds says that the broker has told kafka-go the brokers of the cluster. That is all that this connection was opened for.
func (one *handshake) finds() {
	one.ends()
	if one != nil {
		one.all.searches(false)
	}
}

// searches says whether kafka-go searches for the cluster.
func (h *handshakes) searches(now bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.found = !now
}

// late ends a handshake that was not done in time. It adds to the error what the broker did not do.
func (one *handshake) late(err error) error {
	one.all.mu.Lock()
	defer one.all.mu.Unlock()
	err = fmt.Errorf("%s %s: %w", one.address, one.step, err)
	one.all.failed[one.address] = failedHandshake{err, time.Now()}
	delete(one.all.waiting, one)
	return err
}

// fails ends a handshake with an error.
func (one *handshake) fails(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return one.late(err)
	}
	one.ends()
	return err
}

// avoid is the error of a handshake with an address that failed less than that long ago, while the cluster is searched for.
func (h *handshakes) avoid(address string, since time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, ok := h.failed[address]
	if ok && !h.found && time.Since(last.at) < since {
		return last.err
	}
	delete(h.failed, address)
	return nil
}

// mostNamed is how many brokers an error names.
const mostNamed = 3

// explain adds to the error of a request that got no connection in time what connections wait for: those to an address, or all if
// it is empty.
func (h *handshakes) explain(address string, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var named []string
	for one := range h.waiting {
		if address == "" || one.address == address {
			named = append(named, fmt.Sprintf("%s %s", one.address, one.step))
		}
	}
	slices.Sort(named)
	if named = slices.Compact(named); len(named) == 0 {
		return err
	}
	return fmt.Errorf("%s: %w", strings.Join(named[:min(len(named), mostNamed)], ", "), err)
}
