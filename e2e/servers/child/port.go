package child

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below Linux's ephemeral range (which starts at 32768),
// so that no outgoing connection takes a stopped server's port before it comes
// back.
const (
	firstPort = 20000
	lastPort  = 32000
)

var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// Port returns a port on 127.0.0.1 that nobody listens on and that this
// process has not handed out before.
func Port() (int, error) {
	taken.Lock()
	defer taken.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if taken.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("probing port %d: %w", port, err)
		}
		taken.ports[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no free port between %d and %d", firstPort, lastPort)
}
