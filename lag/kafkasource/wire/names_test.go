package wire

import (
	"strings"
	"testing"
	"unsafe"
)

func (t *TopicNames) kept() (names, bytes int) {
	for _, half := range []map[string]topicName{t.names, t.older} {
		for name := range half {
			names, bytes = names+1, bytes+len(name)
		}
	}
	return names, bytes
}

func TestOneStringForEachName(t *testing.T) {
	names := readAll()
	first, _ := names.Name([]byte("orders"))
	for range 3 {
		names.Forget() // it is in use, so it stays
		if again, read := names.Name([]byte("orders")); !read || unsafe.StringData(again) != unsafe.StringData(first) {
			t.Error("orders has two strings")
		}
	}
	names.Forget()
	names.Forget()
	if n, _ := names.kept(); n != 0 {
		t.Errorf("%d names are kept that nobody uses", n)
	}
}

// A client may subscribe to other names in each poll, and to names that no topic can have.
func TestNamesOfClientsAreForgotten(t *testing.T) {
	names := readAll()
	for i := range 1 << 17 {
		names.Name([]byte(strings.Repeat("x", 200) + string(rune(i))))
		if i%1000 == 0 {
			names.Name([]byte("orders"))
		}
	}
	long := strings.Repeat("y", longestName+1)
	if got, _ := names.Name([]byte(long)); got != long {
		t.Errorf("%q", got)
	}
	if n, bytes := names.kept(); bytes > 2*maxNameBytes {
		t.Errorf("%d names of %d bytes are kept", n, bytes)
	}
	names.Forget()
	names.Name([]byte("orders"))
	names.Forget()
	if n, _ := names.kept(); n != 1 {
		t.Errorf("%d names are kept, and one was used", n)
	}
}
