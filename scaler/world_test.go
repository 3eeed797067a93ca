package scaler_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// world is a small model of a cluster, a group and a target, in steps of a second, without noise: the stage for the
// timelines and the properties. Its real counterpart is scaler/sim.
type world struct {
	now    time.Time
	spec   scaler.Spec
	policy scaler.Policy
	source seen.SourceSpec
	memory scaler.Memory

	topics   []string
	each     int // partitions of a topic
	weights  []float64
	rate     float64
	end      []float64
	pos      []float64 // processed
	commit   []int64
	every    time.Duration // commit interval
	never    bool          // nothing was ever committed
	marker   int64         // offsets behind the last record of a partition that nobody reads
	assignor string
	stuck    map[int]bool
	speed    float64 // records/s of one consumer
	behind   float64 // records/s all consumers together may write downstream; 0: no limit

	wl      seen.Workload
	pods    []pod
	nodes   int32 // replicas that find a node
	absent  int   // ready pods that never join
	foreign int   // members of other deployments
	perPod  int
	reacts  func(to int32) (int32, bool) // another controller

	pauseUntil time.Time
	rebalance  seen.Rebalance
	joined     int

	silent   []int32
	missing  []string // topics that the source names and that do not exist
	nogroup  bool     // no broker lists the group
	unknown  int      // partitions that do not answer
	unread   bool     // the group cannot be read
	reading  *lag.GroupLag
	writes   int
	rollout  bool
	noWrites bool
	follows  bool    // another replica of the program leads
	believes float64 // a defect: so much is what it has learned of one consumer; 0: none
	fleet    breaker.Stop
	share    bool // a share group: every consumer works on every partition
	limit    brakes.Limit
	ledger   *brakes.Ledger
	others   int32 // replicas of other scalers under the limit
	admits   int32 // members, as the coordinator of the share group says; 0: it does not

	copy      *world // in another cluster, which stands by: it has the same arrivals, and until it has members the commits of a minute ago
	of        *world // of which this is the copy
	copyFirst bool   // the copy is the first source
	moved     int    // pods whose consumers use the copy, the last ones
}

// standsBy makes a copy in another cluster.
func (w *world) standsBy(delay time.Duration) {
	w.copy = newWorld()
	w.copy.of, w.copy.source = w, w.source
	w.copy.source.Cluster, w.copy.source.StandbyFor = "west", seen.StandbyFor{Cluster: w.source.Cluster, MirrorDelay: delay}
}

type pod struct {
	name    string
	created time.Time
	waits   bool // for a node
}

const (
	startTakes = 30 * time.Second
	pauseTakes = 8 * time.Second
)

func newWorld() *world {
	return &world{
		now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), topics: []string{"orders"}, each: 48, speed: 100, nodes: 1 << 20,
		source: seen.SourceSpec{Cluster: "main", Group: "orders"}, spec: scaler.Spec{Mode: scaler.Act}, stuck: map[int]bool{},
		every: 5 * time.Second, perPod: 1, ledger: brakes.NewLedger(seen.Clock{}),
		wl: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders-worker"},
			Found: true, HasScale: true,
		},
	}
}

// start sets the world up with replicas that have been running for long.
func (w *world) start(replicas int32) error {
	w.spec.Sources = []seen.SourceSpec{w.source}
	if c := w.copy; c != nil {
		c.source.ProcessingTime, c.each, c.speed = w.source.ProcessingTime, w.each, w.speed
		w.spec.Sources = append(w.spec.Sources, c.source)
		if err := c.start(0); err != nil {
			return err
		}
	}
	if w.of == nil {
		policy, err := w.spec.Policy()
		if err != nil {
			return err
		}
		w.policy = policy
	}
	n := len(w.topics) * w.each
	w.end, w.pos, w.commit = make([]float64, n), make([]float64, n), make([]int64, n)
	for p := range w.end {
		w.end[p], w.pos[p], w.commit[p] = 1e6, 1e6, 1e6
	}
	if w.weights == nil {
		w.weights = slices.Repeat([]float64{1 / float64(n)}, n)
	}
	for range replicas {
		w.addPod(w.now.Add(-time.Hour))
	}
	w.wl.Spec, w.joined = replicas, w.members()
	return nil
}

func (w *world) addPod(at time.Time) {
	w.pods = append(w.pods, pod{name: fmt.Sprintf("pod-%03d", len(w.pods)), created: at, waits: int32(len(w.pods)) >= w.nodes})
}

func (w *world) ready(p pod) bool { return !p.waits && w.now.Sub(p.created) >= startTakes }

func (w *world) readyPods() (n int32) {
	for _, p := range w.pods {
		if w.ready(p) {
			n++
		}
	}
	return n
}

func (w *world) members() int {
	if w.of != nil {
		return min(w.of.moved, int(w.of.readyPods()))
	}
	if w.moved > 0 {
		return max(0, int(w.readyPods())-w.moved)
	}
	return max(0, int(w.readyPods())-w.absent)*w.perPod + w.foreign
}

// scale sets the replicas, by whoever.
func (w *world) scale(to int32) {
	for int32(len(w.pods)) < to {
		w.addPod(w.now)
	}
	w.pods = w.pods[:to]
	w.wl.Spec = to
}

// second lets a second pass.
func (w *world) second() {
	w.now = w.now.Add(time.Second)
	if c := w.copy; c != nil {
		c.rate, c.weights = w.rate, w.weights
		if c.second(); c.joined == 0 && w.now.Second() == 0 {
			copy(c.pos, w.pos)
			copy(c.commit, w.commit)
		}
	}
	if m := w.members(); m != w.joined {
		w.joined = m
		w.pause(pauseTakes)
	}
	if w.rebalance.Active && !w.now.Before(w.pauseUntil) {
		w.rebalance.LastTook, w.rebalance.LastEnd = w.now.Sub(w.rebalance.Since), w.now
		w.rebalance.Active, w.rebalance.Since = false, time.Time{}
	}
	for p := range w.end {
		w.end[p] += w.rate * w.weights[p]
	}
	if !w.rebalance.Active {
		w.consume()
	}
	if w.now.UnixNano()%int64(w.every) == 0 {
		for p := range w.commit {
			w.commit[p] = int64(w.pos[p] + 1e-6)
		}
	}
}

func (w *world) pause(d time.Duration) {
	if !w.rebalance.Active {
		w.rebalance.Active, w.rebalance.Since = true, w.now
	}
	w.rebalance.Protocol = rebalancemon.Eager
	if until := w.now.Add(d); until.After(w.pauseUntil) {
		w.pauseUntil = until
	}
}

// consume lets every consumer work for a second: its partitions share what it can do.
func (w *world) consume() {
	speed := w.speed
	if w.behind > 0 && w.joined > 0 {
		speed = min(speed, w.behind/float64(w.joined))
	}
	if w.share {
		w.consumeShared(speed * float64(w.joined))
		return
	}
	left := slices.Repeat([]float64{speed}, w.joined)
	busy := make([]float64, w.joined)
	for range 4 { // what a partition leaves over goes to the consumer's others
		clear(busy)
		for p := range w.end {
			if o := w.owner(p); o >= 0 && !w.stuck[p] && w.end[p] > w.pos[p] {
				busy[o]++
			}
		}
		share := slices.Clone(left)
		for p := range w.end {
			if o := w.owner(p); o >= 0 && !w.stuck[p] && w.end[p] > w.pos[p] && left[o] > 0 {
				does := min(w.end[p]-w.pos[p], share[o]/busy[o])
				w.pos[p] += does
				left[o] -= does
			}
		}
	}
}

// consumeShared lets all consumers together work for a second, on each partition by what waits there.
func (w *world) consumeShared(can float64) {
	waiting := 0.0
	for p := range w.end {
		waiting += w.end[p] - w.pos[p]
	}
	for p := range w.end {
		if waiting > 0 {
			w.pos[p] += (w.end[p] - w.pos[p]) * min(1, can/waiting)
		}
	}
}

func (w *world) owner(p int) int32 {
	switch {
	case w.joined == 0:
		return -1
	case w.share: // lag names the last member that has it
		return int32(w.joined - 1)
	case w.assignor == "range":
		if k := p % w.each; k < w.each {
			return int32(need.RangeOwner(k, w.each, min(w.joined, w.each)))
		}
	}
	return int32(p % w.joined)
}

// poll reads everything and lets the scaler decide; what it decides is written at once.
func (w *world) poll() scaler.Result {
	w.readAgain()
	in := w.input()
	r := scaler.Evaluate(in)
	if b, cut := w.brake(&r); cut {
		in.Brakes = []scaler.Brake{b}
		r = scaler.Evaluate(in)
	}
	w.memory = r.Memory
	w.write(r)
	return r
}

// brake is what the limit above single scalers leaves of a decision, if it is less than that asks for.
func (w *world) brake(r *scaler.Result) (b scaler.Brake, cut bool) {
	if _, asks := r.Change(); !asks {
		return b, false
	}
	shared := w.ledger.Share(brakes.Round{
		Now: w.now, Limits: []brakes.Limit{w.limit},
		Members: []brakes.Member{{Name: "shop/orders", Replicas: w.wl.Spec, Known: true, Acts: true}, {Name: "shop/others", Replicas: w.others, Known: true, Acts: true}},
		Asks:    []brakes.Ask{{Name: "shop/orders", Asks: r.Decision.Asks(), Pending: w.waiting()}},
	})
	b, cut = shared["shop/orders"]
	return b, cut
}

// waiting is how many pods wait for a node.
func (w *world) waiting() (n int32) {
	for _, p := range w.pods {
		if p.waits {
			n++
		}
	}
	return n
}

// readAgain reads the group, or keeps what was read before.
func (w *world) readAgain() {
	if w.copy != nil {
		w.copy.readAgain()
	}
	switch {
	case !w.unread:
		w.reading = w.read()
	case w.reading != nil:
		kept := *w.reading
		kept.Err, kept.Missed = lag.Unreachable, kept.Missed+1
		w.reading = &kept
	}
}

// write does what a decision asks for, and what others then do.
func (w *world) write(r scaler.Result) {
	if c, ok := r.Change(); ok && !w.noWrites {
		w.wl.LastWrite = seen.Write{At: w.now, From: c.From, To: c.To}
		w.ledger.Observe("shop/orders", w.wl.LastWrite, w.now)
		w.writes++
		w.scale(c.To)
	}
	if given := r.Memory.Given; w.wl.Followed && given != nil && given.Replicas != w.wl.Spec {
		w.scale(given.Replicas) // KEDA or an HPA asked for it
	}
	if w.reacts != nil {
		if to, ok := w.reacts(w.wl.Spec); ok {
			w.scale(to)
		}
	}
}

func (w *world) input() scaler.Input {
	wl := w.wl
	wl.Status, wl.Ready, wl.RolloutInProgress = int32(len(w.pods)), w.readyPods(), w.rollout
	for i, p := range w.pods {
		if w.perPod > 1 || w.foreign > 0 || w.copy != nil || w.spec.Place != nil {
			wl.Pods = append(wl.Pods, seen.Pod{Name: p.name, IP: fmt.Sprintf("10.0.0.%d", i), Ready: w.ready(p)})
		}
		if p.waits {
			wl.Unschedulable++
			if wl.UnschedulableSince.IsZero() {
				wl.UnschedulableSince = p.created
			}
		}
	}
	if w.believes > 0 {
		w.memory.Sources = slices.Clone(w.memory.Sources)
		for i := range w.memory.Sources {
			w.memory.Sources[i].PerConsumer = w.believes
		}
	}
	in := scaler.Input{
		Now: w.now, Policy: w.policy, Workload: wl, Memory: w.memory, Acts: !w.follows && !wl.Followed, Fleet: w.fleet,
		Sources: []seen.Source{w.seen()},
	}
	if w.copy != nil {
		in.Sources = append(in.Sources, w.copy.seen())
		if w.copyFirst {
			slices.Reverse(in.Sources)
		}
	}
	return in
}

func (w *world) seen() seen.Source {
	return seen.Source{SourceSpec: w.source, Lag: w.reading, Silent: w.silent, Missing: w.missing, Rebalance: w.rebalance}
}

func (w *world) read() *lag.GroupLag {
	g := &lag.GroupLag{ReadAt: w.now, Assignor: w.assignor, Generation: lag.NoGeneration, Described: true}
	g.Group, g.At, g.State, g.Type = w.source.Group, w.now, lag.Stable, lag.Classic
	if w.joined == 0 && (w.of != nil || w.moved > 0) {
		g.State = lag.Empty
	}
	if w.nogroup {
		g.State = lag.Dead
		return g
	}
	if w.share {
		g.Type, g.MaxMembers = lag.Share, w.admits
	}
	for m := range w.joined {
		host := fmt.Sprintf("/10.0.0.%d", m/w.perPod)
		if w.of != nil { // the last pods
			host = fmt.Sprintf("/10.0.0.%d", len(w.of.pods)-1-m)
		}
		if m >= w.joined-w.foreign {
			host = "/10.9.9.9"
		}
		g.Members = append(g.Members, lag.Member{ID: fmt.Sprintf("consumer-%03d", m), Host: host})
	}
	for t, name := range w.topics {
		read := lag.TopicLag{Topic: name}
		for k := range w.each {
			p := t*w.each + k
			pl := lag.PartitionLag{
				Partition: int32(k), Owner: w.owner(p), End: int64(w.end[p]+1e-6) + w.marker, Committed: w.commit[p],
				Known: lag.KnownStart | lag.KnownCommitted | lag.KnownEnd,
			}
			if w.share {
				pl.Committed, pl.BrokerLag, pl.Known = 0, pl.End-w.commit[p], lag.KnownStart|lag.KnownEnd|lag.KnownLag
			}
			if w.never {
				pl.Known = lag.KnownStart | lag.KnownEnd
			}
			if p < w.unknown {
				pl = lag.PartitionLag{Partition: int32(k), Owner: pl.Owner, Err: lag.LeaderNotAvailable}
			}
			read.Partitions = append(read.Partitions, pl)
		}
		g.Topics = append(g.Topics, read)
	}
	return g
}
