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
	of    map[string][]numbered // by scaler, the oldest first
	order []place               // of all that were noted, the oldest first; some are gone from of
	total int                   // in of
	last  uint64                // number
}

type numbered struct {
	engine.Deed
	number uint64
}

type place struct {
	scaler string
	number uint64
}

// Note keeps a deed, without its derivation. It takes the same time however many there are.
func (r *Recent) Note(d engine.Deed) {
	d.Derivation = nil
	for _, text := range []*string{&d.Line, &d.Before, &d.After, &d.Error} {
		*text = cut(*text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string][]numbered{}
	}
	r.last++
	r.of[d.Scaler] = append(r.of[d.Scaler], numbered{d, r.last})
	r.order, r.total = append(r.order, place{d.Scaler, r.last}), r.total+1
	for len(r.of[d.Scaler]) > mostOfAScaler {
		r.drop(d.Scaler)
	}
	for r.total > mostDeeds {
		oldest := r.order[0]
		r.order = r.order[1:]
		if kept := r.of[oldest.scaler]; len(kept) > 0 && kept[0].number == oldest.number {
			r.drop(oldest.scaler)
		}
	}
	if len(r.order) > 2*mostDeeds {
		r.order = slices.DeleteFunc(slices.Clone(r.order), func(p place) bool {
			kept := r.of[p.scaler]
			return len(kept) == 0 || kept[0].number > p.number
		})
	}
}

// drop removes the oldest deed of a scaler.
func (r *Recent) drop(scaler string) {
	r.total--
	if r.of[scaler] = slices.Delete(r.of[scaler], 0, 1); len(r.of[scaler]) == 0 {
		delete(r.of, scaler)
	}
}

// Of are the deeds of a scaler until now, and those that concern all of them, the newest first.
func (r *Recent) Of(scaler string, now time.Time) []engine.Deed {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []engine.Deed
	for _, d := range slices.Concat(r.of[scaler], r.of[""]) {
		if now.Sub(d.At) <= keptForPages {
			out = append(out, d.Deed)
		}
	}
	slices.SortStableFunc(out, func(a, b engine.Deed) int { return b.At.Compare(a.At) })
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
