package transport

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Identity is which Kafka cluster the brokers of a client belong to. It may be shared by clients that follow each other, so
// that a new connection pool does not begin with whatever answers first. It is safe for concurrent use.
//
//	the ids that the configuration states            the cluster
//	none, and none is remembered                     that of most bootstrap addresses; nobody is believed if there are as many of another
//	none, one is remembered                          that one, until the configuration states another
//	several: a failover pair                         the first of them that answers, until nobody of it answers any more
//
// A broker that gives no id, or a placeholder, says nothing about its cluster: it is accepted, and not remembered.
type Identity struct {
	mu       sync.Mutex
	stated   []string // by the configuration
	current  string   // empty: not known yet
	decided  bool     // current is remembered, or was voted for; else it is the first that answered
	disputed error    // the bootstrap addresses belong to several clusters, and none of them has more than another
	foreign  map[string]lag.ForeignAddress
	mistaken map[string]time.Time // addresses of other clusters, and until when they are not dialled
}

// avoidFor is how long an address of another cluster is not dialled again. Meanwhile the other bootstrap addresses are.
const avoidFor = 10 * time.Second

// NewIdentity is the identity of a cluster with one of the stated ids; of any cluster if there is none.
func NewIdentity(stated []string) *Identity {
	return &Identity{stated: slices.Clone(stated), foreign: map[string]lag.ForeignAddress{}, mistaken: map[string]time.Time{}}
}

// check compares the id that a broker gave with that of the cluster.
func (i *Identity) check(address, id string) error {
	if !lag.IsClusterID(id) {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.disputed != nil {
		return i.disputed
	}
	if i.current == "" && (len(i.stated) == 0 || slices.Contains(i.stated, id)) {
		i.current = id
	}
	if id == i.current {
		delete(i.foreign, address)
		delete(i.mistaken, address)
		return nil
	}
	i.foreign[address] = lag.ForeignAddress{Address: address, ClusterID: id}
	i.mistaken[address] = time.Now().Add(avoidFor)
	return i.refusal(address, id)
}

// refusal names both clusters, and the address.
func (i *Identity) refusal(address, id string) error {
	expected := i.current
	if expected == "" {
		expected = strings.Join(i.stated, " or ")
	}
	return WithCode(lag.ForeignCluster, fmt.Errorf("%s belongs to the Kafka cluster %q, and not to %q", address, id, expected))
}

// avoid is why an address is not dialled now; nil: it may be.
func (i *Identity) avoid(address string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if until, ok := i.mistaken[address]; ok && time.Now().Before(until) {
		if i.disputed != nil {
			return i.disputed
		}
		return i.refusal(address, i.foreign[address].ClusterID)
	}
	return nil
}

// ID is the cluster's id; empty while it is not known.
func (i *Identity) ID() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.current
}

// Stated are the ids that the configuration states.
func (i *Identity) Stated() []string { return slices.Clone(i.stated) }

// Remember says which ids the cluster had before this process started. It changes nothing if the configuration states an
// id, or if the cluster has one of them. It reports whether a cluster that has answered so far turns out to be another one.
func (i *Identity) Remember(ids []string) (mistaken bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.stated) > 0 || len(ids) == 0 || slices.Contains(ids, i.current) {
		return false
	}
	mistaken = i.current != "" || i.disputed != nil
	i.current, i.decided, i.disputed = ids[0], true, nil
	clear(i.foreign)
	clear(i.mistaken)
	return mistaken
}

// Undecided reports whether only the first answer says which cluster it is, or none.
func (i *Identity) Undecided() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.stated) == 0 && !i.decided
}

// Vote decides by the ids that the bootstrap addresses gave, empty where there was none. If nobody gave one, nothing changes. It
// reports whether another cluster has been believed so far.
func (i *Identity) Vote(addresses, ids []string) (mistaken bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	votes, found := map[string]int{}, []string{}
	for k, id := range ids {
		if !lag.IsClusterID(id) {
			continue
		}
		votes[id]++
		found = append(found, fmt.Sprintf("%s %q", addresses[k], id))
	}
	if len(votes) == 0 {
		return false
	}
	most, tied := "", false
	for id, n := range votes {
		switch {
		case n > votes[most]:
			most, tied = id, false
		case n == votes[most]:
			tied = true
		}
	}
	before := i.current
	i.disputed, i.current, i.decided = nil, most, most != "" && !tied
	if tied {
		i.current = ""
		i.disputed = WithCode(lag.ForeignCluster, fmt.Errorf(
			"the bootstrap addresses belong to several Kafka clusters, %s: nobody knows which is meant; set clusterId", strings.Join(found, ", ")))
	}
	clear(i.foreign)
	clear(i.mistaken)
	for k, id := range ids {
		if id != i.current && lag.IsClusterID(id) {
			i.foreign[addresses[k]] = lag.ForeignAddress{Address: addresses[k], ClusterID: id}
			i.mistaken[addresses[k]] = time.Now().Add(avoidFor)
		}
	}
	return before != "" && before != i.current
}

// Foreign are the addresses that last answered as brokers of another cluster, sorted.
func (i *Identity) Foreign() []lag.ForeignAddress {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := make([]lag.ForeignAddress, 0, len(i.foreign))
	for _, f := range i.foreign {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b lag.ForeignAddress) int { return strings.Compare(a.Address, b.Address) })
	return all
}

// Yield takes another stated cluster, which answered, in place of one of which nobody answers any more. It reports whether it did.
func (i *Identity) Yield() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.foreign {
		if f.ClusterID != i.current && slices.Contains(i.stated, f.ClusterID) {
			i.current = f.ClusterID
			clear(i.foreign)
			clear(i.mistaken)
			return true
		}
	}
	return false
}
