package kafkasource

import "sync"

// interner gives every topic name one string, however many groups commit to it, and knows which topics are read at all.
type interner struct {
	keep  func(topic string) bool
	mu    sync.RWMutex
	names map[string]interned
}

type interned struct {
	name string
	kept bool
}

// maxNames is when the interner starts anew, so that deleted topics do not stay for ever: a cluster holds fewer.
const maxNames = 1 << 20

// topic is the name as a string, and whether the topic is read.
func (in *interner) topic(name []byte) (string, bool) {
	in.mu.RLock()
	n, ok := in.names[string(name)]
	in.mu.RUnlock()
	if ok {
		return n.name, n.kept
	}
	n = interned{name: string(name)}
	n.kept = in.keep(n.name)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.names == nil || len(in.names) >= maxNames {
		in.names = map[string]interned{}
	}
	in.names[n.name] = n
	return n.name, n.kept
}
