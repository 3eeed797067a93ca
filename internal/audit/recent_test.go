package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// The pages show the newest deeds of a scaler and those of all, whatever others do: a scaler that never rests costs only its own.
func TestRecent(t *testing.T) {
	var r Recent
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	r.Note(engine.Deed{At: start, Kind: engine.DeedLimits, After: "limit all: replicas 900"})
	r.Note(engine.Deed{At: start, Scaler: "shop/quiet", Kind: engine.DeedMode, Before: "advise", After: "act", Derivation: []say.Row{{}}})
	for i := range 3000 {
		r.Note(engine.Deed{At: start.Add(time.Duration(i) * time.Second), Scaler: "shop/busy", Kind: engine.DeedWrite, Line: fmt.Sprint(i, strings.Repeat("ü", 2000))})
	}
	quiet, busy := r.Of("shop/quiet"), r.Of("shop/busy")
	if len(quiet) != 2 || quiet[0].After != "act" || quiet[0].Derivation != nil || quiet[1].Kind != engine.DeedLimits {
		t.Errorf("quiet: %+v", quiet)
	}
	if len(busy) != mostOfAScaler+1 || !strings.HasPrefix(busy[0].Line, "2999") || len(busy[0].Line) > longestOnPages+3 || !utf8.ValidString(busy[0].Line) {
		t.Errorf("busy: %d, the newest %.20s of %d bytes", len(busy), busy[0].Line, len(busy[0].Line))
	}
	r.Note(engine.Deed{At: start.Add(8 * 24 * time.Hour), Scaler: "shop/late"})
	if got := r.Of("shop/quiet"); len(got) != 0 {
		t.Errorf("after eight days: %+v", got)
	}
	for i := range 5000 {
		r.Note(engine.Deed{At: start.Add(9 * 24 * time.Hour), Scaler: fmt.Sprint(i)})
	}
	if len(r.deeds) != mostDeeds || len(r.Of("4999")) != 1 || len(r.Of("0")) != 0 {
		t.Errorf("%d deeds", len(r.deeds))
	}
}
