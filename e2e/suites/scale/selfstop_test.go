package scale

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/long"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// What was learned of the consumers is wrong, three times in a row: a step down follows from it, and records are late, though no more
// arrive than the step was made for. What busy consumers do corrects it each time. After the third step the scaler stops itself, across
// leaders, and goes back to the size that was well.
func TestItStopsItself(t *testing.T) {
	long.Story(t, "worlds of scaler/sim/worlds stop themselves, and scaler/kube has the condition")
	t.Parallel()
	const enough = 12
	s := open(t, setup{
		Rate: 300, Replicas: enough, Spec: "  stabilizationWindow: 120s\n",
		Scaler: func(s *closedloop.Loop) string {
			return strings.Replace(s.Scaler(), "targetLag: 10s", "targetLag: 3s", 1)
		},
	})
	s.AwaitReady(t, s.NS, workload, enough)
	d := s.start()
	s.awaitCalm(d)
	for step := 1; step <= breaker.LateAtMost; step++ {
		if err := d.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-d.Done()
		s.Mislead(150) // of 50
		s.Daemon.Identity = fmt.Sprintf("leader-%d", step)
		d = s.start()
		awaitFor(t, 3*time.Minute, fmt.Sprintf("late step %d of %d", step, breaker.LateAtMost), func() error {
			_, learned := s.Learned()
			if b := learned.Breaker; len(b.Late) != step && b.Stop.Since.IsZero() {
				return fmt.Errorf("the breaker has %+v", b)
			}
			return nil
		})
		s.awaitDecision(d, "the size that was well", func(got scalerReport) bool { return got.Decision.Current == enough })
	}
	got := s.awaitDecision(d, "the stop", func(got scalerReport) bool { return got.Decision.Why.Stopped != nil })
	if stop := got.Decision.Why.Stopped; stop.Cause != breaker.MadeLate || stop.Steps != breaker.LateAtMost {
		t.Errorf("stopped %+v", stop)
	}
	s.awaitCondition("ScaleDownStopped", "True/ScaleDownStopped")
	s.awaitEvent("KafkaScaler", scalerName, string(scaler.ScaleDownStopped))
}
