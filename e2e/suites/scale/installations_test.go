package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/election"
)

// Two installations see one KafkaScaler: the one that keeps it scales, the other writes nothing and says so. When the first is
// gone, the second takes over: this is how a move is made.
func TestTwoInstallations(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 40, Replicas: 2, Spec: "  maxReplicas: 6\n"})
	sizes := s.WatchSize()
	first := s.start()
	s.awaitVerdict(first, scaler.Steady)
	s.awaitKeeper("lagscaler")
	s.Daemon.Identity, s.Daemon.Lease = "second", "second"
	second := s.start()
	s.awaitDecision(second, "a refusal: another installation keeps it", func(got scalerReport) bool {
		return got.Refused == "KeptByAnother: the installation "+s.NS+"/lagscaler keeps it, in mode act"
	})
	s.awaitEvent("KafkaScaler", scalerName, "KeptByAnother")
	if got := second.Metric("lagscaler_scalers_kept_by_another"); got != 1 {
		t.Errorf("the second counts %v scalers that the first keeps", got)
	}
	s.Load.Set(200)
	s.awaitSize("the step of the first", atLeast(4))
	s.awaitCalm(first)
	s.checkDelays(sizes(), steps(first.History(), s.Name()))
	if all := steps(second.History(), s.Name()); len(all) > 0 {
		t.Errorf("the second wrote %v", all)
	}
	s.awaitKeeper("lagscaler")

	if err := first.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	ended := time.Now()
	s.awaitDecision(second, "the second to take over", func(got scalerReport) bool { return got.Refused == "" })
	if took := time.Since(ended); took < election.Duration-5*time.Second {
		t.Errorf("the second took over %v after the first renewed its Lease last", took)
	}
	s.awaitKeeper("second")
	s.Kubectl(t, "patch", "kafkascaler", scalerName, "--namespace="+s.NS, "--type=merge", `--patch={"spec":{"maxReplicas":12}}`)
	s.Load.Set(450)
	s.awaitSize("a size that carries 450/s", atLeast(9))
	await(t, "a step of the second", func() error { // it says so after the API server does
		if len(steps(second.History(), s.Name())) == 0 {
			return errors.New("the second wrote nothing, though the size changed")
		}
		return nil
	})
}

// awaitKeeper waits until the status names an installation of the namespace.
func (s *scenario) awaitKeeper(lease string) {
	s.t.Helper()
	await(s.t, "the KafkaScaler to be kept by "+lease, func() error {
		if got := s.Status("keptBy.lease"); got != s.NS+"/"+lease {
			return fmt.Errorf("it is kept by %q", got)
		}
		return nil
	})
}

// An upgrade: while old replicas lead, what they write under the old field manager is ours. Once a new replica leads, that
// field manager is somebody else's, and the own one is ours.
func TestAnUpgradeFromTheOldFieldManager(t *testing.T) {
	t.Parallel()
	s := open(t, setup{WithoutConsumer: func(string) bool { return true }, Partitions: 1})
	s.Kubectl(t, "annotate", "kafkascaler", scalerName, "--namespace="+s.NS, "lagscaler.io/paused=true")
	retire := s.oldReplica()
	d := s.start()
	known := func(replicas int32) func(scalerReport) bool {
		return func(got scalerReport) bool { return got.Workload.Spec == replicas }
	}
	s.awaitDecision(d, "the target to be read", known(1))

	s.scaleAs("lagscaler", 2)
	got := s.awaitDecision(d, "the write of the old leader to be seen", known(2))
	if w := got.Workload.LastWrite; w.From != 1 || w.To != 2 {
		t.Errorf("a write of the old leader is not ours: %+v", w)
	}
	retire()
	s.awaitDecision(d, "a new replica to lead", func(got scalerReport) bool { return got.Disposition == scaler.Paused })
	s.scaleAs("lagscaler", 3)
	got = s.awaitDecision(d, "a write of another installation to be seen", known(3))
	if w := got.Workload.LastWrite; w.To != 2 {
		t.Errorf("a write of another installation, of the old version, is ours: %+v", w)
	}
	s.scaleAs("lagscaler:"+s.NS+"/lagscaler", 4)
	got = s.awaitDecision(d, "a write of our own to be seen", known(4))
	if w := got.Workload.LastWrite; w.From != 3 || w.To != 4 {
		t.Errorf("our own write is not ours: %+v", w)
	}
}

// oldReplica holds the Lease as a replica of a version before this one does, until it retires.
func (s *scenario) oldReplica() (retire func()) {
	s.t.Helper()
	leases := s.Client().CoordinationV1().Leases(s.NS)
	holder, seconds, now := "old", int32(election.Duration/time.Second), metav1.NowMicro()
	lease, err := leases.Create(s.t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "lagscaler"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(2 * time.Second):
			}
			now := metav1.NowMicro()
			lease.Spec.RenewTime = &now
			if renewed, err := leases.Update(ctx, lease, metav1.UpdateOptions{}); err == nil {
				lease = renewed
			}
		}
	}()
	return func() { stop(); <-ended }
}

// scaleAs writes the replicas under a field manager.
func (s *scenario) scaleAs(manager string, replicas int32) {
	s.t.Helper()
	deployments := s.Client().AppsV1().Deployments(s.NS)
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { // the Deployment controller writes the status meanwhile
		scale, err := deployments.GetScale(s.t.Context(), workload, metav1.GetOptions{})
		if err != nil {
			return err
		}
		scale.Spec.Replicas = replicas
		_, err = deployments.UpdateScale(s.t.Context(), workload, scale, metav1.UpdateOptions{FieldManager: manager})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// A write that is in progress when a leader is cut off ends before another replica may lead.
func TestAWriteEndsWithTheLease(t *testing.T) {
	t.Parallel()
	c := controlPlane(t)
	ns := c.Namespace(t)
	c.Deploy(t, kube.Deployment{Namespace: ns, Name: workload, Replicas: 1})
	way := newWay(t, c.URL())
	config := c.Config()
	config.Host = way.url
	first, leads := candidate(t, kubernetes.NewForConfigOrDie(config), ns, "first")
	await(t, "the first to lead", func() error { return leads(first) })
	second, _ := candidate(t, c.Client(), ns, "second")

	client := kubernetes.NewForConfigOrDie(config).AppsV1().Deployments(ns)
	scale, err := client.GetScale(t.Context(), workload, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	way.cut.Store(true)
	cut := time.Now()
	ctx, release, err := first.Bound(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	scale.Spec.Replicas = 5
	_, err = client.UpdateScale(ctx, workload, scale, metav1.UpdateOptions{})
	took := time.Since(cut)
	if err == nil || took > election.Duration-4*time.Second || second.Leading() {
		t.Errorf("the write ended %v after the cut with %v; the second leads: %v", took, err, second.Leading())
	}
	await(t, "the second to lead", func() error { return leads(second) })
	way.cut.Store(false)
	time.Sleep(2 * time.Second) // what was on the way would arrive now
	if n := c.Replicas(t, ns, workload); n != 1 {
		t.Errorf("%d replicas: the write arrived after the lease", n)
	}
}

// candidate stands for election until the test ends.
func candidate(t *testing.T, client kubernetes.Interface, ns, name string) (e *election.Election, leads func(*election.Election) error) {
	t.Helper()
	api := access.NewAPI(access.Clients{Kubernetes: client}, access.Installation{Namespace: ns, Lease: "lagscaler"}, slog.New(slog.DiscardHandler))
	e = election.New(api, name, "", func() []string { return []string{"*"} })
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); _ = e.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return e, func(e *election.Election) error {
		if !e.Leading() {
			return fmt.Errorf("it follows")
		}
		return nil
	}
}

// way is a way to the API server that can be cut: what is sent then is lost, and the connections stay open.
type way struct {
	url string
	cut atomic.Bool
}

func newWay(t *testing.T, server string) *way {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &way{url: strings.Replace(server, to.Host, listener.Addr().String(), 1)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test ended
			}
			upstream, err := net.Dial("tcp", to.Host)
			if err != nil {
				_ = client.Close()
				continue
			}
			go w.carry(upstream, client)
			go w.carry(client, upstream)
		}
	}()
	return w
}

// carry carries bytes one way, until one end closes.
func (w *way) carry(to io.WriteCloser, from io.Reader) {
	defer to.Close()
	buffer := make([]byte, 1<<15)
	for lost := false; ; {
		n, err := from.Read(buffer)
		lost = lost || w.cut.Load() // a gap cannot be healed
		if err != nil {
			return
		}
		if lost {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
