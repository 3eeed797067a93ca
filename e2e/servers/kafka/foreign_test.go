package kafka

import (
	"testing"
)

func TestExistingKafka(t *testing.T) {
	t.Setenv(bootstrapVariable, "127.0.0.1:1")
	for _, ci := range []string{"true", ""} {
		t.Setenv("CI", ci)
		outcome := &recorder{TB: t}
		outcome.run(func(tb testing.TB) { Shared(tb, V43).Node(tb, 1) })
		if outcome.failed != (ci == "true") || outcome.skipped == outcome.failed {
			t.Errorf("CI=%q: failed %v, skipped %v", ci, outcome.failed, outcome.skipped)
		}
	}
	if got := Shared(t, V43).Bootstrap(); got != "127.0.0.1:1" {
		t.Errorf("bootstrap %q", got)
	}
}

// recorder notes how a test ended instead of ending.
type recorder struct {
	testing.TB
	failed, skipped bool
}

type ended struct{}

func (r *recorder) run(test func(testing.TB)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if e := recover(); e != nil && e != any(ended{}) {
				panic(e)
			}
		}()
		test(r)
	}()
	<-done
}

func (r *recorder) Fatal(...any)          { r.failed = true; panic(ended{}) }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic(ended{}) }
func (r *recorder) Skipf(string, ...any)  { r.skipped = true; panic(ended{}) }
