package chaos

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/internal/testcert"
	"github.com/lagscaler/lagscaler/scaler"
)

const (
	processing  = 20 * time.Millisecond
	perConsumer = 50.0 // records/s
	partitions  = 12
	patience    = 90 * closedloop.Poll
)

// spec lets the replicas follow the traffic up and down within a minute, so that most faults meet a change of them: no room is kept
// for the peak of the last hour, and a scale-down waits for 15 s (the clocks run ten times as fast).
const spec = `
  preset: economy
  stabilizationWindow: 150s
`

// user is who the daemons log in as.
var user = kafka.User{Name: "lagscaler", Password: "the-first"}

// system is all that runs.
type system struct {
	*closedloop.Loop
	t      *testing.T
	random *rand.Rand
	links  []*link // by broker
	api    *apiProxy
	disk   *disk

	replicas []*replica
	started  int      // replicas so far
	access   []string // kubeconfigs of replicas that have not started yet, in their order

	caFile, passwordFile, certFile string
	passwords                      int    // so far
	foreign                        string // a broker of another cluster; empty: there is none

	traffic  traffic
	counters *counters
}

// replica is one of the two replicas of the daemon, or one that has ended.
type replica struct {
	*closedloop.Daemon
	identity string
	started  time.Time
	clock    string // the file that says by how much its wall clock is wrong; empty: it is right
	frozen   bool
}

// boot starts everything, and returns when all is well.
func boot(t *testing.T, seed uint64) *system {
	t.Helper()
	k := kube.Start(t, kube.Config{})
	c := kafka.Start(t, kafka.Config{Version: kafka.V43, Users: []kafka.User{user}, Properties: map[string]string{
		"super.users": "User:ANONYMOUS;User:" + user.Name,
	}})
	s := &system{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), counters: newCounters(),
		Loop: closedloop.Open(t, closedloop.Setup{Kube: k, Kafka: c, Processing: processing, Partitions: partitions, Rate: 80, Replicas: 2, Spec: spec}),
	}
	s.connect()
	s.grant()
	for range 2 {
		s.startReplica()
	}
	if err := s.until(patience, s.well); err != nil {
		t.Fatalf("before the first fault: %v", err)
	}
	s.traffic.start(t, s.Load, seed) // not before: on a busy machine it takes 20 s until a replica has read anything
	return s
}

// connect puts the proxies between the daemons, the brokers and the apiserver.
func (s *system) connect() {
	s.t.Helper()
	issuer := testcert.NewAuthority(s.t)
	cert := serverOf(s.t, issuer).TLS
	folder := s.t.TempDir()
	s.caFile, s.passwordFile, s.certFile = filepath.Join(folder, "ca.crt"), filepath.Join(folder, "password"), filepath.Join(folder, "client.pem")
	replaceFile(s.t, s.caFile, issuer.Cert)
	clients := testcert.NewAuthority(s.t)
	replaceFile(s.t, s.certFile, clientOf(s.t, clients))
	replaceFile(s.t, s.passwordFile, []byte(user.Password))
	s.Daemon.Dial, s.Daemon.Brokers = map[string]string{}, nil
	for _, n := range s.Kafka.Nodes {
		l := newLink(s.t, n.SASLAddress, cert)
		l.admit(clients)
		s.links = append(s.links, l)
		s.Daemon.Dial[n.SASLAddress] = l.address()
		s.Daemon.Brokers = append(s.Daemon.Brokers, n.SASLAddress)
	}
	s.api = newAPIProxy(s.t, s.ControlPlane)
	s.disk = newDisk(s.t)
	s.Daemon.CAFile, s.Daemon.User, s.Daemon.PasswordFile, s.Daemon.CertFile = s.caFile, user.Name, s.passwordFile, s.certFile
}

func identityOf(replica int) string { return fmt.Sprintf("lagscaler-%d", replica) }

// mostReplicas are more than start in a run: faults at random begin two in a minute at most.
const mostReplicas = 64

// grant asks for the tokens of all replicas that will start: some start while the apiserver is down.
func (s *system) grant() {
	s.t.Helper()
	for n := range mostReplicas {
		s.access = append(s.access, s.KubeconfigAt(s.t, s.NS, "lagscaler", s.api.url(identityOf(n+1)), s.api.caFile))
	}
}

// startReplica starts a replica; each is a pod of its own name.
func (s *system) startReplica() {
	s.t.Helper()
	s.started++
	s.Daemon.Identity = identityOf(s.started)
	s.Daemon.Kubeconfig, s.access = s.access[0], s.access[1:]
	s.Daemon.RecordPath = s.disk.path(s.Daemon.Identity + ".jsonl.gz")
	if closedloop.CanStepClocks {
		s.Daemon.ClockFile = filepath.Join(s.t.TempDir(), "clock")
		closedloop.StepClock(s.t, s.Daemon.ClockFile, 0)
	}
	s.replicas = append(s.replicas, &replica{Daemon: s.Start(), identity: s.Daemon.Identity, started: time.Now(), clock: s.Daemon.ClockFile})
}

// alive are the replicas that run, frozen or not.
func (s *system) alive() []*replica {
	return slices.DeleteFunc(slices.Clone(s.replicas), func(r *replica) bool { return !r.Alive() })
}

// last is what a replica published last.
func (r *replica) last() (closedloop.Report, bool) {
	all := r.History()
	if len(all) == 0 {
		return closedloop.Report{}, false
	}
	return all[len(all)-1], true
}

// leader is the replica that says that it leads; nil: none does.
func (s *system) leader() *replica {
	for _, r := range s.alive() {
		if last, ok := r.last(); ok && last.Leader && !r.frozen && time.Since(last.At) < 3*closedloop.Poll {
			return r
		}
	}
	return nil
}

// blind are the verdicts that say that something could not be read.
var blind = []scaler.Reason{scaler.DataPartial, scaler.DataStale, scaler.Fallback}

// well is nil when two replicas read everything, one of them leads, and what it decides can be written.
func (s *system) well() error { return s.wellSince(time.Time{}) }

func (s *system) wellSince(healed time.Time) error {
	running := s.alive()
	if len(running) < 2 {
		return errors.New("a replica has ended")
	}
	leaders := 0
	for _, r := range running {
		last, ok := r.last()
		switch {
		case !ok:
			return fmt.Errorf("%s has reported nothing", r.identity)
		case !last.Polled.After(healed) || !last.Complete():
			return fmt.Errorf("%s read %v at %s", r.identity, last.Failed, last.Polled.Format(time.TimeOnly))
		case !last.Leader:
			continue
		}
		leaders++
		one, err := r.Scaler(s.Name())
		if err != nil {
			return err
		}
		if one.Disposition == scaler.Failed || slices.Contains(blind, one.Decision.Verdict) {
			return fmt.Errorf("%s: %s %s %s", r.identity, one.Disposition, one.Line, one.Failure)
		}
	}
	if leaders != 1 {
		return fmt.Errorf("%d replicas lead", leaders)
	}
	return nil
}

// until waits for a condition, and lets the counters be read meanwhile.
func (s *system) until(limit time.Duration, ask func() error) error {
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		s.counters.read(s)
		err := ask()
		if err == nil || time.Now().After(end) || s.t.Context().Err() != nil {
			return err
		}
	}
}

// pause lets time pass.
func (s *system) pause(d time.Duration) {
	_ = s.until(d, func() error { return errors.New("it is not over") }) // until it is
}

// traffic is a load that changes, and what it was when.
type traffic struct {
	mu    sync.Mutex
	rates []rate
	even  bool // it does not change now
}

type rate struct {
	At        time.Time
	PerSecond int
}

const wavePeriod = time.Minute

// start changes the load every 5 s until the test ends, up and down, by a wave and by chance.
func (f *traffic) start(t *testing.T, load *closedloop.Load, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	f.set(load, load.Rate())
	var running sync.WaitGroup
	over := make(chan struct{})
	running.Go(func() {
		for began := time.Now(); ; {
			select {
			case <-over:
				return
			case <-time.After(5 * time.Second):
			}
			wave := math.Sin(2 * math.Pi * time.Since(began).Seconds() / wavePeriod.Seconds())
			if next := 100 + int(80*wave) + random.IntN(21); !f.isEven() {
				f.set(load, next)
			}
		}
	})
	t.Cleanup(func() { close(over); running.Wait() })
}

// hold sends the same number of records each second, until change is called.
func (f *traffic) hold(load *closedloop.Load, perSecond int) (change func()) {
	f.setEven(true)
	f.set(load, perSecond)
	return func() { f.setEven(false) }
}

func (f *traffic) isEven() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.even
}

func (f *traffic) setEven(even bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.even = even
}

func (f *traffic) set(load *closedloop.Load, perSecond int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rates = append(f.rates, rate{time.Now(), perSecond})
	load.Set(perSecond)
}

// least is the lowest rate there was between two times.
func (f *traffic) least(from, to time.Time) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	lowest := -1
	for i, r := range f.rates {
		over := to
		if i+1 < len(f.rates) {
			over = f.rates[i+1].At
		}
		if r.At.After(to) || over.Before(from) {
			continue
		}
		if lowest < 0 || r.PerSecond < lowest {
			lowest = r.PerSecond
		}
	}
	return max(0, lowest)
}

// memory is the largest resident set of the replicas that run, in MiB.
func (s *system) memory() int {
	most := 0
	for _, r := range s.alive() {
		most = max(most, child.Resident(r.Pid()))
	}
	return most >> 20
}
