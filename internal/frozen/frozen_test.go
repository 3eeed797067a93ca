package frozen

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

type inner struct {
	B int `json:"b" yaml:"b"`
}

type outer struct {
	inner
	List  []inner          `json:"list"`
	Named map[string]inner `json:"named"`
	At    time.Time        `json:"at,omitzero"`
	Bytes []byte           `json:"bytes"`
	Plain string
	Gone  int    `json:"-"`
	Next  *outer `json:"next"`
}

func TestKeys(t *testing.T) {
	want := []string{"Plain", "at", "b", "bytes", "list[]", "list[].b", "named[]", "named[].b", "next"}
	if got := Keys(reflect.TypeFor[outer](), "json"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Keys(reflect.TypeFor[inner](), "yaml"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("got %q", got)
	}
}

// recorder notes failures instead of failing.
type recorder struct {
	testing.TB
	failed int
}

func (r *recorder) Errorf(string, ...any) { r.failed++ }

func TestHoldMissesWhatIsGone(t *testing.T) {
	t.Setenv(addNames, "")
	all := []string{"a", "b"}
	r := &recorder{TB: t}
	Hold(r, "testdata/example", all)
	if r.failed != 0 {
		t.Error("complains though every name is there")
	}
	Hold(r, "testdata/example", append(all, "new"))
	if r.failed != 0 {
		t.Error("complains of a name that is new")
	}
	Hold(r, "testdata/example", []string{"a", "renamed"})
	if r.failed != 1 {
		t.Errorf("%d complaints about one name that is gone", r.failed)
	}
}
