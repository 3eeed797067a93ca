//go:build race

package transport

// The race detector keeps some values on the heap that are on the stack without it.
func init() { detector = 1.25 }
