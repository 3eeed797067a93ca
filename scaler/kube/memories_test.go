package kube

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

func TestMemorySurvivesAChangeOfLeader(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		learned := scaler.Memory{Memory: learn.Memory{Version: learn.MemoryVersion, Startup: []float64{31, 28}}}
		for range 2 { // made, then replaced
			if err := w.Save(w.t.Context(), map[string]scaler.Memory{"shop/orders": learned, "shop/gone": learned}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := w.other("second").Load(w.t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{"shop/orders"}) {
			t.Errorf("loaded %v, want only what is declared", names)
		}
		if !slices.Equal(got["shop/orders"].Startup, learned.Startup) {
			t.Errorf("loaded %+v, want %+v", got["shop/orders"], learned)
		}
	})
}

func TestAMemoryOfAnotherVersionIsLeftOut(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		if err := w.Save(w.t.Context(), map[string]scaler.Memory{"shop/orders": {}}); err != nil {
			t.Fatal(err)
		}
		maps := w.typed.CoreV1().ConfigMaps("lagscaler")
		saved, err := maps.Get(w.t.Context(), w.memories.configMap("shop/orders"), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		saved.Data[memoryKey] = `{"version": 99}`
		if _, err := maps.Update(w.t.Context(), saved, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Load(w.t.Context())
		if err != nil || len(got) != 0 || strings.Count(w.log.String(), "a saved memory is left out") != 1 {
			t.Errorf("loaded %v, %v", got, err)
		}
	})
}

func TestAFollowerSavesNothing(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		if err := w.other("second").Save(w.t.Context(), map[string]scaler.Memory{"shop/orders": {}}); err == nil {
			t.Error("a follower saved")
		}
	})
}

// What becomes of a target at zero when its scaler is deleted.
func TestDeletedAtZero(t *testing.T) {
	zero := strings.Replace(orders, "maxReplicas: 48", "minReplicas: 0", 1)
	keep := strings.Replace(zero, "minReplicas: 0", "minReplicas: 0\n  onDelete: keep", 1)
	second := zero + "\n---\n" + strings.Replace(strings.Split(zero, "\n---\n")[0], "name: orders", "name: second", 1)
	tests := []struct {
		name     string
		manifest string
		replicas int64
		mode     scaler.Mode
		want     int32
	}{
		{"at zero", zero, 0, scaler.Act, 1},
		{"it runs", zero, 3, scaler.Act, 3},
		{"one runs", zero, 1, scaler.Act, 1},
		{"to be kept", keep, 0, scaler.Act, 0},
		{"another scaler holds it", second, 0, scaler.Act, 0},
		{"it only advised", strings.Replace(zero, "mode: act", "mode: advise", 1), 0, scaler.Act, 0},
		{"nothing may be written", zero, 0, scaler.Advise, 0},
	}
	for _, tt := range tests {
		for _, down := range []bool{false, true} {
			name := tt.name
			if down {
				name += ", while no replica runs"
			}
			t.Run(name, func(t *testing.T) {
				inWorld(t, tt.manifest, Settings{Mode: tt.mode}, func(w *world) {
					w.scale("worker", tt.replicas)
					if err := w.Save(w.t.Context(), map[string]scaler.Memory{"shop/orders": {}}); err != nil {
						t.Fatal(err)
					}
					if down { // a process that never saw the scaler, and loads what is saved
						w.declarations.mu.Lock()
						delete(w.declarations.resources, "shop/orders")
						w.declarations.mu.Unlock()
						w.memories.mu.Lock()
						clear(w.memories.saved)
						w.memories.mu.Unlock()
					}
					if err := w.untyped.Resource(v1alpha1.Resource).Namespace("shop").Delete(w.t.Context(), "orders", metav1.DeleteOptions{}); err != nil {
						t.Fatal(err)
					}
					if down {
						if _, err := w.Load(w.t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(upkeep + time.Second)
					if saved, err := w.Load(w.t.Context()); tt.replicas == 0 && w.replicas("worker") == 1 && (err != nil || len(saved) > 0) {
						t.Errorf("restored, and its memory is kept: %v, %v", saved, err)
					}
					time.Sleep(2 * upkeep)
					if got := w.replicas("worker"); got != tt.want {
						t.Errorf("%d replicas, want %d", got, tt.want)
					}
					told := slices.Contains(w.events("Deployment"), "Normal Restored")
					logged := strings.Count(w.log.String(), "msg=restored target=Deployment/shop/worker from=0 to=1 reason=Restored")
					if restored := tt.replicas == 0 && tt.want == 1; told != restored || logged != map[bool]int{true: 1}[restored] {
						t.Errorf("restored %v; an Event says so: %v, %d lines of the log:\n%s", restored, told, logged, w.log.String())
					}
					left, err := w.Load(w.t.Context())
					if kept := len(left) > 0; err != nil || kept != (tt.mode != scaler.Act) {
						t.Errorf("memories left: %v, %v", left, err)
					}
				})
			})
		}
	}
}

// The memory of the busiest scaler there can be, sixteen groups whose week cannot be compressed, fits into a ConfigMap
// many times over: it is saved less exactly, and no step is left out.
func TestMemoryFits(t *testing.T) {
	const limit = 1 << 20
	noise := make([]byte, 2*7*24*12)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise) // never fails
	var packed bytes.Buffer
	z, err := flate.NewWriter(&packed, flate.NoCompression)
	if err == nil {
		_, err = z.Write(noise)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	var week learn.Series
	if err := json.Unmarshal(fmt.Appendf(nil, `{"end": 1, "codes": %q}`, base64.StdEncoding.EncodeToString(packed.Bytes())), &week); err != nil {
		t.Fatal(err)
	}
	m := scaler.Memory{Memory: learn.Memory{Week: learn.Week{Rate: week, Actual: week, Desired: week, Late: week}}}
	for i := range 16 {
		m.Sources = append(m.Sources, learn.Source{Group: fmt.Sprintf("group-%02d", i), Season: learn.Season{Maxima: week}})
	}
	data, err := m.Save()
	if err != nil || len(data) > limit/4 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	back, err := scaler.LoadMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := len(week.Points()), len(back.Sources[0].Season.Maxima.Points()); was < 2000 || is != was {
		t.Errorf("%d steps, then %d", was, is)
	}
}
