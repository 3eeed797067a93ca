package worlds

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// seedsOf is how many seeds a test plays: one, or as many as the environment says.
func seedsOf() uint64 {
	n, err := strconv.ParseUint(os.Getenv("WORLDS_SEEDS"), 10, 32)
	if err != nil || n == 0 {
		return 1
	}
	return n
}

// all are the worlds.
func all() []world {
	var list []world
	for _, some := range [][]world{plain(), transactional(), looked(), hanging(), slow(), fleets(), sleeping(), resets(), program(), left(), kinds(), staying(), stopping(), standbys(), inTwoPlaces()} {
		list = append(list, some...)
	}
	return list
}

// everyWorld is 1: every world is played. The race detector sets it to more.
var everyWorld = 1

// evaluated is told what the engine evaluated. The race detector sets it.
var evaluated engine.Record

// LAGSCALER_LONG (make long, make worlds) plays also the worlds that are much like others.
func TestWorlds(t *testing.T) {
	long := os.Getenv("LAGSCALER_LONG") != ""
	for i, w := range all() {
		if i%everyWorld > 0 || w.long && !long {
			continue
		}
		t.Run(strings.ReplaceAll(w.name, " ", "-"), func(t *testing.T) {
			for seed := range seedsOf() {
				r := play(t, w, seed+1)
				for _, j := range append(w.judges, honest, burns) {
					for _, text := range j(r) {
						t.Errorf("seed %d: %s", seed+1, text)
					}
				}
				if os.Getenv("WORLDS_TELL") != "" {
					tell(t, r)
				}
			}
		})
	}
}

// tell prints every change of what the program says.
func tell(t *testing.T, r *run) {
	last := ""
	for i := range r.seen {
		p := &r.seen[i]
		said := []string{string(p.status), string(p.decision.Verdict), strconv.Itoa(int(p.spec))}
		if now := strings.Join(append(append(said, p.pages...), p.burns...), " "); now != last {
			t.Log(p.verdict())
			last = now
		}
	}
}

// The twin of a world is there, and no two worlds have the same name.
func TestTwins(t *testing.T) {
	names := map[string]bool{}
	for _, w := range all() {
		if names[w.name] {
			t.Errorf("two worlds are named %q", w.name)
		}
		names[w.name] = true
	}
	for _, w := range all() {
		if w.twin != "" && (!names[w.twin] || w.twin == w.name) {
			t.Errorf("the twin of %q is %q, which is not there", w.name, w.twin)
		}
	}
}
