package access

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The table of the package comment: each right is logged once when it is missing and once when it is granted.
func TestRightsAreNoted(t *testing.T) {
	var log bytes.Buffer
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rights := NewRights(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	update := Right{Verb: "update", Group: "apps", Resource: "deployments/scale", Namespace: "shop"}
	list := Right{Verb: "list", Resource: "pods", Namespace: "shop"}
	forbidden := apierrors.NewForbidden(schema.GroupResource{}, "worker", nil)
	for _, step := range []struct {
		after   time.Duration
		right   Right
		err     error
		missing int // rights, afterwards
		logged  int // lines, in all
	}{
		{0, update, forbidden, 1, 1},
		{30 * time.Second, update, forbidden, 1, 1},
		{30 * time.Second, update, nil, 0, 2},
		{0, update, nil, 0, 2},
		{0, list, forbidden, 1, 3},
		{forgetDenied, list, tooSlow(), 1, 3},
		{time.Second, update, nil, 0, 4},
	} {
		now = now.Add(step.after)
		rights.Note(step.right, step.err)
		if got := rights.All(); len(got) != step.missing || strings.Count(log.String(), "\n") != step.logged {
			t.Errorf("after %s: %v are missing, %d lines; want %d, %d:\n%s", step.right, got, strings.Count(log.String(), "\n"), step.missing, step.logged, &log)
		}
	}
}

// tooSlow is an error that says nothing about rights.
func tooSlow() error { return apierrors.NewTimeoutError("too slow", 1) }

func TestALackedRight(t *testing.T) {
	rights := NewRights(slog.New(slog.DiscardHandler), time.Now)
	rights.Note(Right{Verb: "list", Group: "apps", Resource: "deployments"}, apierrors.NewForbidden(schema.GroupResource{}, "", nil))
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	if right, missing := rights.Lacks(deployments, "shop"); !missing || right.Missing() != "the permission to list deployments.apps in all namespaces is missing" {
		t.Errorf("%q, %v", right.Missing(), missing)
	}
	if _, missing := rights.Lacks(schema.GroupResource{Resource: "pods"}, "shop"); missing {
		t.Error("a right that was not refused is missing")
	}
	if got, want := rights.Lacking("shop", "lagscaler"), "the permission to list deployments.apps in all namespaces is missing: scalers of Deployments decide nothing"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
