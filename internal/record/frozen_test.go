package record

import (
	"reflect"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

func TestFrozenKeys(t *testing.T) {
	keys := append(frozen.Keys(reflect.TypeFor[Header](), "json"), frozen.Keys(reflect.TypeFor[line](), "json")...)
	for _, s := range []Start{Fresh, Continues, Cut} {
		keys = append(keys, "start "+string(s))
	}
	frozen.Hold(t, "recording", keys)
}

// A recording of the first version, two simulated hours of one scaler, can be read by every later one. What is decided
// from it may differ.
func TestRecordingOfTheFirstVersion(t *testing.T) {
	decisions, warming, _ := replay(t, &Replay{}, "testdata/first-version.jsonl.gz")
	if decisions < 200 || warming > 0 {
		t.Errorf("%d decisions, %d of them warming up", decisions, warming)
	}
}
