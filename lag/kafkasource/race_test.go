//go:build race

package kafkasource_test

// With the race detector the embedded cluster takes ten times as long to make ten thousand groups. It does not count requests.
func init() { delete(requestsOfGroups, 10_000) }
