package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// twice is whether the document is written a second time. The race detector sets it to false.
var twice = true

// The same program writes the same bytes, whoever finishes first, and every traffic and policy is in them.
func TestSameBytes(t *testing.T) {
	whole, err := allTraffic(true)
	if err != nil {
		t.Fatal(err)
	}
	var some []traffic
	for _, k := range kinds {
		for _, tr := range whole {
			if tr.kind == k && tr.Step <= 5*time.Minute {
				tr.Counts = tr.Counts[:max(2, 3*time.Minute/tr.Step)]
				some = append(some, tr)
				break
			}
		}
	}
	document := func() string {
		jobs := plan(some, 1)
		if err := simulate(jobs, func(int) {}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		report(&b, some, jobs, 1, false)
		return b.String()
	}
	first := document()
	if twice {
		if again := document(); again != first {
			t.Errorf("two documents:\n%s\n%s", first, again)
		}
	}
	var rows []string
	for _, tr := range some {
		rows = append(rows, tr.name())
	}
	for _, list := range [][]candidate{candidates(), declarations(), variants()} {
		for _, c := range list {
			rows = append(rows, c.name)
		}
	}
	for _, f := range favours {
		rows = append(rows, f.name)
	}
	for _, f := range faults {
		rows = append(rows, string(f.Kind))
	}
	for _, name := range rows {
		if !strings.Contains(first, "\n| "+name+" |") {
			t.Errorf("no row of %s", name)
		}
	}
	if strings.Contains(first, "NaN") || strings.Contains(first, "%!") || strings.Contains(first, "none |\n| lagscaler") {
		t.Error("a number is none")
	}
}

// Each policy and each traffic has a name of its own: tables find them by it.
func TestNamesAreUnique(t *testing.T) {
	all, err := allTraffic(true)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	note := func(name string) {
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	for _, tr := range all {
		note(tr.name())
	}
	for _, c := range candidates() {
		note(c.name)
	}
	if len(comparedClosely()) != 6 {
		t.Errorf("%d policies are compared closely: one has another name now", len(comparedClosely()))
	}
}
