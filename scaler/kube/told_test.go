package kube

import (
	"bytes"
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What was told outlives the leader, and is not taken for a memory. A leader that has not seen what another one saved overwrites nothing.
func TestWhatWasTold(t *testing.T) {
	inWorld(t, orders, act, func(w *world) {
		ctx := w.t.Context()
		if got, err := w.LoadTold(ctx); err != nil || got != nil {
			t.Fatalf("%q, %v", got, err)
		}
		for _, data := range [][]byte{[]byte("one"), []byte("two")} { // made, then replaced
			if err := w.SaveTold(ctx, data); err != nil {
				t.Fatal(err)
			}
			if got, err := w.other("second").LoadTold(ctx); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if learned, err := w.Load(ctx); err != nil || len(learned) != 0 {
			t.Errorf("memories: %v, %v", learned, err)
		}
		maps := w.typed.CoreV1().ConfigMaps("lagscaler")
		saved, err := maps.Get(ctx, w.told.name(), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := maps.Delete(ctx, saved.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := w.SaveTold(ctx, []byte("three")); !errors.Is(err, ErrSavedByAnother) {
			t.Errorf("it was deleted: %v", err)
		}
		if _, err := w.LoadTold(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.SaveTold(ctx, []byte("three")); err != nil {
			t.Errorf("loaded again: %v", err)
		}
		if err := w.other("third").SaveTold(ctx, []byte("four")); err == nil {
			t.Error("a follower saved")
		}
		if w.Installation() != "lagscaler/lagscaler" {
			t.Errorf("installation %s", w.Installation())
		}
	})
}
