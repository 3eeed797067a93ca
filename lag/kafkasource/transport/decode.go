package transport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// selfContained are responses that keep no part of the bytes they were decoded from. The memory of these bytes is used
// again. Some of kmsg's responses keep a part, for example member metadata.
type selfContained interface{ SelfContained() }

// decoders are the places of kmsg's decoders. None of them can be stopped. One that was given up on keeps its place until it ends,
// which takes a second of a core at most, because [wire.Check] has seen what there is to decode: see [wire.MostElements].
type decoders chan struct{}

// mostDecoders is how many run at once for one cluster.
const mostDecoders = 4

// decodeTime is more than decoding takes: what [wire.Check] has seen takes milliseconds.
const decodeTime = time.Second

// errLate is the error of a response that came so late that no time was left to decode it. It says nothing of the response.
var errLate = errors.New("the answer came just before the deadline")

// decode decodes a response and gives up when the context ends. wire.Check comes first, because kmsg's decoders believe
// counts: with garbage they take gigabytes, and loop for up to a minute.
func (d decoders) decode(ctx context.Context, resp kmsg.Response, body []byte) error {
	if _, ours := resp.(selfContained); ours {
		return resp.ReadFrom(body)
	}
	body, err := wire.Check(resp.Key(), resp.GetVersion(), body)
	if err != nil {
		return err
	}
	began := time.Now()
	select {
	case d <- struct{}{}:
	case <-ctx.Done():
		return gaveUp(began, "the answers before it are still being decoded")
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-d }()
		defer func() { // a panic in this goroutine would end the process
			if v := recover(); v != nil {
				done <- fmt.Errorf("decoding panics: %v", v)
			}
		}()
		done <- resp.ReadFrom(body)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return gaveUp(began, "decoding does not come to an end")
	}
}

// gaveUp is why a response was not decoded: a response that had enough time for that is at fault, another one is not.
func gaveUp(began time.Time, fault string) error {
	if had := time.Since(began); had < decodeTime {
		return fmt.Errorf("%w: it had %v to be decoded", errLate, had.Round(time.Millisecond))
	}
	return errors.New(fault)
}

// notDecoded gives the error of decode its code.
func notDecoded(a *rawResponse, err error) error {
	code := lag.Garbled
	if errors.Is(err, errLate) {
		code = lag.Slow
	}
	return WithCode(code, fmt.Errorf("%s v%d: %w", kmsg.NameForKey(a.key), a.version, err))
}
