package kafka

import (
	"context"
	"errors"
	"testing"
)

func TestPollTellsTheLastError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	last := errors.New("not yet")
	err := poll(ctx, func() error {
		cancel()
		return last
	})
	if !errors.Is(err, last) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	hopeless := errors.New("it has ended")
	if err := poll(t.Context(), func() error { return fatal{hopeless} }); !errors.Is(err, hopeless) {
		t.Errorf("got %v", err)
	}
}
