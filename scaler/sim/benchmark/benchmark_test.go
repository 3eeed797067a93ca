package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// The same program writes the same bytes, whoever finishes first, and every trace and policy is in them.
func TestSameBytes(t *testing.T) {
	all, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	all = all[:2]
	for i := range all {
		all[i].Counts = all[i].Counts[:5*time.Minute/all[i].Step]
	}
	document := func() string {
		jobs := plan(all, madeUpTraces(5*time.Minute), 1)
		if err := simulate(jobs, func(int) {}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		report(&b, all, jobs, 1)
		return b.String()
	}
	first := document()
	if again := document(); again != first {
		t.Errorf("two documents:\n%s\n%s", first, again)
	}
	for _, tr := range all {
		if strings.Count(first, "\n### "+tr.Name+"\n") != len(protocols) {
			t.Errorf("%s is missing", tr.Name)
		}
	}
	for _, name := range []string{sim.OurName, "clairvoyant", "static peak", "DS2", "KEDA rate + lag", "without season", "outage", madeUps[0].name} {
		if !strings.Contains(first, "| "+name) {
			t.Errorf("%s is missing", name)
		}
	}
	if strings.Contains(first, "NaN") || strings.Contains(first, "%!") {
		t.Error("a number is none")
	}
}
