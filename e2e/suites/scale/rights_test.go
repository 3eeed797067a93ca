package scale

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// Each right is taken away in turn: it is named where it can be, and the rest goes on.
func TestEachRightIsMissed(t *testing.T) {
	t.Parallel()
	for _, r := range access.Permissions(scaler.Act) {
		if r.Resource == "leases" && r.Place == access.Watched {
			continue // used only if another installation keeps a KafkaScaler: scaler/kube tests it
		}
		if r.Resource == "scaledobjects" || strings.HasPrefix(r.Resource, "statefulsets") {
			continue // not asked for here: no such resource, no such target
		}
		t.Run(strings.ReplaceAll(r.Resource, "/", " "), func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{WithoutConsumer: func(string) bool { return true }, Partitions: 1})
			s.Kubectl(t, "annotate", "kafkascaler", scalerName, "--namespace="+s.NS, "lagscaler.io/fixed-replicas=3")
			s.Grant(scaler.Act, r.Resource)
			d := s.start()
			await(t, "the missing right to be named", func() error {
				all := d.History()
				if len(all) == 0 || !slices.ContainsFunc(all[len(all)-1].Missing, func(m string) bool { return strings.Contains(m, " "+r.Resource) }) {
					return fmt.Errorf("it tells nothing of %s", r.Resource)
				}
				return nil
			})
			s.checkWithout(d, r.Resource)
			if !d.Alive() {
				t.Error("the daemon ended")
			}
		})
	}
}

// checkWithout holds what is done without a right against what its absence allows.
func (s *scenario) checkWithout(d *daemon, resource string) {
	s.t.Helper()
	switch resource {
	case "leases", "kafkascalers": // nobody leads; nothing is seen: nothing is written
		time.Sleep(5 * time.Second)
		if n := s.Size(); n != 1 {
			s.t.Errorf("%d replicas", n)
		}
	case "deployments":
		s.awaitCondition("Ready", "False/MissingRight")
	case "deployments/scale", "horizontalpodautoscalers":
		s.awaitCondition("AbleToScale", "False/Failed")
		s.awaitCondition("Permitted", "False/MissingRight")
	case "kafkascalers/status": // where it would be said
		s.awaitSize("the operator's three", atLeast(3))
	default: // pods, events, configmaps
		s.awaitSize("the operator's three", atLeast(3))
		s.awaitCondition("Permitted", "False/MissingRight")
	}
}
