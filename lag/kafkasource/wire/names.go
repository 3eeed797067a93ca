package wire

import "sync"

// TopicNames gives every topic name one string, however many groups commit to it, and knows which topics are read.
type TopicNames struct {
	reads func(topic string) bool
	mu    sync.RWMutex
	names map[string]topicName
}

type topicName struct {
	name string
	read bool
}

// maxNames is when the names are forgotten, so that those of deleted topics do not stay: a cluster has fewer topics.
const maxNames = 1 << 20

// NewTopicNames takes the filter that says which topics are read.
func NewTopicNames(reads func(topic string) bool) *TopicNames { return &TopicNames{reads: reads} }

// Name is the name as a string, and whether the topic is read.
func (t *TopicNames) Name(name []byte) (string, bool) {
	t.mu.RLock()
	n, ok := t.names[string(name)]
	t.mu.RUnlock()
	if ok {
		return n.name, n.read
	}
	n = topicName{name: string(name)}
	n.read = t.reads(n.name)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil || len(t.names) >= maxNames {
		t.names = map[string]topicName{}
	}
	t.names[n.name] = n
	return n.name, n.read
}
