package kube

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
)

// shared holds the control plane of this test binary.
var shared struct {
	sync.Mutex
	controlPlane *ControlPlane
	err          error // of the one try to start it
}

// Shared returns the test binary's own control plane, started by the first test
// that asks. Tests must not break it, and use namespaces of their own
// ([ControlPlane.Namespace]). TestMain ends it: see [CloseShared].
func Shared(t testing.TB) *ControlPlane {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.controlPlane == nil && shared.err == nil {
		ctx, cancel := context.WithTimeout(t.Context(), startLimit)
		defer cancel()
		shared.controlPlane, shared.err = Open(ctx, Config{})
	}
	built.Need(t, shared.err)
	return shared.controlPlane
}

// CloseShared ends the shared control plane. TestMain defers it:
//
//	func TestMain(m *testing.M) { defer kube.CloseShared(); m.Run() }
//
// Should a test binary die without it, the kernel ends the processes.
func CloseShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.controlPlane == nil {
		return
	}
	if err := shared.controlPlane.Close(); err != nil {
		// TestMain has no test to fail.
		fmt.Fprintln(os.Stderr, "closing the shared control plane:", err)
	}
	shared.controlPlane = nil
}
