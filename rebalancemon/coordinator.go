package rebalancemon

// home is the broker that coordinates a group. A move counts when two observations in a row saw it: during one,
// two brokers may list the group in turn.
type home struct {
	known      bool
	at, rumour int32
	moves      uint64
}

func (h *home) see(broker int32) {
	switch {
	case broker < 0:
	case !h.known:
		h.known, h.at, h.rumour = true, broker, broker
	case broker == h.at:
		h.rumour = broker
	case broker == h.rumour:
		h.at = broker
		h.moves++
	default:
		h.rumour = broker
	}
}
