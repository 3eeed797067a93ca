//go:build race

package main

// With the race detector the simulations take ten times as long. It looks for races, which one document has as well as two: make check
// compares two without it.
func init() { twice = false }
