package scale

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

const memoryKey = "memory.json"

// memory is what the scaler has saved, in its ConfigMap.
func (s *scenario) memory() (saved corev1.ConfigMap, learned scaler.Memory) {
	s.t.Helper()
	list, err := s.Client().CoreV1().ConfigMaps(s.NS).List(s.t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=lagscaler"})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, saved := range list.Items {
		if learned, err := scaler.LoadMemory([]byte(saved.Data[memoryKey])); err == nil {
			return saved, learned
		}
	}
	return saved, learned
}

// mislead writes a wrong capacity into what was learned, as a defect would, while no daemon runs.
func (s *scenario) mislead(perConsumer float64) {
	s.t.Helper()
	saved, learned := s.memory()
	if len(learned.Sources) != 1 {
		s.t.Fatalf("the saved memory has %d sources", len(learned.Sources))
	}
	learned.Sources[0].PerConsumer = perConsumer
	text, err := learned.Save()
	if err != nil {
		s.t.Fatal(err)
	}
	saved.Data[memoryKey] = string(text)
	if _, err := s.Client().CoreV1().ConfigMaps(s.NS).Update(s.t.Context(), &saved, metav1.UpdateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// What was learned of the consumers is wrong, three times in a row: a step down follows from it, and records are late, though no more
// arrive than the step was made for. What busy consumers do corrects it each time. After the third step the scaler stops itself, across
// leaders, and goes back to the size that was well.
func TestItStopsItself(t *testing.T) {
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
		s.mislead(150) // of 50
		s.Daemon.Identity = fmt.Sprintf("leader-%d", step)
		d = s.start()
		await(t, fmt.Sprintf("late step %d of %d", step, breaker.LateAtMost), func() error {
			_, learned := s.memory()
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
