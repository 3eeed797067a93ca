package transport

import (
	"errors"
	"testing"
	"time"
)

// An address that hung is left alone while kafka-go searches for the cluster. Once the cluster is found each broker is dialled, or one
// that comes back would not be read at once.
func TestAnAddressThatHungIsLeftAlone(t *testing.T) {
	var all handshakes
	all.begin("ill:9092").late(errors.New("timeout"))
	left := func() bool { return all.avoid("ill:9092", time.Hour) != nil }
	if !left() || all.avoid("well:9092", time.Hour) != nil {
		t.Error("while the cluster is searched for, only the address that hung is left alone")
	}
	all.begin("well:9092").finds()
	if left() {
		t.Error("the cluster is found, and a broker is left alone")
	}
}

// It is left alone for a while only, and again in each search.
func TestAnAddressThatHungIsDialledLater(t *testing.T) {
	var all handshakes
	all.begin("ill:9092").late(errors.New("timeout"))
	if all.avoid("ill:9092", 0) != nil {
		t.Error("it is left alone for longer than the handshake took")
	}
	all.begin("ill:9092").finds()
	all.begin("ill:9092").late(errors.New("timeout"))
	all.searches(true)
	if all.avoid("ill:9092", time.Hour) == nil {
		t.Error("a new search dials an address that has just hung")
	}
}
