package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared holds the clusters of this test binary, one per version.
var shared = struct {
	sync.Mutex
	clusters map[Version]*Cluster
}{clusters: map[Version]*Cluster{}}

// Shared returns the test binary's own cluster of the version, started by the
// first test that asks. Tests must not break it, and must use topics and groups
// of their own ([Cluster.Name]). TestMain ends it: see [CloseShared].
func Shared(t testing.TB, v Version) *Cluster {
	t.Helper()
	if address := os.Getenv(bootstrapVariable); address != "" {
		return existing(t, v, address)
	}
	shared.Lock()
	defer shared.Unlock()
	if c, ok := shared.clusters[v]; ok {
		return c
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := Open(ctx, Config{Version: v})
	if err != nil {
		t.Fatal(err)
	}
	shared.clusters[v] = c
	return c
}

// EachVersion runs a test as one subtest per version of Kafka, on the shared
// clusters, side by side.
func EachVersion(t *testing.T, test func(*testing.T, *Cluster)) {
	t.Helper()
	eachOf(t, Versions, test)
}

// EachHeavy is EachVersion for a test that takes long: see [Heavy].
func EachHeavy(t *testing.T, one Version, test func(*testing.T, *Cluster)) {
	t.Helper()
	eachOf(t, Heavy(Versions, one), test)
}

func eachOf(t *testing.T, versions []Version, test func(*testing.T, *Cluster)) {
	t.Helper()
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			test(t, Shared(t, v))
		})
	}
}

// CloseShared ends the shared clusters. TestMain defers it:
//
//	func TestMain(m *testing.M) { defer kafka.CloseShared(); m.Run() }
//
// Should a test binary die without it, the kernel ends the brokers.
func CloseShared() {
	shared.Lock()
	defer shared.Unlock()
	var errs []error
	for v, c := range shared.clusters {
		errs = append(errs, c.Close())
		delete(shared.clusters, v)
	}
	if err := errors.Join(errs...); err != nil {
		// TestMain has no test to fail.
		fmt.Fprintln(os.Stderr, "closing the shared clusters:", err)
	}
}
