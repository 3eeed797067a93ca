package seen

import (
	"net/netip"
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
	name       string
	ready      bool
	readySince time.Time // zero: it was ready at the first poll
	gone       time.Time // zero: it is there
}

// fleet are the pods of the target, and those that went away in the last 30 minutes, sorted by key.
type fleet struct {
	pods   []lifetime
	known  bool     // they were listed once
	listed *listing // the last one; nil: none
}

// listing are the pods as one poll listed them, with what is computed of them alone. Polls that list the same pods share it.
type listing struct {
	pods   []Pod
	at     []int // by pod: its index in fleet.pods
	own    map[netip.Addr]int
	shared map[netip.Addr]bool
	names  names
	was    map[string]bool // names of pods that went away in the last 30 minutes
}

// next records which pods are ready and which are gone. If the pods cannot be listed, none is gone.
func (f fleet) next(p *Poll) fleet {
	pods := p.Workload.Pods
	if len(pods) == 0 && p.Workload.Status > 0 {
		return f
	}
	same := f.known && slices.Equal(f.listed.pods, pods)
	if same && !slices.ContainsFunc(f.pods, func(was lifetime) bool { return !was.gone.IsZero() && !remembered(was, p) }) {
		return f
	}
	list := make([]lifetime, 0, len(f.pods)+len(pods))
	for i := range pods {
		now := lifetime{key: pods[i].key(), name: pods[i].Name, ready: pods[i].Ready}
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
		if remembered(was, p) {
			list = append(list, was)
		}
	}
	slices.SortFunc(list, byKey)
	next := fleet{pods: slices.CompactFunc(list, func(a, b lifetime) bool { return a.key == b.key }), known: true}
	next.listed = next.list(pods)
	return next
}

// remembered reports whether a pod went away in the last 30 minutes, by this clock.
func remembered(was lifetime, p *Poll) bool {
	return !was.gone.After(p.Now) && p.Now.Sub(was.gone) < p.Clock.Scale(SessionMost)
}

// listing is the one of a poll.
func (f fleet) listing(wl *Workload) *listing {
	if len(wl.Pods) == 0 {
		return noPods // there are none, or they cannot be listed
	}
	return f.listed
}

var noPods = &listing{}

func (f fleet) list(pods []Pod) *listing {
	l := &listing{pods: slices.Clone(pods), at: make([]int, len(pods)), names: namesOf(pods), was: map[string]bool{}}
	for _, p := range f.pods {
		if !p.gone.IsZero() {
			l.was[p.name] = true
		}
	}
	l.own, l.shared = addresses(pods)
	for i := range pods {
		l.at[i], _ = slices.BinarySearchFunc(f.pods, lifetime{key: pods[i].key()}, byKey)
	}
	return l
}

// follows reports whether an id is the name of a pod that this StatefulSet would have with more replicas, and that it did not have
// in the last 30 minutes.
func (l *listing) follows(id string) bool {
	if !ordinal(id) || l.was[id] {
		return false
	}
	_, is := l.names.pods[id[:strings.LastIndexByte(id, '-')]+"-0"]
	return is
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

// late reports whether a ready pod of the last listing has had time to join the group.
func (f fleet) late(pod int, now time.Time, clk Clock) bool {
	return f.listed.pods[pod].Ready && now.Sub(f.pods[f.listed.at[pod]].readySince) >= clk.Scale(joinsWithin)
}
