package kafkasource

import (
	"context"
	"testing"

	"github.com/segmentio/kafka-go/sasl"
)

// CodeOf is codeOf for tests from outside.
var CodeOf = codeOf

// StartSASL is a mechanism's first step towards a broker.
func StartSASL(ctx context.Context, s SASL, host string) ([]byte, error) {
	m, err := newMechanism(s)
	if err != nil {
		return nil, err
	}
	_, first, err := m.Start(sasl.WithMetadata(ctx, &sasl.Metadata{Host: host, Port: 9098}))
	return first, err
}

// SASLStarter is the same mechanism's first step each time it is called.
func SASLStarter(t *testing.T, s SASL) func(context.Context) ([]byte, error) {
	t.Helper()
	m, err := newMechanism(s)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) ([]byte, error) {
		_, first, err := m.Start(ctx)
		return first, err
	}
}
