package seen

import (
	"slices"
	"strings"
	"time"
)

// The lifetimes of pods and of members.
const (
	// SessionDefault is the assumed time for which a coordinator keeps a crashed member, until a longer one is learned. It is the
	// default of session.timeout.ms since Kafka 3.0, and of group.consumer.session.timeout.ms. The admin API does not show it.
	SessionDefault = 45 * time.Second
	// SessionMost is the longest session that brokers allow by default: group.max.session.timeout.ms.
	SessionMost = 30 * time.Minute

	joinsWithin = 120 * time.Second // of becoming ready; a pod without a member is then bare
)

// lifetime is when a pod was seen. Times are those of polls.
type lifetime struct {
	key        string
	ready      bool
	readySince time.Time // zero: it was ready at the first poll
	gone       time.Time // zero: it is there
}

// fleet are the pods of the target, and those that went away in the last 30 minutes, sorted by key.
type fleet struct {
	pods  []lifetime
	known bool // they were listed once
}

// next records which pods are ready and which are gone. If the pods cannot be listed, none is gone.
func (f fleet) next(p *Poll) fleet {
	pods := p.Workload.Pods
	if len(pods) == 0 && p.Workload.Status > 0 {
		return f
	}
	list := make([]lifetime, 0, len(f.pods)+len(pods))
	for i := range pods {
		now := lifetime{key: pods[i].key(), ready: pods[i].Ready}
		switch was, ok := f.find(now.key); {
		case !now.ready || !f.known:
		case ok && was.ready && was.gone.IsZero():
			now.readySince = was.readySince
		default:
			now.readySince = p.Now
		}
		list = append(list, now)
	}
	slices.SortFunc(list, byKey)
	present := fleet{pods: list}
	for _, was := range f.pods {
		if _, ok := present.find(was.key); ok {
			continue
		}
		if was.gone.IsZero() || was.gone.After(p.Now) {
			was.gone = p.Now
		}
		if p.Now.Sub(was.gone) < p.Clock.Scale(SessionMost) {
			list = append(list, was)
		}
	}
	slices.SortFunc(list, byKey)
	return fleet{pods: slices.CompactFunc(list, func(a, b lifetime) bool { return a.key == b.key }), known: true}
}

func byKey(a, b lifetime) int { return strings.Compare(a.key, b.key) }

func (f fleet) find(key string) (lifetime, bool) {
	i, ok := slices.BinarySearchFunc(f.pods, lifetime{key: key}, byKey)
	if !ok {
		return lifetime{}, false
	}
	return f.pods[i], true
}

// gone is since when a pod has been gone; zero: it is there, or was never seen.
func (f fleet) gone(key string) time.Time {
	was, _ := f.find(key)
	return was.gone
}

// late reports whether a ready pod has had time to join the group.
func (f fleet) late(pod *Pod, now time.Time, clk Clock) bool {
	was, ok := f.find(pod.key())
	return pod.Ready && ok && now.Sub(was.readySince) >= clk.Scale(joinsWithin)
}
