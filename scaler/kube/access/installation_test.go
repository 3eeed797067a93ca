package access

import (
	"strings"
	"testing"
)

// The API server refuses a field manager of more than 128 characters; a namespace and the name of a Lease may be longer.
func TestFieldManager(t *testing.T) {
	seen := map[string]Installation{}
	for _, i := range []Installation{
		{"lagscaler", "lagscaler"},
		{"shop", "lagscaler"},
		{strings.Repeat("n", 63), strings.Repeat("l", 53)},
		{strings.Repeat("n", 63), strings.Repeat("l", 54)},
		{strings.Repeat("n", 63), strings.Repeat("l", 253)},
		{strings.Repeat("m", 63), strings.Repeat("l", 253)},
	} {
		name := i.FieldManager()
		if first, taken := seen[name]; taken || len(name) > 128 || name == Program {
			t.Errorf("%s: the field manager is %q, of %d characters; %v has the same: %v", i, name, len(name), first, taken)
		}
		seen[name] = i
	}
	if got := (Installation{"shop", "lagscaler"}).FieldManager(); got != "lagscaler:shop/lagscaler" {
		t.Errorf("the field manager is %q", got)
	}
}
