package wire

import "sync"

// TopicNames gives every topic name one string, however many groups commit to it, and knows which topics are read.
//
// Names come from clients: a member may subscribe to any text. So names are kept in two halves. When the newer half is full, or
// [TopicNames.Forget] is called, the older half is dropped; a name that is used again moves to the newer one.
type TopicNames struct {
	reads func(topic string) bool
	mu    sync.RWMutex
	names map[string]topicName // the newer half
	older map[string]topicName
	bytes int // of the newer half
}

type topicName struct {
	name string
	read bool
}

const (
	maxNameBytes = 16 << 20 // of one half: names of 50 bytes for 150,000 topics
	perName      = 64       // bytes of its entry
	longestName  = 249      // a longer name cannot be a topic's (org.apache.kafka.common.internals.Topic)
)

// NewTopicNames takes the filter that says which topics are read.
func NewTopicNames(reads func(topic string) bool) *TopicNames { return &TopicNames{reads: reads} }

// Name is the name as a string, and whether the topic is read.
func (t *TopicNames) Name(name []byte) (string, bool) {
	t.mu.RLock()
	n, newer := t.names[string(name)]
	older, known := t.older[string(name)]
	t.mu.RUnlock()
	switch {
	case newer:
		return n.name, n.read
	case known:
		n = older
	default:
		n = topicName{name: string(name)}
		n.read = t.reads(n.name)
	}
	t.keep(n)
	return n.name, n.read
}

// keep puts a name into the newer half.
func (t *TopicNames) keep(n topicName) {
	if len(n.name) > longestName {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.names[n.name]; ok {
		return
	}
	if t.bytes += len(n.name) + perName; t.names == nil || t.bytes > maxNameBytes {
		t.forget()
		t.bytes = len(n.name) + perName
	}
	t.names[n.name] = n
}

// Forget drops the names that nobody used since the call before.
func (t *TopicNames) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
}

func (t *TopicNames) forget() { t.older, t.names, t.bytes = t.names, map[string]topicName{}, 0 }
