package promise

import "time"

// Room is capacity that a fleet keeps beyond its present need: a share of the greatest arrival rate of a time. The zero value is the
// reserve for returning peaks alone, which every fleet keeps: package need has it.
type Room struct {
	Share float64       `json:"share"`
	Of    time.Duration `json:"of"`
}

// Rooms are those that are played, the reserve alone first. Shares above 1 are for traffic that comes higher each time.
var Rooms = [...]Room{
	{},
	{1.25, tenMinutes},
	{1.6, tenMinutes},
	{0.7, time.Hour},
	{0.85, time.Hour},
	{1, time.Hour},
	{1.25, time.Hour},
	{1.5, time.Hour},
	{2, time.Hour},
	{0.7, fourHours},
	{0.85, fourHours},
	{1, fourHours},
	{0.7, day},
	{0.85, day},
	{1, day},
}

// times are those of Rooms.
var times = [...]time.Duration{tenMinutes, time.Hour, fourHours, day}

// hourOf is the hour in times. The reserve for returning peaks counts the same steps of five minutes.
const hourOf = 1

const (
	tenMinutes = 10 * time.Minute
	fourHours  = 4 * time.Hour
	day        = 24 * time.Hour
)

// noRoom is the place of the reserve alone in Rooms.
const noRoom = 0
