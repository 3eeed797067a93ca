package kafkasource

import "testing"

// No answer may be larger than what a broker itself takes by default (socket.request.max.bytes): it would fill the memory.
func TestTheLargestAnswer(t *testing.T) {
	if got := (Config{}).orDefault().Limits.Response; got != 104857600 {
		t.Errorf("%d bytes", got)
	}
}
