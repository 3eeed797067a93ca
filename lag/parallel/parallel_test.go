package parallel

import (
	"strings"
	"testing"
)

// The caller can catch a panic of one item; all others have run.
func TestPanicOfOneIsItsCallers(t *testing.T) {
	done := make([]bool, 8)
	defer func() {
		v, _ := recover().(string)
		if !strings.HasPrefix(v, "item 3\n") || !strings.Contains(v, "parallel_test.go") {
			t.Errorf("panic %q", v)
		}
		for i := range done {
			if i != 3 && !done[i] {
				t.Errorf("item %d did not run", i)
			}
		}
	}()
	Each(done, func(i int, _ bool) {
		if i == 3 {
			panic("item 3")
		}
		done[i] = true
	})
}

func TestDoRunsAllAtOnce(t *testing.T) {
	one, other := make(chan bool), make(chan bool)
	Do(func() { one <- true; <-other }, func() { <-one; other <- true }) // one after the other would never end
}
