package audit

import (
	"slices"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// How many deeds the pages may show. One takes about a kilobyte without its derivation, so all of them about 4 MB.
const (
	mostDeeds      = 4096
	mostOfAScaler  = 64
	keptForPages   = 7 * 24 * time.Hour
	longestOnPages = 2000 // bytes of a text
)

// Recent keeps the deeds of the last days for the pages, whether they are written to a file or not. It may be used by several goroutines.
type Recent struct {
	mu    sync.Mutex
	deeds []engine.Deed // by time, the oldest first
}

// Note keeps a deed, without its derivation.
func (r *Recent) Note(d engine.Deed) {
	d.Derivation = nil
	for _, text := range []*string{&d.Line, &d.Before, &d.After, &d.Error} {
		*text = cut(*text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deeds = append(r.deeds, d)
	of := 0
	for i := range r.deeds {
		if r.deeds[i].Scaler == d.Scaler {
			of++
		}
	}
	r.deeds = slices.DeleteFunc(r.deeds, func(old engine.Deed) bool {
		over := of > mostOfAScaler && old.Scaler == d.Scaler
		if over {
			of--
		}
		return over || d.At.Sub(old.At) > keptForPages
	})
	if over := len(r.deeds) - mostDeeds; over > 0 {
		r.deeds = slices.Delete(r.deeds, 0, over)
	}
}

// Of are the deeds of a scaler, and those that concern all of them, the newest first.
func (r *Recent) Of(scaler string) []engine.Deed {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []engine.Deed
	for i := len(r.deeds) - 1; i >= 0; i-- {
		if d := &r.deeds[i]; d.Scaler == scaler || d.Scaler == "" {
			out = append(out, *d)
		}
	}
	return out
}

// cut is the beginning of a long text.
func cut(text string) string {
	if len(text) <= longestOnPages {
		return text
	}
	end := longestOnPages
	for end > 0 && text[end]&0xC0 == 0x80 { // not within a character
		end--
	}
	return text[:end] + "…"
}
