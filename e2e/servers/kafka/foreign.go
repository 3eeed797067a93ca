package kafka

import (
	"os"
	"testing"
)

// bootstrapVariable names an existing Kafka to use instead of starting one.
const bootstrapVariable = "LAGSCALER_KAFKA_BOOTSTRAP"

// existing wraps a Kafka that somebody else runs. The Java clients are still
// the version's.
func existing(t testing.TB, v Version, address string) *Cluster {
	t.Helper()
	in, err := locate(v)
	if err != nil {
		t.Fatal(err)
	}
	tools, err := clientsOf(in)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{Version: v, install: in, tools: tools, bootstrap: address}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// skipForeign skips a test that an existing Kafka cannot serve. Nothing may be
// skipped in CI, so there it fails.
func skipForeign(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("this test %s, which the Kafka in %s cannot give it, and CI may skip nothing", why, bootstrapVariable)
	}
	t.Skipf("skipped: this test %s, and %s names a Kafka that is not the test's own", why, bootstrapVariable)
}
