package closedloop

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// Steps that follow each other faster than pods start do not make the pods of the first one look fast.
func TestStarts(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	for name, c := range map[string]struct {
		sizes [][2]int // second, replicas
		ups   []int
		want  []int
	}{
		"nothing changes":                 {[][2]int{{0, 2}}, []int{-9, -8}, nil},
		"one step":                        {[][2]int{{0, 2}, {100, 4}}, []int{-9, -8, 115, 113}, []int{13, 15}},
		"two steps, one soon after":       {[][2]int{{0, 2}, {100, 4}, {115, 8}}, []int{-9, -8, 114, 118, 129, 130, 131, 133}, []int{14, 18, 14, 15, 16, 18}},
		"a step back takes back the last": {[][2]int{{0, 2}, {100, 4}, {105, 6}, {110, 4}, {200, 5}}, []int{-9, -8, 113, 114, 216}, []int{13, 14, 16}},
		"a step before the first are up":  {[][2]int{{0, 2}, {10, 4}}, []int{13, 15, 24, 26}, []int{14, 16}},
		"a pod is replaced":               {[][2]int{{0, 2}, {200, 3}}, []int{13, 15, 100, 214}, []int{14}},
		"a step down of pods that run":    {[][2]int{{0, 6}, {100, 2}, {200, 3}}, []int{-9, -9, -9, -9, -8, -8, 214}, []int{14}},
	} {
		var sizes []kube.Size
		for _, s := range c.sizes {
			sizes = append(sizes, kube.Size{At: at(s[0]), Replicas: int32(s[1])})
		}
		var ups []time.Time
		for _, up := range c.ups {
			ups = append(ups, at(up))
		}
		var got []int
		for _, d := range startsOf(ups, sizes) {
			got = append(got, int(d.Seconds()))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
