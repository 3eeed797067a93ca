package engine

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// many are several workloads on group orders, each with replicas to spare.
type many struct {
	scalers []scaler.Scaler
	applied []scaler.Change
}

func spares(t *testing.T, names ...string) *many {
	t.Helper()
	m := &many{}
	for _, name := range names {
		one := idle(t).scaler
		one.Name = name
		one.Workload.Ref.Namespace, one.Workload.Ref.Name, _ = strings.Cut(name, "/")
		m.scalers = append(m.scalers, one)
	}
	return m
}

func (m *many) Scalers(time.Time) []scaler.Scaler { return m.scalers }

func (m *many) Apply(_ context.Context, c scaler.Change) error {
	m.applied = append(m.applied, c)
	return nil
}

// drawer is a store that keeps what it was given.
type drawer map[string]scaler.Memory

func (k drawer) Load(context.Context) (map[string]scaler.Memory, error) { return maps.Clone(k), nil }

func (k drawer) Save(_ context.Context, learned map[string]scaler.Memory) error {
	for name, m := range learned {
		data, err := m.Save()
		if err != nil {
			return err
		}
		if k[name], err = scaler.LoadMemory(data); err != nil {
			return err
		}
	}
	return nil
}

// stopped is a memory of a scaler that has just stopped itself.
func stopped(at time.Time) (m scaler.Memory) {
	m.Breaker.Stop = breaker.Stop{Since: at, Until: at.Add(2 * time.Hour), Cause: breaker.MadeLate, Steps: 3}
	return m
}

// When three scalers of two namespaces have stopped themselves, none scales down for an hour, also under the next leader; then those
// that have not stopped themselves do.
func TestAllStop(t *testing.T) {
	for _, c := range []struct {
		names []string
		stops bool
	}{
		{[]string{"shop/a", "shop/b", "bank/c"}, true},
		{[]string{"shop/a", "shop/b", "shop/c"}, false},
		{[]string{"shop/a", "bank/c"}, false},
	} {
		t.Run(fmt.Sprint(c.names), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := drawer{}
				for _, name := range c.names {
					store[name] = stopped(time.Now())
				}
				f := spares(t, append(c.names, "mail/d")...)
				k := &kafka{name: "main", end: 100, committed: 100, members: 3}
				var log bytes.Buffer
				leader := func() *Engine {
					return New(settings(k), Options{Targets: f, Memories: store, Log: slog.New(slog.NewTextHandler(&log, nil))})
				}
				e := leader()
				lives := func(d time.Duration) {
					for until := time.Now().Add(d); time.Now().Before(until); time.Sleep(10 * time.Second) {
						e.Tick(t.Context(), time.Now())
					}
				}
				lives(20 * time.Minute)
				if went := len(f.applied) > 0; went == c.stops {
					t.Fatalf("%d writes after 20 min; all stop: %v\n%s", len(f.applied), c.stops, log.String())
				}
				if !c.stops {
					return
				}
				e = leader() // with what was saved
				lives(30 * time.Minute)
				if len(f.applied) > 0 {
					t.Fatalf("the next leader scales down: %+v", f.applied)
				}
				r := e.Latest().Scalers
				if reason, why, ok := r[len(r)-3].Decision.StoppedBy(); r[len(r)-3].Name != "mail/d" || !ok || reason != scaler.FleetStopped {
					t.Errorf("%s: %s %s", r[len(r)-3].Name, reason, why)
				}
				if !strings.Contains(log.String(), "no scaler scales down") {
					t.Errorf("not logged:\n%s", log.String())
				}
				if lives(20 * time.Minute); len(f.applied) == 0 || f.applied[0].Scaler != "mail/d" {
					t.Errorf("after the hour: %d writes; %s", len(f.applied), r[len(r)-3].Line)
				}
			})
		})
	}
}
