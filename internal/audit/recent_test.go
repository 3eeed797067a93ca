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
	quiet, busy := r.Of("shop/quiet", start.Add(time.Hour)), r.Of("shop/busy", start.Add(time.Hour))
	if len(quiet) != 2 || quiet[0].After != "act" || quiet[0].Derivation != nil || quiet[1].Kind != engine.DeedLimits {
		t.Errorf("quiet: %+v", quiet)
	}
	if len(busy) != mostOfAScaler+1 || !strings.HasPrefix(busy[0].Line, "2999") || len(busy[0].Line) > longestOnPages+3 || !utf8.ValidString(busy[0].Line) {
		t.Errorf("busy: %d, the newest %.20s of %d bytes", len(busy), busy[0].Line, len(busy[0].Line))
	}
	if got := r.Of("shop/quiet", start.Add(8*24*time.Hour)); len(got) != 0 {
		t.Errorf("after eight days: %+v", got)
	}
	for range 20_000 {
		r.Note(engine.Deed{At: start, Scaler: "shop/busy"})
	}
	if len(r.order) > 2*mostDeeds || len(r.Of("shop/quiet", start)) != 2 {
		t.Errorf("%d places, and the deed of the quiet one is gone", len(r.order))
	}
	for i := range 2 * mostDeeds {
		r.Note(engine.Deed{At: start, Scaler: fmt.Sprint(i)})
	}
	if r.total != mostDeeds || len(r.of) != mostDeeds || len(r.Of(fmt.Sprint(2*mostDeeds-1), start)) != 1 || len(r.Of("0", start)) != 0 {
		t.Errorf("%d deeds of %d scalers", r.total, len(r.of))
	}
}
