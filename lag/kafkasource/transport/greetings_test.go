package transport

import (
	"testing"
	"testing/synctest"
	"time"
)

// A handshake says that a broker is up for the poll in which it was answered, whatever samples begin meanwhile, and for the next
// two. Its twins are a handshake that is older, and one that was answered before the broker's last answer to a request.
func TestGreetings(t *testing.T) {
	for name, c := range map[string]struct {
		samples int           // of one second each, between the handshake and the question
		began   time.Duration // of the poll that asks, after the handshake
		answer  time.Duration // of a request, after the handshake; 0: none
		want    bool
	}{
		"in this poll":                  {samples: 1, began: -time.Second, want: true},
		"in this poll, many samples":    {samples: 9, began: -time.Second, want: true},
		"two rounds before":             {samples: 2, began: 2 * time.Second, want: true},
		"long before":                   {samples: 9, began: 2 * time.Second},
		"before the last answer":        {samples: 1, began: -time.Second, answer: time.Millisecond},
		"in this poll, after an answer": {samples: 1, began: -time.Second, answer: -time.Millisecond, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g greetings
				at := time.Now()
				var answered time.Time
				if c.answer != 0 {
					answered = at.Add(c.answer)
				}
				g.begins(at.Add(c.began))
				g.note("a:1")
				for range c.samples {
					time.Sleep(time.Second)
					g.begins(time.Now())
				}
				if got := g.answered("a:1", at.Add(c.began), answered); got != c.want {
					t.Errorf("it is up: %v", got)
				}
				if g.answered("b:1", at.Add(c.began), answered) {
					t.Error("another address is up")
				}
			})
		})
	}
}
