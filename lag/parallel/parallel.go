// Package parallel does several things at once, and waits for them.
//
// The problem: a panic in a goroutine of its own ends the process, since nobody can catch it. The rule: it becomes the caller's. Example: the
// requests to all brokers are sent at once, and an answer that makes this program fail counts against its cluster alone.
package parallel

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Each runs f for every item at once and waits. A panic in one of them becomes the caller's, with its stack, when all have ended.
func Each[T any](items []T, f func(i int, item T)) {
	var wg sync.WaitGroup
	var panicked atomic.Pointer[string]
	for i, item := range items {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					text := fmt.Sprintf("%v\n%s", v, debug.Stack())
					panicked.CompareAndSwap(nil, &text)
				}
			}()
			f(i, item)
		})
	}
	wg.Wait()
	if text := panicked.Load(); text != nil {
		panic(*text) //nolint:forbidigo // it was one already
	}
}

// Do runs all at once and waits, as [Each] does.
func Do(all ...func()) { Each(all, func(_ int, one func()) { one() }) }
