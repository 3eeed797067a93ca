package scaler

import (
	"os"
	"reflect"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

// Reasons are metric labels, Event reasons and docs anchors; saved memory and decisions are read by later versions.
func TestFrozenNames(t *testing.T) {
	var reasons []string
	for _, r := range Reasons {
		reasons = append(reasons, string(r.Reason))
	}
	for _, d := range Dispositions {
		reasons = append(reasons, "disposition "+string(d))
	}
	for _, m := range Modes {
		reasons = append(reasons, "mode "+string(m))
	}
	for _, p := range Presets {
		reasons = append(reasons, "preset "+string(p.Preset))
	}
	for _, name := range []string{string(Capacity), string(Thresholds)} {
		reasons = append(reasons, "policy "+name)
	}
	frozen.Hold(t, "reasons", reasons)
	frozen.Hold(t, "memory", frozen.Keys(reflect.TypeFor[Memory](), "json"))
	frozen.Hold(t, "decision", frozen.Keys(reflect.TypeFor[Decision](), "json"))
}

// What the first version saved can be loaded by every later one.
func TestMemoryOfTheFirstVersion(t *testing.T) {
	saved, err := os.ReadFile("testdata/first-version.memory.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadMemory(saved)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Sources) != 1 || m.Sources[0].PerConsumer == 0 || len(m.Startup) == 0 || len(m.Sources[0].Rebalances) == 0 {
		t.Errorf("not all of it is there: %+v", m)
	}
}
