package worlds

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	for _, some := range [][]world{plain(), transactional(), hanging(), slow(), fleets(), sleeping(), resets(), program(), left()} {
		list = append(list, some...)
	}
	return list
}

// open are the worlds in which the program is still wrong. They are played, and what is wrong is logged.
var open = []string{
	"hangs on 60,000 records and the program restarts later",
	"sink commits each 15 minutes", "sink commits each five minutes",
}

// everyWorld is 1: every world is played. The race detector sets it to more.
var everyWorld = 1

func TestWorlds(t *testing.T) {
	for i, w := range all() {
		if i%everyWorld > 0 {
			continue
		}
		t.Run(strings.ReplaceAll(w.name, " ", "-"), func(t *testing.T) {
			for seed := range seedsOf() {
				r := play(t, w, seed+1)
				for _, j := range append(w.judges, honest) {
					for _, text := range j(r) {
						report := t.Errorf
						if slices.Contains(open, w.name) {
							report = t.Logf
						}
						report("seed %d: %s", seed+1, text)
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
	for i := range r.polls {
		p := &r.polls[i]
		said := []string{string(p.status), string(p.decision.Verdict), strconv.Itoa(int(p.spec))}
		if now := strings.Join(append(said, p.pages...), " "); now != last {
			t.Log(p.verdict())
			last = now
		}
	}
}
