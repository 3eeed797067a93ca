package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// The part in which what was learned is wrong. The traffic of the other parts changes too fast for a step down to be called wrong: it
// stays the same here until the scaler stops itself.
const (
	evenTraffic  = 330   // records/s, which needs 12 of 12 consumers: none is busy, so what they do does not correct the lesson at once
	wrongLesson  = 150.0 // records/s that a consumer is believed to process, three times the truth
	shortTarget  = 3 * time.Second
	lessonTime   = 3 * patience
	whileStopped = 90 * time.Second // how long faults come then, while the traffic changes
)

// stopped is what became of a scaler whose lesson is wrong.
type stopped struct {
	Lessons  int           // wrong ones, each for replicas that are new
	Late     int           // steps down that made records late
	Stopped  bool          // by itself
	After    time.Duration // from the first wrong lesson to the stop
	Faults   []string      // that came while it had stopped
	Observed time.Duration // how long the sizes were watched after it had
	Lowest   int           // the lowest traffic in that time, in records/s
	Downs    []string      // changes to fewer replicas in that time
	Why      error         // it did not stop, or was not well again
}

// stopsItself makes what was learned wrong until the scaler stops itself. All replicas end for each lesson, and give the Lease back, so that
// a new one leads at once and reads it: one that has followed has readings of its own, which correct it.
// Then the traffic falls, and leaders, brokers and the apiserver fail: nothing may be scaled down.
func (s *system) stopsItself() stopped {
	s.t.Helper()
	r := stopped{}
	change := s.traffic.hold(s.Load, evenTraffic)
	s.Kubectl(s.t, "patch", "kafkascaler", closedloop.ScalerName, "--namespace="+s.NS, "--type=merge",
		"--patch", fmt.Sprintf(`{"spec": {"targetLag": "%s"}}`, shortTarget))
	if r.Why = s.until(4*patience, s.calm); r.Why != nil { // what is learned is saved each five minutes
		return r
	}
	began := time.Now()
	for !r.Stopped && r.Lessons < 2*breaker.LateAtMost {
		s.replaceAll(func() { s.Mislead(wrongLesson) })
		r.Lessons++
		if err := s.until(lessonTime, func() error { return s.learnedFrom(&r) }); err != nil {
			s.t.Logf("lesson %d is lost: %v", r.Lessons, err) // a step that was not seen whole does not count
		}
		if r.Why = s.until(patience, s.calm); r.Why != nil {
			return r
		}
	}
	if !r.Stopped {
		r.Why = fmt.Errorf("%d wrong lessons did not stop it", r.Lessons)
		return r
	}
	r.After = time.Since(began)
	s.staysStopped(&r, change)
	return r
}

// replaceAll ends all replicas, as a rollout does, and starts as many anew after a change.
func (s *system) replaceAll(change func()) {
	s.t.Helper()
	all := s.alive()
	for _, r := range all {
		if err := r.Signal(syscall.SIGTERM); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, r := range all {
		<-r.Done()
	}
	change()
	for range all {
		s.startReplica()
	}
}

// calm is nil when all is well, no record waits for longer than the target, and something that was learned is saved.
func (s *system) calm() error {
	if err := s.well(); err != nil {
		return err
	}
	one, err := s.leaderNow().Scaler(s.Name())
	if err != nil {
		return err
	}
	if need, ok := one.Decision.Need(); !ok || !need.LagKnown || need.LagSeconds > shortTarget.Seconds()/2 || s.Size() < partitions {
		return fmt.Errorf("%d replicas: %s", s.Size(), one.Line)
	}
	if _, learned := s.Learned(); len(learned.Sources) == 0 {
		return errors.New("nothing that was learned is saved yet")
	}
	return nil
}

// learnedFrom is nil when one more step was late, or the scaler has stopped.
func (s *system) learnedFrom(r *stopped) error {
	_, learned := s.Learned()
	b := learned.Breaker
	switch {
	case !b.Stop.Since.IsZero():
		r.Late, r.Stopped = int(b.Stop.Steps), true
		return nil
	case len(b.Late) > r.Late:
		r.Late = len(b.Late)
		return nil
	default:
		return fmt.Errorf("%d late steps, %d replicas: %s", len(b.Late), s.Size(), s.line())
	}
}

// line is the decision of the leader; empty: there is none.
func (s *system) line() string {
	leader := s.leader()
	if leader == nil {
		return ""
	}
	one, err := leader.Scaler(s.Name())
	if err != nil {
		return err.Error()
	}
	return one.Line
}

// staysStopped lets faults come, one after the other, while the traffic falls and rises.
func (s *system) staysStopped(r *stopped, change func()) {
	s.t.Helper()
	if r.Why = s.until(patience, s.calm); r.Why != nil { // it is back at the size that was well
		return
	}
	sizes, began := s.WatchSizes(s.t, s.NS, closedloop.Workload), time.Now()
	change()
	for _, name := range []string{"leader killed", "broker killed", "apiserver killed", "leader frozen"} {
		i := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
		s.episode(faults[i].lasts, faults[i])
		r.Faults = append(r.Faults, name)
	}
	s.pause(whileStopped - time.Since(began))
	r.Observed, r.Lowest = time.Since(began), s.traffic.least(began, time.Now())
	all := sizes()
	for i := 1; i < len(all); i++ {
		if all[i].Replicas < all[i-1].Replicas {
			r.Downs = append(r.Downs, fmt.Sprintf("%d to %d at %s", all[i-1].Replicas, all[i].Replicas, all[i].At.UTC().Format(time.TimeOnly)))
		}
	}
}

func (r stopped) target() target {
	want := "a scaler whose lesson is wrong stops itself, and stays stopped across leaders and faults"
	switch {
	case r.Why != nil:
		return target{want, r.Why.Error(), false, nil}
	case len(r.Downs) > 0:
		return target{want, fmt.Sprintf("%d steps down while it had stopped", len(r.Downs)), false, r.Downs}
	default:
		return target{want, fmt.Sprintf("after %d late steps; then none down in %v, with traffic down to %d/s and these faults: %s",
			r.Late, r.Observed.Round(time.Second), r.Lowest, strings.Join(r.Faults, ", ")), true, nil}
	}
}
