package scale

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop/consumer"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

func TestMain(m *testing.M) { closedloop.Main(m) }

// The words of these tests for what the closed loop has.
type (
	setup          = closedloop.Setup
	daemon         = closedloop.Daemon
	report         = closedloop.Report
	scalerReport   = closedloop.ScalerReport
	consumerConfig = consumer.Config
	consumerReport = consumer.Report
	step           = closedloop.Step
)

const (
	workload   = closedloop.Workload
	scalerName = closedloop.ScalerName
	target     = closedloop.Target
	pace       = closedloop.Pace
)

// scenario is a closed loop, with what only these tests ask of it.
type scenario struct {
	*closedloop.Loop
	t *testing.T
}

// open makes the scenario. No daemon runs yet.
func open(t *testing.T, st setup) *scenario {
	t.Helper()
	return &scenario{closedloop.Open(t, st), t}
}

// controlPlane is the shared control plane, which serves KafkaScalers.
func controlPlane(t *testing.T) *kube.ControlPlane {
	t.Helper()
	c := kube.Shared(t)
	c.InstallKafkaScalers(t)
	return c
}

// start starts a daemon.
func (s *scenario) start() *daemon { return s.Start() }

func await(t *testing.T, what string, ask func() error) {
	t.Helper()
	closedloop.Await(t, what, ask)
}

func awaitFor(t *testing.T, limit time.Duration, what string, ask func() error) {
	t.Helper()
	closedloop.AwaitFor(t, limit, what, ask)
}

// even are the weights of partitions that are alike.
func even(partitions int) []int { return closedloop.Even(partitions) }

// steps are the sizes that a daemon wrote, first to last.
func steps(history []report, name string) []step { return closedloop.Steps(history, name) }

// awaitDecision waits until the daemon's last report is good.
func (s *scenario) awaitDecision(d *daemon, what string, good func(scalerReport) bool) scalerReport {
	s.t.Helper()
	return s.AwaitDecision(d, what, good)
}

// awaitVerdict waits until the daemon's last report is that verdict.
func (s *scenario) awaitVerdict(d *daemon, verdict scaler.Reason) scalerReport {
	s.t.Helper()
	return s.AwaitVerdict(d, verdict)
}
