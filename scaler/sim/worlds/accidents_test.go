package worlds

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
)

// accidents are what may happen to the members of a group, in any order.
var accidents = map[string]func(*run){
	"kill":    func(r *run) { r.fleet.kill(r.fleet.pods[r.rng.IntN(len(r.fleet.pods))]) },
	"half":    killHalf,
	"restart": restartContainer,
	"replace": replaceOldest,
	"ours":    restart,
	"debug": func(r *run) {
		m := r.group.join(nil, fmt.Sprintf("%s-1", target), natAddress)
		m.Topics = r.reads
		r.later(3*minute, func(r *run) { r.group.leave(func(o *member) bool { return o == m }) })
	},
	"crash loop": func(r *run) {
		p := r.fleet.pods[r.rng.IntN(len(r.fleet.pods))]
		for k := range 10 {
			r.later(time.Duration(k)*30*time.Second, func(r *run) { r.fleet.restart(p) })
		}
	},
	"other Deployment": func(r *run) { // behind the same address where there is one, and killed soon after
		for range 5 {
			m := r.group.join(nil, fmt.Sprintf("consumer-%s-1", r.group.name), natAddress)
			m.Topics = r.reads
			r.later(4*minute, func(r *run) { r.group.kill(r.now, func(o *member) bool { return o == m }) })
		}
	},
	"look-alike": func(r *run) { // a pod of another StatefulSet: its name begins with that of ours
		m := r.group.join(nil, fmt.Sprintf("%s-1-0", target), "10.8.8.8")
		m.Topics = r.reads
		r.later(5*minute, func(r *run) { r.group.kill(r.now, func(o *member) bool { return o == m }) })
	},
}

// For any sequence of member lists with deaths, restarts, shared addresses and look-alike names, the fleet never scales down
// while consumers that work are needed.
func TestNoAccidentScalesDown(t *testing.T) {
	names := []string{"kill", "half", "restart", "replace", "ours", "debug", "look-alike", "crash loop", "other Deployment"}
	rapid.Check(t, func(rt *rapid.T) {
		w := full("accidents").with(func(w *world) {
			w.hours = 1
			w.fleet.nat, w.fleet.stateful, w.fleet.named = rapid.Bool().Draw(rt, "nat"), rapid.Bool().Draw(rt, "stateful"), rapid.Bool().Draw(rt, "named")
			w.fleet.threads = rapid.IntRange(1, 3).Draw(rt, "threads")
			w.fleet.replicas = int32(12 / w.fleet.threads)
			if rapid.Bool().Draw(rt, "KIP-848") {
				w.reader.kind = lag.Consumer
			}
			for range rapid.IntRange(1, 5).Draw(rt, "accidents") {
				at := time.Duration(rapid.IntRange(2, 40*12).Draw(rt, "at")) * step
				w.events = append(w.events, event{at, accidents[rapid.SampledFrom(names).Draw(rt, "what")]})
			}
		})
		check(rt, play(t, w, rapid.Uint64Range(1, 1000).Draw(rt, "seed")), keepsUp, honest)
	})
}
