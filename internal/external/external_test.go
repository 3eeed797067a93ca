package external

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// installation is what the replicas of a test share: who leads, and what the leader says.
type installation struct {
	mu      sync.Mutex
	leader  string                    // address
	reports map[string]*engine.Report // by the name of the replica
	tooMany bool
}

func (in *installation) set(change func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	change()
}

// replica is a server that listens on loopback.
type replica struct {
	*Server
	in      *installation
	name    string
	address string
	stop    func() error
}

func (r *replica) LeaderFor(string, string, map[string]string) string {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	return r.in.leader
}

func (r *replica) LeadsFor(string, string, map[string]string) bool {
	return r.LeaderFor("", "", nil) == r.address
}

func (r *replica) AskFor(namespace, scaledObject string, metadata map[string]string) (string, bool, error) {
	switch {
	case metadata["kafkaScaler"] != "":
		return namespace + "/" + metadata["kafkaScaler"], false, nil
	case metadata["consumerGroup"] != "":
		return namespace + "/" + scaledObject + "@keda", true, nil
	}
	return "", false, errors.New("kafkaScaler: is missing")
}

func (r *replica) Follow(string, string) error {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	if r.in.tooMany {
		return errors.New("too many triggers")
	}
	return nil
}

func (r *replica) latest() *engine.Report {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	return r.in.reports[r.name]
}

// says makes the replica's latest Report.
func (r *replica) says(scalers ...scaler.Outcome) {
	report := &engine.Report{At: time.Now(), Leader: true}
	for _, o := range scalers {
		report.Scalers = append(report.Scalers, engine.ScalerReport{Outcome: o})
	}
	r.in.set(func() { r.in.reports[r.name] = report })
	r.Published()
}

func start(t *testing.T, in *installation, name string, files Files, restricted bool) *replica {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{in: in, name: name, address: l.Addr().String()}
	r.Server, err = New(Options{
		Scalers: r, Latest: r.latest, Interval: 10 * time.Second, Restricted: func() bool { return restricted }, Files: files,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, l) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func leading(t *testing.T) (*installation, *replica) {
	t.Helper()
	in := &installation{reports: map[string]*engine.Report{}}
	r := start(t, in, "first", Files{}, false)
	in.set(func() { in.leader = r.address })
	return in, r
}

// client is one with the options of KEDA 2.21.
func client(t *testing.T, address string, options ...grpc.DialOption) pb.ExternalScalerClient {
	t.Helper()
	if len(options) == 0 {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	conn, err := grpc.NewClient(address, append(options, grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin":{}}]}`))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return pb.NewExternalScalerClient(conn)
}

func ref(namespace string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Name: "orders", Namespace: namespace, ScalerMetadata: map[string]string{"kafkaScaler": "orders", "scalerAddress": "x"}}
}

func ownSettings(namespace string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Name: "orders", Namespace: namespace, ScalerMetadata: map[string]string{"kafkaCluster": "main", "consumerGroup": "orders"}}
}

// orders is a scaler whose decision goes from one size to another.
func orders(from, to int32, verdict scaler.Reason) scaler.Outcome {
	return scaler.Outcome{
		Scaler:   scaler.Scaler{Name: "shop/orders", Mode: scaler.Advise, Workload: seen.Workload{Found: true, HasScale: true, Spec: from}},
		Decision: scaler.Decision{At: time.Now(), Current: from, Desired: to, Wanted: to, Verdict: verdict, Decider: -1},
	}
}

func ask(t *testing.T, c pb.ExternalScalerClient, q *pb.ScaledObjectRef) (replicas float64, active bool, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := c.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: q, MetricName: metric})
	a, activeErr := c.IsActive(ctx, q)
	if status.Code(err) != status.Code(activeErr) {
		t.Errorf("GetMetrics: %v, IsActive: %v", err, activeErr)
	}
	if err != nil {
		return 0, false, err
	}
	if len(m.GetMetricValues()) != 1 || m.GetMetricValues()[0].GetMetricName() != metric ||
		float64(m.GetMetricValues()[0].GetMetricValue()) != m.GetMetricValues()[0].GetMetricValueFloat() {
		t.Errorf("metrics %v", m)
	}
	return m.GetMetricValues()[0].GetMetricValueFloat(), a.GetResult(), nil
}

// Every state has a number or an error, and always the specification of the metric.
func TestAnswers(t *testing.T) {
	with := func(o scaler.Outcome, change func(*scaler.Outcome)) []scaler.Outcome {
		change(&o)
		return []scaler.Outcome{o}
	}
	for _, c := range []struct {
		name   string
		says   []scaler.Outcome
		q      *pb.ScaledObjectRef
		want   float64
		active bool
		code   codes.Code
		text   string
	}{
		{"up", []scaler.Outcome{orders(4, 12, scaler.ScaleUp)}, ref("shop"), 12, true, codes.OK, ""},
		{"to zero", []scaler.Outcome{orders(1, 0, scaler.ScaleToZero)}, ref("shop"), 0, false, codes.OK, ""},
		{"from zero", []scaler.Outcome{orders(0, 3, scaler.Activate)}, ref("shop"), 3, true, codes.OK, ""},
		{"a hold gives what was given last", with(orders(20, 20, scaler.HoldStabilizing), func(o *scaler.Outcome) { o.Given = &learn.Given{Replicas: 5} }), ref("shop"), 5, true, codes.OK, ""},
		{"not decided yet", with(orders(4, 4, scaler.Steady), func(o *scaler.Outcome) { o.Decision = scaler.Decision{} }), ref("shop"), 0, false, codes.Unavailable, "nothing is decided yet"},
		{"the target is gone", []scaler.Outcome{orders(0, 0, scaler.TargetNotFound)}, ref("shop"), 0, false, codes.Unavailable, "does not exist"},
		{"at zero, and not read for long", with(orders(0, 0, scaler.ZeroUnread), func(o *scaler.Outcome) {
			o.Decision.Wait = &scaler.Wait{Since: time.Now().Add(-2 * time.Minute)}
		}), ref("shop"), 0, false, codes.Unavailable, "not known whether records wait"},
		{"observe", with(orders(4, 4, scaler.Steady), func(o *scaler.Outcome) { o.Mode = scaler.Observe }), ref("shop"), 0, false, codes.FailedPrecondition, "observe"},
		{"refused", with(orders(4, 4, scaler.Steady), func(o *scaler.Outcome) { o.Refusal = scaler.Refuse("NotAllowed", "no rule allows it") }), ref("shop"), 0, false, codes.FailedPrecondition, "no rule allows it"},
		{"not read yet", with(orders(4, 4, scaler.Steady), func(o *scaler.Outcome) { o.Refusal = scaler.RefuseTarget("NotReadYet", "listing") }), ref("shop"), 0, false, codes.Unavailable, "listing"},
		{"another namespace", []scaler.Outcome{orders(4, 12, scaler.ScaleUp)}, ref("bank"), 0, false, codes.NotFound, "bank/orders"},
		{"its own settings, first question", []scaler.Outcome{orders(4, 12, scaler.ScaleUp)}, ownSettings("shop"), 0, false, codes.Unavailable, "next poll"},
		{"a wrong trigger", nil, &pb.ScaledObjectRef{Name: "orders", Namespace: "shop"}, 0, false, codes.InvalidArgument, "kafkaScaler: is missing"},
		{"no namespace", nil, &pb.ScaledObjectRef{Name: "orders"}, 0, false, codes.InvalidArgument, "no namespace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r := leading(t)
			r.says(c.says...)
			keda := client(t, r.address)
			n, active, err := ask(t, keda, c.q)
			if n != c.want || active != c.active || status.Code(err) != c.code || err != nil && !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v replicas, active %v, %v; want %v, %v, %v with %q", n, active, err, c.want, c.active, c.code, c.text)
			}
			spec, err := keda.GetMetricSpec(t.Context(), c.q)
			if err != nil || len(spec.GetMetricSpecs()) != 1 || spec.GetMetricSpecs()[0].GetTargetSize() != 1 || spec.GetMetricSpecs()[0].GetTargetSizeFloat() != 1 {
				t.Errorf("specification %v, %v", spec, err)
			}
			_, asked := r.Asked("shop/orders")
			if found := c.code != codes.NotFound && c.code != codes.InvalidArgument && c.text != "next poll"; asked != found {
				t.Errorf("noted as asked for: %v, want %v", asked, found)
			}
		})
	}
}

// A Report that is too old is no answer, and no Report is none.
func TestNoRecentPoll(t *testing.T) {
	in, r := leading(t)
	keda := client(t, r.address)
	if _, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.Unavailable {
		t.Errorf("before the first poll: %v", err)
	}
	r.says(orders(4, 12, scaler.ScaleUp))
	in.set(func() { in.reports["first"].Leader = false })
	if _, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.Unavailable {
		t.Errorf("before the first poll as the leader: %v", err)
	}
	r.says(orders(4, 12, scaler.ScaleUp))
	in.set(func() { in.reports["first"].At = time.Now().Add(-time.Minute) })
	if _, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "the last poll ended 1m0s ago") {
		t.Errorf("a minute after the last poll: %v", err)
	}
}

func TestTooManyTriggers(t *testing.T) {
	in, r := leading(t)
	in.set(func() { in.tooMany = true })
	r.says()
	if _, _, err := ask(t, client(t, r.address), ownSettings("shop")); status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
}

// A replica that does not lead gives the number of the leader, and none of its own.
func TestAFollowerAsksTheLeader(t *testing.T) {
	in, first := leading(t)
	second := start(t, in, "second", Files{}, false)
	first.says(orders(4, 12, scaler.ScaleUp))
	second.says(orders(4, 7, scaler.ScaleUp))
	keda := client(t, second.address)
	expect := func(want float64) {
		t.Helper()
		if n, active, err := ask(t, keda, ref("shop")); n != want || !active || err != nil {
			t.Errorf("%v, %v, %v; want %v", n, active, err, want)
		}
	}
	expect(12)
	if _, asked := second.Asked("shop/orders"); asked {
		t.Error("the follower notes a question that the leader answers")
	}
	in.set(func() { in.leader = second.address }) // it takes over
	expect(7)
	in.set(func() { in.leader = "" })
	if _, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "the Lease does not say") {
		t.Errorf("without a leader: %v", err)
	}
	in.set(func() { in.leader = first.address })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.Unavailable {
		t.Errorf("the leader is gone, and %v replicas are given, %v", n, err)
	}
}

// The Lease may name a replica that does not lead any more: it does not ask on.
func TestAQuestionIsPassedOnOnce(t *testing.T) {
	in, first := leading(t)
	second := start(t, in, "second", Files{}, false)
	first.says(orders(4, 12, scaler.ScaleUp))
	first.in = &installation{leader: second.address, reports: in.reports} // each thinks that the other one leads
	if n, _, err := ask(t, client(t, second.address), ref("shop")); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "does not lead any more") {
		t.Errorf("%v, %v", n, err)
	}
}

// told is what a stream says, until it ends.
func told(t *testing.T, c pb.ExternalScalerClient, q *pb.ScaledObjectRef) (says chan bool, ended chan error) {
	t.Helper()
	says, ended = make(chan bool, 100), make(chan error, 1)
	stream, err := c.StreamIsActive(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			m, err := stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			says <- m.GetResult()
		}
	}()
	return says, ended
}

const soon = 20 * time.Second

func next[T any](t *testing.T, c chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(soon):
		t.Fatalf("%s does not come", what)
	}
	return v
}

// A stream is told at once when a target at zero is needed; nothing is told of what is not known, nor that it is not needed.
func TestStream(t *testing.T) {
	for _, passedOn := range []bool{false, true} {
		in, first := leading(t)
		asked := first
		if passedOn {
			asked = start(t, in, "second", Files{}, false)
		}
		first.says(orders(0, 0, scaler.Steady))
		says, ended := told(t, client(t, asked.address), ref("shop"))
		for { // until the stream is open
			if _, ok := first.Asked("shop/orders"); ok {
				break
			}
			time.Sleep(time.Millisecond)
		}
		first.says(orders(0, 0, scaler.TargetNotFound))
		first.says(orders(0, 3, scaler.Activate))
		if !next(t, says, "the activation") {
			t.Error("false is told")
		}
		first.says(orders(3, 3, scaler.Steady))
		first.says(orders(1, 0, scaler.ScaleToZero))
		waitFor(t, first, func() bool {
			n, err := first.number(&first.latest().Scalers[0], first.latest())
			return n == 0 && err == nil
		})
		time.Sleep(50 * time.Millisecond) // the stream sees the zero before the next Report
		first.says(orders(0, 2, scaler.Activate))
		if !next(t, says, "the second activation") || len(says) > 0 {
			t.Error("more is told than two activations")
		}
		in.set(func() { in.leader = "127.0.0.1:1" })
		if err := next(t, ended, "the end at the change of the leader"); !errors.Is(err, io.EOF) {
			t.Errorf("at a change of the leader the stream ends with %v", err)
		}
	}
}

func waitFor(t *testing.T, _ *replica, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

// The end of the process ends streams, without an error.
func TestStopsWithOpenStreams(t *testing.T) {
	_, r := leading(t)
	r.says(orders(0, 3, scaler.Activate))
	says, ended := told(t, client(t, r.address), ref("shop"))
	next(t, says, "the activation")
	began := time.Now()
	if err := r.stop(); err != nil || time.Since(began) > stopFor {
		t.Errorf("stopped after %v with %v", time.Since(began), err)
	}
	if err := next(t, ended, "the end"); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ends with %v", err)
	}
}

func TestCounts(t *testing.T) {
	_, r := leading(t)
	r.says(orders(4, 12, scaler.ScaleUp))
	keda := client(t, r.address)
	for _, namespace := range []string{"shop", "shop", "bank"} {
		_, _, _ = ask(t, keda, ref(namespace)) // the counts are what is tested
	}
	want := []Count{{"GetMetrics", "NotFound", 1}, {"GetMetrics", "OK", 2}, {"IsActive", "NotFound", 1}, {"IsActive", "OK", 2}}
	if got := r.Counts(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
