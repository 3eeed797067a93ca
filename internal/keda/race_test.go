//go:build race

package keda_test

// With the race detector the YAML library takes ten times as long, and the conversion starts no goroutine.
func init() { many = 500 }
