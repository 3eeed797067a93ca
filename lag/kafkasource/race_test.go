//go:build race

package kafkasource_test

// With the race detector the embedded cluster takes ten times as long to make thousands of groups. It does not count requests: make check
// counts them all without it.
func init() {
	delete(requestsOfGroups, 10_000)
	delete(requestsOfGroups, 1_800)
}
