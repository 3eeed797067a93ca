package audit

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a file has, reading it ends: with entries that have a kind, or with an error that says that it is no trail.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"", "hello\n", `{"at":"2026-03-02T12:00:00Z","kind":"write","from":4,"to":8,"derivation":[{"name":"lag"}]}` + "\n{\"ki"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Read("file", strings.NewReader(text), func(e Entry) error {
			if e.Kind == "" {
				t.Errorf("an entry without a kind: %+v", e)
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrNotTrail) && len(text) < maxLine {
			t.Error(err)
		}
	})
}
