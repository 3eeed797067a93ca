//go:build race

package transport

// The race detector keeps some values on the heap that are on the stack without it, and takes ten times as long to decode an answer: it
// gets a tenth of the elements. make check decodes all of them without it.
func init() { detector, fewer = 1.25, 10 }
