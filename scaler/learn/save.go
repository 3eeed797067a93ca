package learn

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/packed"
	"github.com/lagscaler/lagscaler/scaler/standby"
)

// A saved memory is at most 16 KB (16,000 bytes) for each source, whatever was learned. What does not fit is kept less exactly, or left out
// and learned anew after a restart:
//
//	part                                     bytes   what a full one takes   where it does not fit
//	season                                   2,600   2,550                   less exact: 0.04 %, or as many times as much
//	week: four series                        2,400   1,700 to 2,100          the same
//	play (scaler/promise)                    2,850   1,550                   the same
//	bill (scaler/bill)                       1,650   1,500                   the same, from 0.2 %
//	timeline (scaler/timeline)               1,400   1,000                   without the oldest
//	speeds                                     800     700                   60 windows
//	lists by topic, partition and member     2,100   2,100                   shorter: see lists.shorten
//	apart: zero, stops, standby              1,050   1,050                   nothing is left out
//	all else                                 1,150   1,100                   it has no lists
//	                                        16,000
//
// A full one is that of TestAFullMemoryIsSmall. Long names of clusters and groups can make it longer, and so can the marks of a target at
// zero, one for each topic: they say what wakes it.
const (
	mostSeason = 2500 // of its steps
	mostWeek   = 520  // of the steps of one series
	mostLists  = 2100
)

// lists are what is known by topic, partition and member of one source, and of trials and places. They are saved together, deflated:
// their JSON is five times as long. Older builds saved each of them by itself.
type lists struct {
	InPods  []Ratio           `json:"inPods,omitempty"`
	Ratios  []Ratio           `json:"ratios,omitempty"`
	Commits lag.Habits        `json:"commits,omitempty"`
	Left    []LeftTopic       `json:"left,omitempty"`
	Times   []lag.RecordTimes `json:"times,omitempty"`

	Place   Place     `json:"place,omitzero"`
	Unread  Unread    `json:"unread,omitzero"`
	Trial   *Trial    `json:"trial,omitempty"`
	NoTrial time.Time `json:"noTrial,omitzero"`
	BusyAt  time.Time `json:"busyAt,omitzero"`
	Back    int32     `json:"back,omitempty"`
	BackAt  time.Time `json:"backAt,omitzero"`
}

// apart is what is packed of the scaler: its JSON is three times as long. None of it is left out.
type apart struct {
	Asleep  asleep.State   `json:"asleep,omitzero"`
	Given   *Given         `json:"given,omitempty"`
	Breaker breaker.State  `json:"breaker,omitzero"`
	Pairs   []standby.Pair `json:"pairs,omitempty"`
}

// mostRaw bounds what is unpacked: a few bytes that somebody else wrote could become a gigabyte.
const mostRaw = 1 << 20

// inflate reads deflated JSON.
func inflate(text string, v any) error {
	raw, err := packed.Unpack(text, mostRaw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	return nil
}

// pack moves what is apart into Packed.
func (m *Memory) pack() error {
	m.Packed = ""
	a := apart{m.Asleep, m.Given, m.Breaker, m.Pairs}
	raw, err := json.Marshal(a)
	if err != nil || string(raw) == "{}" || len(raw) > mostRaw { // what is too long to be unpacked stays as it is
		return err
	}
	m.Asleep, m.Given, m.Breaker, m.Pairs = asleep.State{}, nil, breaker.State{}, nil
	m.Packed, err = packed.Pack(raw)
	return err
}

// unpack is the reverse of pack, of all sources, too.
func (m *Memory) unpack() error {
	for i := range m.Sources {
		if err := m.Sources[i].unpack(); err != nil {
			return err
		}
	}
	if m.Packed == "" {
		return nil
	}
	var a apart
	if err := inflate(m.Packed, &a); err != nil {
		return err
	}
	m.Asleep, m.Given, m.Breaker, m.Pairs, m.Packed = a.Asleep, a.Given, a.Breaker, a.Pairs, ""
	return nil
}

// pack moves the lists of a source into Packed, as much as fits.
func (s *Source) pack() error {
	l := lists{s.InPods, s.Ratios, s.Commits, s.Left, s.Times, s.Place, s.Unread, s.Trial, s.NoTrial, s.BusyAt, s.Back, s.BackAt}
	s.take(lists{})
	l = l.roughly()
	for {
		raw, err := json.Marshal(l)
		if err != nil || string(raw) == "{}" {
			return err
		}
		if s.Packed, err = packed.Pack(raw); err != nil || len(s.Packed) <= mostLists || !l.some() {
			return err
		}
		l = l.shorten()
	}
}

// unpack is the reverse of pack.
func (s *Source) unpack() error {
	if s.Packed == "" {
		return nil
	}
	var l lists
	if err := inflate(s.Packed, &l); err != nil {
		return err
	}
	s.take(l)
	return nil
}

// take takes lists over.
func (s *Source) take(l lists) {
	s.InPods, s.Ratios, s.Commits, s.Left, s.Times = l.InPods, l.Ratios, l.Commits, l.Left, l.Times
	s.Place, s.Unread, s.Trial, s.NoTrial = l.Place, l.Unread, l.Trial, l.NoTrial
	s.BusyAt, s.Back, s.BackAt, s.Packed = l.BusyAt, l.Back, l.BackAt, ""
}

func (l *lists) some() bool {
	return len(l.InPods)+len(l.Ratios)+len(l.Commits)+len(l.Left)+len(l.Times) > 0
}

// mostEntries are more than can fit, of one list.
const mostEntries = 2000

// roughly shortens long lists without packing them: a group may have 100,000 partitions.
func (l lists) roughly() lists {
	entries := func() (n int) {
		for i := range l.Commits {
			t := &l.Commits[i]
			n += 1 + len(t.Stuck) + len(t.Read) + len(t.Transacted)
		}
		return n + len(l.Left) + len(l.Times)
	}
	for entries() > mostEntries {
		l = l.shorten()
	}
	return l
}

// shorten leaves out what is learned anew soonest, a half at a time:
//
//	stuck commits         the partitions count as stalled again after two minutes
//	times in records      believed again after some polls
//	rests that are read   known again when the next commit passes them; until then nothing is scaled down because of them
//	open transactions     each partition of the topic may have some, as of older builds
//	topics that were left
//	topics
//	members in pods       the least of an hour becomes that of the time since the restart
func (l lists) shorten() lists {
	l.Commits = slices.Clone(l.Commits)
	stuck, read, transacted := 0, 0, 0
	for i := range l.Commits {
		t := &l.Commits[i]
		stuck, read, transacted = stuck+len(t.Stuck), read+len(t.Read), transacted+len(t.Transacted)
	}
	each := func(change func(t *lag.TopicHabits)) {
		for i := range l.Commits {
			change(&l.Commits[i])
		}
	}
	switch {
	case stuck > 0:
		each(func(t *lag.TopicHabits) { t.Stuck = half(t.Stuck) })
	case len(l.Times) > 0:
		l.Times = half(l.Times)
	case read > 0:
		each(func(t *lag.TopicHabits) { t.Read = half(t.Read) })
	case transacted > 0:
		each(func(t *lag.TopicHabits) { t.Transacted, t.Transactions = nil, t.Transactions || len(t.Transacted) > 0 })
	case len(l.Left) > 0:
		l.Left = half(l.Left)
	case len(l.Commits) > 0:
		l.Commits = half(l.Commits)
	default:
		l.InPods, l.Ratios = half(l.InPods), half(l.Ratios)
	}
	return l
}

// half is the first half of a list.
func half[T any](list []T) []T { return slices.Clip(list[:len(list)/2]) }

// toSave is the memory as it is saved: its parts as short as they have to be.
func (m Memory) toSave() (Memory, error) {
	var err error
	m.Version, m.Startup = MemoryVersion, milliseconds(m.Startup)
	m.Week = m.Week.thinned()
	for _, s := range []*Series{&m.Week.Rate, &m.Week.Actual, &m.Week.Desired, &m.Week.Late} {
		if *s, err = s.within(mostWeek); err != nil {
			return m, err
		}
	}
	if err := m.pack(); err != nil {
		return m, err
	}
	m.Sources = slices.Clone(m.Sources)
	for i := range m.Sources {
		s := &m.Sources[i]
		s.Rebalances = milliseconds(s.Rebalances)
		if s.Season.Maxima, err = s.Season.Maxima.within(mostSeason); err != nil {
			return m, err
		}
		if err := s.pack(); err != nil {
			return m, err
		}
	}
	return m, nil
}

// milliseconds are seconds that are not known better.
func milliseconds(seconds []float64) []float64 {
	list := slices.Clone(seconds)
	for i, v := range list {
		list[i] = math.Round(v*1000) / 1000
	}
	return list
}
