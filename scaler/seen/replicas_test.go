package seen

import (
	"testing"
	"time"
)

// What somebody else changed is kept, unless it was the autoscaler that asks for our number, also before it asked for the first time.
func TestChangesOfAnAutoscalerThatAsks(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	type step struct {
		spec     int32
		followed bool
	}
	for name, c := range map[string]struct {
		steps []step
		want  int
	}{
		"somebody":                  {[]step{{1, false}, {4, false}, {4, false}}, 1},
		"an autoscaler that asks":   {[]step{{1, true}, {4, true}, {4, true}}, 0},
		"before it asked":           {[]step{{1, false}, {4, false}, {4, true}}, 0},
		"after it asked":            {[]step{{1, true}, {1, false}, {4, false}}, 1},
		"somebody, long before":     {[]step{{1, false}, {4, false}, {4, true}, {4, false}}, 0},
		"twice, and it asks at one": {[]step{{1, false}, {4, true}, {2, false}}, 1},
	} {
		var r Replicas
		for i, s := range c.steps {
			p := Poll{Now: noon.Add(time.Duration(i) * 10 * time.Second), Clock: Clock{}.Filled()}
			p.Workload = Workload{Found: true, HasScale: true, Spec: s.spec, Ready: s.spec, Followed: s.followed}
			r = r.next(&p)
		}
		if len(r.External) != c.want {
			t.Errorf("%s: %d changes by others, want %d", name, len(r.External), c.want)
		}
	}
}
