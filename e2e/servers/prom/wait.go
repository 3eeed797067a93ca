package prom

import (
	"context"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// await ends the test when the question has no good answer within waitLimit.
func await(t testing.TB, what string, ask func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	if err := child.Await(ctx, ask); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// ready asks Prometheus or Alertmanager whether it is.
func ready(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := child.Fetch(ctx, "http://"+address+"/-/ready")
		return err
	}
}

// end kills a server when its test is over, and shows the end of its log if the
// test failed.
func end(t testing.TB, p *child.Process) {
	if t.Failed() {
		t.Logf("end of the log of %s:\n%s", p.Name(), p.Tail(15))
	}
	p.Kill()
}
