package scale

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler/release"
)

// checkRelease asks what a release did.
func (s *scenario) checkRelease(d *daemon, since time.Time) (page web.ReleasePage, err error) {
	s.t.Helper()
	if len(d.History()) == 0 {
		return page, errors.New("it has reported nothing yet")
	}
	query := url.Values{"scaler": {s.Name()}, "since": {since.UTC().Format(time.RFC3339)}}
	text, err := child.Fetch(s.t.Context(), s.address(d)+"/api/v1/release?"+query.Encode())
	if err != nil {
		return page, err
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		return page, err
	}
	if len(page.Groups) == 0 {
		err = errors.New("the scaler has no group yet")
	}
	return page, err
}

// address is where a daemon serves its pages.
func (s *scenario) address(d *daemon) string {
	all := d.History()
	return strings.TrimSuffix(all[len(all)-1].Metrics, "/metrics")
}

// A release whose consumers take twice as long a record is found within five minutes; one whose consumers are as fast as before is found to
// be fine, and at no time to be worse. All consumers are busy: they work off a backlog.
func TestARelease(t *testing.T) {
	t.Parallel()
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		second time.Duration
		want   release.Verdict
	}{
		{"twice as long", 40 * time.Millisecond, release.Worse},
		{"as long", 20 * time.Millisecond, release.Fine},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var processing atomic.Int64
			processing.Store(int64(20 * time.Millisecond))
			s := open(t, setup{
				Partitions: 4, Replicas: 4, Rate: 400, Spec: "  maxReplicas: 4\n", // four consumers do 200/s
				Consumer: func(c *consumerConfig) { c.Processing = time.Duration(processing.Load()) },
			})
			s.AwaitReady(t, s.NS, workload, 4)
			d := s.start()
			began := time.Now()
			awaitFor(t, 3*time.Minute, "busy consumers", func() error {
				page, err := s.checkRelease(d, time.Now())
				if err == nil && page.Groups[0].Speed.Before.Windows < 8 {
					err = fmt.Errorf("%+v", page.Groups[0].Speed)
				}
				return err
			})
			s.Load.Set(100) // the backlog stays
			released := time.Now()
			t.Logf("released after %v", time.Since(began).Round(time.Second))
			processing.Store(int64(c.second))
			s.Kubectl(t, "rollout", "restart", "deployment/"+workload, "--namespace="+s.NS)
			awaitFor(t, 5*time.Minute, "the verdict", func() error {
				page, err := s.checkRelease(d, released)
				if err != nil {
					return err
				}
				speed := page.Groups[0].Speed
				if speed.Verdict != c.want && speed.Verdict != release.Unknown {
					t.Fatalf("%+v", page)
				}
				if speed.Verdict != c.want || !page.Seen {
					return fmt.Errorf("%+v", page)
				}
				t.Logf("after %v: %s; %s", time.Since(released).Round(time.Second), strings.Join(page.Lines, "; "), page.Verdict)
				return nil
			})
			command := exec.CommandContext(t.Context(), program, "check-release", s.Name(), "--since", released.UTC().Format(time.RFC3339), "--server", s.address(d), "-o", "json")
			out, err := command.Output()
			var page web.ReleasePage
			var code *exec.ExitError
			if err != nil && !errors.As(err, &code) || json.Unmarshal(out, &page) != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want := map[release.Verdict]int{release.Fine: 0, release.Worse: 1, release.Unknown: 3}[page.Verdict]
			if got := command.ProcessState.ExitCode(); got != want || page.Groups[0].Speed.Verdict != c.want {
				t.Errorf("exit code %d, want %d: %s", got, want, out)
			}
		})
	}
}
