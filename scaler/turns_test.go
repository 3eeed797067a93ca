package scaler

import (
	"slices"
	"testing"
)

func TestNamespacesTakeTurns(t *testing.T) {
	names := []string{"a/1", "a/2", "a/3", "b/1", "c/1", "c/2"}
	if got, want := InTurns(names), []string{"a/1", "b/1", "c/1", "a/2", "c/2", "a/3"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
