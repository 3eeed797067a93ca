//go:build race

package recent

// With the race detector a sample takes ten times as long. It does not look for memory: a few groups are enough.
func init() { manyGroups = 300 }
