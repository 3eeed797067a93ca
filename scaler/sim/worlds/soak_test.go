package worlds

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
)

// soakHours is how long TestSoak lasts, in simulated time. The first eight hours of a process fill its histories: only after them the
// heap is judged.
var soakHours = 2

// soakVariable sets another number of hours: make test, and make soak.
const soakVariable = "SOAK_HOURS"

// TestSoak: what the program keeps does not grow with the time that it runs. Groups, topics and scalers come and go, members
// change, leaders and coordinators move, brokers are away, the configuration is loaded anew, and the leadership is lost and
// won. The second half of the time must not need more than the first.
func TestSoak(t *testing.T) {
	hours := soakHours
	if text := os.Getenv(soakVariable); text != "" {
		var err error
		if hours, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t)
		before := runtime.NumGoroutine()
		stop := s.start()
		for range hours * int(time.Hour/soakPeriod) {
			s.play(soakPeriod)
			s.measure()
		}
		s.report(hours)
		s.judge()
		stop()
		synctest.Wait() // for goroutines that have done their work and not yet ended
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines before the program ran, %d when it had ended", before, after)
		}
	})
}

// soak is the program, and the shops that it scales.
type soak struct {
	t      *testing.T
	rng    *rand.Rand
	kafka  []*lagtest.Cluster
	engine *engine.Engine
	ring   *recent.Ring
	page   *metrics.Page
	rounds int
	made   int // shops so far
	slo    lag.SLO
	away   int // rounds until the broker that is away is back

	mu      sync.Mutex // the engine asks for what follows, in a goroutine of its own
	shops   []*shop
	leading bool
	saved   int // bytes of the last ConfigMaps

	periods []soaked
}

// soaked is what the program needed at the end of a period.
type soaked struct {
	heap       uint64 // bytes, after a collection
	goroutines int
	saved      int // bytes
	page       int // bytes
}

const (
	soakShops   = 6 // that stay
	soakVisits  = 6 // that are there for a while
	soakSamples = poll
	soakPeriod  = 30 * time.Minute
	soakADay    = int(24 * time.Hour / soakPeriod)
)

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{t: t, rng: rand.New(rand.NewPCG(24, 10)), ring: recent.New(), leading: true, slo: lag.DefaultSLO}
	for _, name := range []string{"east", "west"} {
		s.kafka = append(s.kafka, lagtest.New(t, name, 3))
	}
	for range soakShops {
		s.open(0)
	}
	s.engine = engine.New(s.settings(), engine.Options{
		Interval: poll, SampleInterval: soakSamples, Targets: s, Memories: s, Leading: s.leads, Publish: s.ring.Add,
	})
	s.page = metrics.New(metrics.Options{Latest: s.engine.Latest, Version: "soak"})
	return s
}

func (s *soak) settings() engine.Settings {
	out := engine.Settings{Mode: scaler.Act, SLO: func(string, string) lag.SLO { return s.slo }}
	for i, name := range []string{"east", "west"} {
		out.Clusters = append(out.Clusters, engine.Cluster{Name: name, Source: s.kafka[i]})
	}
	return out
}

// start starts the program; the function that it returns ends it.
func (s *soak) start() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error)
	go func() { ended <- s.engine.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
		synctest.Wait()
	}
}

// play lets time pass, a poll at once.
func (s *soak) play(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		s.mu.Lock()
		s.rounds++
		s.visit()
		for _, shop := range s.shops {
			shop.work(s.rng)
		}
		s.trouble()
		s.mu.Unlock()
		if s.chance(6 * time.Hour) {
			s.reload()
		}
		time.Sleep(poll)
	}
}

// chance is true as often as once in that time, on average.
func (s *soak) chance(once time.Duration) bool {
	return s.rng.Float64() < poll.Seconds()/once.Seconds()
}

// visit opens shops for up to an hour, and closes those whose time is over.
func (s *soak) visit() {
	s.shops = slices.DeleteFunc(s.shops, func(shop *shop) bool {
		over := shop.until > 0 && s.rounds >= shop.until
		if over {
			shop.close()
		}
		return over
	})
	for len(s.shops) < soakShops+soakVisits {
		s.open(s.rounds + s.rng.IntN(int(time.Hour/poll)))
	}
}

// trouble is what happens to brokers, and to the leadership of this replica.
func (s *soak) trouble() {
	k := s.kafka[s.rng.IntN(len(s.kafka))]
	if s.away--; s.away == 0 {
		for _, k := range s.kafka {
			k.FailAll(lag.OK)
		}
		s.leading = true
	}
	if s.away > 0 {
		return
	}
	switch {
	case s.chance(3 * time.Hour):
		k.Fail(s.rng.Int32N(3), lag.Unreachable)
		s.away = 1 + s.rng.IntN(20)
	case s.chance(6 * time.Hour):
		k.FailAll(lag.Unreachable)
		s.away = 1 + s.rng.IntN(20)
	case s.chance(4 * time.Hour):
		s.leading = false
		s.away = 1 + s.rng.IntN(20)
	}
}

// reload gives the program other thresholds; now and then a cluster is one that it has not read before.
func (s *soak) reload() {
	s.slo.Lag++
	next := s.settings()
	if s.rng.IntN(4) == 0 {
		i := s.rng.IntN(len(next.Clusters))
		next.Clusters[i].Source = &renewed{s.kafka[i]}
	}
	if err := s.engine.Reconfigure(s.t.Context(), next); err != nil {
		s.t.Error(err)
	}
}

// renewed is a cluster that is connected anew.
type renewed struct{ *lagtest.Cluster }

func (s *soak) leads() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leading
}

// measure notes what the program needs now.
func (s *soak) measure() {
	synctest.Wait()
	runtime.GC()
	runtime.GC() // what the first one found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	s.page.ServeHTTP(answer, request)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := soaked{m.HeapAlloc, runtime.NumGoroutine(), s.saved, answer.Body.Len()}
	s.periods = append(s.periods, now)
	if len(s.periods)%soakADay == 0 {
		s.t.Logf("day %d: heap %d KiB, %d goroutines, saved %d B, metrics %d KiB", len(s.periods)/soakADay, now.heap>>10, now.goroutines, now.saved, now.page>>10)
	}
}

// report says how much there was.
func (s *soak) report(hours int) {
	s.t.Logf("%d hours, %d polls, %d shops, of which %d at once", hours, s.rounds*len(s.kafka), s.made, len(s.shops))
}

const (
	// soakRatio is how much more the worst period of the second half may need. Shops are as many all the time, and of about the
	// same size.
	soakRatio = 1.05
	// A scaler learns the peaks of a week: what is saved grows for so long. Until then only its size is limited.
	soakLearns = 14
	soakFills  = 8 * soakADay / 24 // readings and ends of logs are kept for hours
	shopSaved  = 12 << 10          // bytes
)

func (s *soak) judge() {
	half := len(s.periods) / 2
	for _, one := range []struct {
		what  string
		of    func(soaked) float64
		slack float64
	}{
		{"heap", func(p soaked) float64 { return float64(p.heap) }, 0},
		{"goroutines", func(p soaked) float64 { return float64(p.goroutines) }, 2}, // the runtime's own count while they run our code
		{"saved memory", func(p soaked) float64 { return float64(p.saved) }, 0},
		{"metrics page", func(p soaked) float64 { return float64(p.page) }, 0},
	} {
		first, second := mostOf(s.periods[:half], one.of), mostOf(s.periods[half:], one.of)
		s.t.Logf("%s: at most %.0f in the first half, %.0f in the second", one.what, first, second)
		limit := soakRatio*first + one.slack
		switch days := len(s.periods) / soakADay; {
		case one.what == "saved memory" && days < soakLearns:
			limit = (soakShops + soakVisits) * shopSaved
		case one.what == "heap" && len(s.periods) < soakFills:
			continue // it still fills
		}
		if second > limit || second == 0 {
			s.t.Errorf("%s: %.0f in the second half; the limit is %.0f", one.what, second, limit)
		}
	}
}

func mostOf(periods []soaked, of func(soaked) float64) (most float64) {
	for _, p := range periods {
		most = max(most, of(p))
	}
	return most
}

// Load is what was saved: nothing, so that every term learns anew.
func (s *soak) Load(context.Context) (map[string]scaler.Memory, error) { return nil, nil }

// Save counts the bytes that ConfigMaps would have.
func (s *soak) Save(_ context.Context, learned map[string]scaler.Memory) error {
	n := 0
	for name, m := range learned {
		text, err := m.Save()
		if err != nil {
			return fmt.Errorf("saving %s: %w", name, err)
		}
		n += len(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved = n
	return nil
}
