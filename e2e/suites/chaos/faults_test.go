package chaos

import (
	"fmt"
	"net/http"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/internal/testcert"
)

// area is what a fault is about. Two faults at once are of different areas, so that each can be taken back by itself.
type area string

const (
	brokers    area = "brokers"
	network    area = "network"
	identity   area = "credentials"
	kubernetes area = "kubernetes"
	replicas   area = "replicas"
	disks      area = "disk"
	clocks     area = "clocks"
)

// fault is one row of docs/reliability.md.
type fault struct {
	area  area
	name  string
	doc   string
	lasts time.Duration
	begin func(*system) (end func()) // end returns when what the fault broke is back
	able  func(*system) bool         // nil: always
}

var faults = []fault{
	{brokers, "broker killed", "SIGKILL to one of three brokers, and its start 10 s later", 10 * time.Second, brokerKilled, nil},
	{brokers, "broker frozen", "SIGSTOP to a broker for 12 s: its connections stay, and nothing answers", 12 * time.Second, brokerFrozen, nil},
	{brokers, "broker restarted", "a clean stop of a broker, which hands over its leaders, and its start", 2 * time.Second, brokerRestarted, nil},
	{brokers, "coordinator moved", "another broker leads the partition of `__consumer_offsets` that has the group", 5 * time.Second, coordinatorMoved, nil},
	{brokers, "offsets without leader", "the group's partition of `__consumer_offsets` has one replica, and that broker is killed for 10 s", 10 * time.Second, offsetsLeaderless, nil},
	{network, "connections cut", "all connections to brokers are closed, and new ones refused, for 8 s", 8 * time.Second, connectionsCut, nil},
	{network, "connections silent", "nothing passes to and from brokers for 10 s, and connections stay open", 10 * time.Second, connectionsSilent, nil},
	{network, "connections slow", "everything to and from brokers takes 50 ms longer, for 12 s", 12 * time.Second, connectionsSlow, nil},
	{network, "name of another broker", "the address of a broker leads to another broker of the cluster for 10 s", 10 * time.Second, anotherBroker, nil},
	{network, "name of another cluster", "the address of a broker leads to a broker of another cluster for 10 s", 10 * time.Second, anotherCluster, func(s *system) bool { return s.foreign != "" }},
	{identity, "password rotated", "the password changes in Kafka, all connections are cut, and the file with it changes 4 s later", 4 * time.Second, passwordRotated, nil},
	{identity, "certificate rotated", "brokers show a certificate of another authority, all connections are cut, and the file with the authority changes 4 s later", 4 * time.Second, certificateRotated, nil},
	{identity, "client certificate rotated", "brokers admit only clients with a certificate of another authority, all connections are cut, and the file with the client's certificate and key changes 4 s later", 4 * time.Second, clientCertificateRotated, nil},
	{kubernetes, "apiserver killed", "SIGKILL to the apiserver, and its start 12 s later", 12 * time.Second, apiserverKilled, nil},
	{kubernetes, "apiserver frozen", "SIGSTOP to the apiserver for 12 s", 12 * time.Second, apiserverFrozen, nil},
	{kubernetes, "429", "every request to the apiserver is answered with 429 for 12 s", 12 * time.Second, answers(http.StatusTooManyRequests, func(*http.Request) bool { return true }), nil},
	{kubernetes, "409", "every write to the apiserver is answered with 409 for 12 s", 12 * time.Second, answers(http.StatusConflict, writes), nil},
	{replicas, "leader killed", "SIGKILL to the leader; a new replica starts at once", 0, leaderKilled, nil},
	{replicas, "leader frozen", "SIGSTOP to the leader for 20 s, which is longer than its lease of 15 s", 20 * time.Second, leaderFrozen, nil},
	{kubernetes, "SIGTERM during a write", "SIGTERM to the leader while a write of the replicas waits before the apiserver", 0, stoppedInWrite, nil},
	{disks, "disk full", "no room for the recordings of the replicas for 10 s", 10 * time.Second, diskFull, func(s *system) bool { return s.disk.own }},
	{clocks, "clock of the leader set forward", "the wall clock of the leader is 10 minutes ahead for 12 s, then right again; its monotonic clock goes on", 12 * time.Second, leadersClockAhead, canStepClocks},
	{clocks, "clocks set back", "the wall clocks of both replicas are 10 minutes behind for 12 s, then right again; their monotonic clocks go on", 12 * time.Second, clocksBehind, canStepClocks},
}

// broker is one of the brokers, by chance.
func (s *system) broker() int { return 1 + s.random.IntN(len(s.Kafka.Nodes)) }

func brokerKilled(s *system) func() {
	n := s.Kafka.Node(s.t, s.broker())
	n.Kill(s.t)
	return func() { n.Start(s.t); s.Kafka.AwaitCoordinators(s.t) }
}

func brokerFrozen(s *system) func() {
	n := s.Kafka.Node(s.t, s.broker())
	n.Pause(s.t)
	return func() { n.Resume(s.t); s.Kafka.AwaitCoordinators(s.t) }
}

func brokerRestarted(s *system) func() {
	n := s.Kafka.Node(s.t, s.broker())
	n.Stop(s.t)
	return func() { n.Start(s.t); s.Kafka.AwaitCoordinators(s.t) }
}

const offsetsTopic = "__consumer_offsets"

// offsetsPartition is the partition of __consumer_offsets that has the group: Java's hash of its name.
func (s *system) offsetsPartition() int32 {
	var hash int32
	for _, c := range s.Groups[0] { // names are ASCII here
		hash = 31*hash + c
	}
	const offsetsPartitions = 8
	return (hash & 0x7fffffff) % offsetsPartitions
}

// place gives the group's partition of __consumer_offsets these replicas, of which the first is to lead.
func (s *system) place(nodes ...int32) {
	s.t.Helper()
	p := s.offsetsPartition()
	var to kadm.AlterPartitionAssignmentsReq
	to.Assign(offsetsTopic, p, nodes)
	admin := s.Kafka.Admin(s.t)
	if _, err := admin.AlterPartitionAssignments(s.t.Context(), to); err != nil {
		s.t.Fatalf("placing %s/%d: %v", offsetsTopic, p, err)
	}
	closedloop.Await(s.t, "the coordinator to be where it was told", func() error {
		if _, err := admin.ElectLeaders(s.t.Context(), kadm.ElectPreferredReplica, kadm.TopicsSet{offsetsTopic: {p: {}}}); err != nil {
			return err
		}
		topics, err := admin.ListTopics(s.t.Context(), offsetsTopic)
		if err != nil {
			return err
		}
		if got := topics[offsetsTopic].Partitions[p]; got.Leader != nodes[0] || len(got.Replicas) != len(nodes) || len(got.ISR) != len(nodes) {
			return fmt.Errorf("%d leads %v", got.Leader, got.Replicas)
		}
		return nil
	})
}

// from are n brokers, from one on, in turn.
func from(broker, n int) []int32 {
	var out []int32
	for i := range n {
		out = append(out, int32(1+(broker-1+i)%n))
	}
	return out
}

// coordinator is the broker that has the group now.
func (s *system) coordinator() int {
	s.t.Helper()
	topics, err := s.Kafka.Admin(s.t).ListTopics(s.t.Context(), offsetsTopic)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(topics[offsetsTopic].Partitions[s.offsetsPartition()].Leader)
}

func coordinatorMoved(s *system) func() {
	n := len(s.Kafka.Nodes)
	s.place(from(1+s.coordinator()%n, n)...)
	return func() {}
}

func offsetsLeaderless(s *system) func() {
	at := s.broker()
	s.place(int32(at))
	n := s.Kafka.Node(s.t, at)
	n.Kill(s.t)
	return func() {
		n.Start(s.t)
		s.place(from(at, len(s.Kafka.Nodes))...)
		s.Kafka.AwaitCoordinators(s.t)
	}
}

// allLinks changes every link, cuts what is open if that is to notice, and takes the change back.
func (s *system) allLinks(cut bool, change func(*way)) (undo func()) {
	before := make([]way, len(s.links))
	for i, l := range s.links {
		before[i] = l.set(change)
		if cut {
			l.cut()
		}
	}
	return func() {
		for i, l := range s.links {
			l.set(func(w *way) { *w = before[i] })
		}
	}
}

func connectionsCut(s *system) func() { return s.allLinks(true, func(w *way) { w.Refuses = true }) }

func connectionsSilent(s *system) func() {
	return s.allLinks(false, func(w *way) { w.Silent = true })
}

func connectionsSlow(s *system) func() {
	return s.allLinks(false, func(w *way) { w.Delay = 50 * time.Millisecond })
}

func anotherBroker(s *system) func() {
	i := s.random.IntN(len(s.links))
	return s.elsewhere(i, s.Kafka.Nodes[(i+1)%len(s.links)].SASLAddress)
}

func anotherCluster(s *system) func() { return s.elsewhere(s.random.IntN(len(s.links)), s.foreign) }

func (s *system) elsewhere(i int, to string) func() {
	l := s.links[i]
	before := l.set(func(w *way) { w.To = to })
	l.cut()
	return func() { l.set(func(w *way) { *w = before }); l.cut() }
}

func passwordRotated(s *system) func() {
	s.passwords++
	password := fmt.Sprintf("number-%d", s.passwords)
	_, err := s.Kafka.Admin(s.t).AlterUserSCRAMs(s.t.Context(), nil, []kadm.UpsertSCRAM{
		{User: user.Name, Password: password, Mechanism: kadm.ScramSha512, Iterations: 4096},
	})
	if err != nil {
		s.t.Fatalf("changing the password: %v", err)
	}
	for _, l := range s.links {
		l.cut()
	}
	return func() { replaceFile(s.t, s.passwordFile, []byte(password)) }
}

func certificateRotated(s *system) func() {
	issuer := testcert.NewAuthority(s.t)
	cert := serverOf(s.t, issuer).TLS
	for _, l := range s.links {
		l.present(cert)
		l.cut()
	}
	return func() { replaceFile(s.t, s.caFile, issuer.Cert) }
}

func clientCertificateRotated(s *system) func() {
	issuer := testcert.NewAuthority(s.t)
	for _, l := range s.links {
		l.admit(issuer)
		l.cut()
	}
	return func() { replaceFile(s.t, s.certFile, clientOf(s.t, issuer)) }
}

func apiserverKilled(s *system) func() {
	s.StopAPIServer(s.t)
	return func() { s.StartAPIServer(s.t) }
}

func apiserverFrozen(s *system) func() { return s.PauseAPIServer(s.t) }

// answers lets the proxy before the apiserver answer some requests with a status.
func answers(code int, which func(*http.Request) bool) func(*system) func() {
	return func(s *system) func() {
		s.api.set(func(r *http.Request) int {
			if which(r) {
				return code
			}
			return 0
		})
		return func() { s.api.set(nil) }
	}
}

// leaderNow waits for a leader.
func (s *system) leaderNow() *replica {
	s.t.Helper()
	var found *replica
	if err := s.until(patience, func() error {
		if found = s.leader(); found == nil {
			return fmt.Errorf("nobody leads")
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return found
}

func leaderKilled(s *system) func() {
	s.leaderNow().Kill()
	s.startReplica()
	return func() {}
}

func leaderFrozen(s *system) func() {
	leader := s.leaderNow()
	s.signal(leader, syscall.SIGSTOP)
	leader.frozen = true
	return func() {
		s.signal(leader, syscall.SIGCONT)
		leader.frozen = false
	}
}

func (s *system) signal(r *replica, what syscall.Signal) {
	s.t.Helper()
	if err := r.Signal(what); err != nil {
		s.t.Fatal(err)
	}
}

// stoppedInWrite ends the leader while its write of the replicas waits: an operator asks for one more.
func stoppedInWrite(s *system) func() {
	leader := s.leaderNow()
	came, release := s.api.hold()
	annotate := func(value string) {
		s.Kubectl(s.t, "annotate", "kafkascaler", closedloop.ScalerName, "--namespace="+s.NS, "--overwrite", "lagscaler.io/fixed-replicas"+value)
	}
	annotate(fmt.Sprintf("=%d", s.Size()+1))
	err := s.until(patience/2, func() error {
		select {
		case <-came:
			return nil
		default:
			return fmt.Errorf("nothing is written")
		}
	})
	if err != nil {
		s.t.Errorf("SIGTERM during a write: %v", err)
	}
	s.signal(leader, syscall.SIGTERM)
	s.pause(closedloop.Poll)
	release()
	annotate("-")
	<-leader.Done()
	s.startReplica()
	return func() {}
}

func diskFull(s *system) func() {
	s.disk.fill(s.t)
	return func() { s.disk.empty(s.t) }
}

const clockStep = 10 * time.Minute

func canStepClocks(*system) bool { return closedloop.CanStepClocks }

func leadersClockAhead(s *system) func() { return s.stepClocks(clockStep, s.leaderNow()) }

func clocksBehind(s *system) func() { return s.stepClocks(-clockStep, s.alive()...) }

func (s *system) stepClocks(by time.Duration, some ...*replica) (undo func()) {
	for _, r := range some {
		closedloop.StepClock(s.t, r.clock, by)
	}
	return func() {
		for _, r := range some {
			closedloop.StepClock(s.t, r.clock, 0)
		}
	}
}
