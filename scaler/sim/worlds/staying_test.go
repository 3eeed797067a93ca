package worlds

import (
	"fmt"
	"time"
)

// Consumers that stay in the group after their replica was removed: static members, and consumers that are killed before they
// can leave. Nobody reads their partitions until their session ends.

const never = 1000 * time.Hour

var sessions = []time.Duration{45 * time.Second, 90 * time.Second, 5 * minute, 30 * minute}

// stays makes the consumers of a world stay.
func (w world) stays(static bool, session time.Duration, declared bool) world {
	return w.with(func(w *world) {
		if session > 10*minute {
			w.hours += 3
		}
		w.fleet.stateful, w.fleet.named, w.reader.static, w.reader.silent = static, static, static, !static
		if w.reader.session = session; declared {
			w.source.SessionTimeout = session
		}
	})
}

// falls is traffic that needs ten replicas of twelve, then three, and at last as many as the last rate needs.
func falls(name string, then time.Duration, rate float64, judges ...judge) world {
	return world{
		name: name, hours: 4, fleet: fleetSpec{replicas: 12},
		topics: []topicSpec{{partitions: 12, rate: steps(map[time.Duration]float64{0: 1000, hour: 250, then: rate})}},
		judges: append(judges, keepsUp, upForTraffic),
	}
}

// upForTraffic: nothing is scaled up while the replicas are enough for what arrives.
func upForTraffic(r *run) (list []string) {
	for i := 1; i < len(r.seen); i++ {
		if before, p := &r.seen[i-1], &r.seen[i]; p.spec > before.spec && before.spec >= p.needs {
			list = append(list, wrong(before, "up to %d, needed are %d", p.spec, p.needs))
		}
	}
	return first(list)
}

// staying are worlds in which the consumers of removed replicas stay in the group. The shortest and the longest session are played at
// every edit, with less and more traffic.
func staying() (list []world) {
	for i, session := range sessions {
		for _, static := range []bool{true, false} {
			declared := (i%2 == 0) == static
			kind := fmt.Sprintf("removed consumers stay for %v, static %v, declared %v", session, static, declared)
			between := i > 0 && i < len(sessions)-1
			less := falls("less traffic: "+kind, never, 250, endsAt(4)).stays(static, session, declared)
			more := falls("more traffic: "+kind, 118*minute, 900, enough(2*minute)).stays(static, session, declared)
			less.long, more.long = between, between
			if less.twin = more.name; i%2 == 0 {
				less, more = less.kip848(), more.kip848()
			}
			list = append(list, less, more)
			less.long, less.events = true, each(7*minute, 9*minute, 5*hour, restart)
			less.name += ", restarts of the program"
			slow := falls("slower consumers: "+kind, never, 250, enough(10*minute)).stays(static, session, declared)
			slow.long, slow.learns, slow.events = true, true, []event{{118 * minute, func(r *run) { r.group.speed = 35 }}}
			list = append(list, slow)
			if list = append(list, less); !static {
				less.name, less.events = "behind NAT: "+kind, nil
				list = append(list, less.nat(1))
			}
		}
	}
	return list
}
