package need

import (
	"fmt"

	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// promised is the room that is kept for an objective. A group that may go to zero keeps none.
func (e *estimator) promised() *promise.Choice {
	if e.Promise == nil || !e.rests() {
		return e.Promise
	}
	none := *e.Promise
	none.Peak, none.PerSecond = 0, 0
	return &none
}

// room is the rate for which consumers are kept because of an objective, in records/s; 0: there is none.
func (n *Need) room() float64 {
	if n.Promise == nil {
		return 0
	}
	return n.Promise.PerSecond
}

// roomed reports whether it is this room that needs the most consumers now, without the backlog.
func (n *Need) roomed() bool { return n.room() > n.Forecast/n.Utilization }

// roomWords derive the room:
//
//	room of 85 % of the peak of the last 24 h 1 000/s
func (n *Need) roomWords() string {
	return fmt.Sprintf("room of %s %s", RoomWords(n.Promise.Room), number.PerSecond(n.Promise.Peak))
}

// RoomWords name a room: "85 % of the peak of the last 24 h".
func RoomWords(r promise.Room) string {
	if r.Share == 0 {
		return "the reserve for returning peaks"
	}
	return number.Percent(r.Share) + " of the peak of the last " + number.Duration(r.Of)
}
