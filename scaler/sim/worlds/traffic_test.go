package worlds

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	minute = time.Minute
	hour   = time.Hour
)

// toZero is a scaler that may scale to zero.
func toZero() scaler.Spec { return scaler.Spec{MinReplicas: ptr[int32](0)} }

var (
	one     = fleetSpec{replicas: 1}
	two     = fleetSpec{replicas: 2}
	retries = bursts(20*minute, step, 0.4) // a record in each of two partitions, each 20 minutes
	busy    = bursts(hour, 10*minute, 20)  // ten minutes each hour
)

// plain are worlds in which nothing is special.
func plain() []world {
	return []world{
		{
			name: "steady topic", hours: 3, topics: []topicSpec{{partitions: 8, rate: constant(330)}}, fleet: fleetSpec{replicas: 4},
			judges: []judge{quiet, keepsUp, enough(10 * minute), endsAt(5)},
		},
		{
			name: "load comes and goes", hours: 6, fleet: one,
			topics: []topicSpec{{partitions: 12, rate: steps(map[time.Duration]float64{0: 50, hour: 850, 3 * hour: 50})}},
			judges: []judge{quiet, keepsUp, enough(15 * minute), endsAt(2)},
		},
		{
			name: "idle topic sleeps", hours: 6, fleet: one, spec: toZero(), topics: []topicSpec{{rate: bursts(2*hour, 10*minute, 20)}},
			judges: []judge{quiet, awake, noFlap, sleeps(4 * hour)},
		},
		{
			name: "rare records", hours: 6, fleet: one, topics: []topicSpec{{rate: constant(0.004)}},
			judges: []judge{quiet, endsAt(1)},
		},
		{
			name: "capacity is learned under load", hours: 6, fleet: one, learns: true,
			topics: []topicSpec{{partitions: 12, rate: steps(map[time.Duration]float64{0: 50, hour: 850, 3 * hour: 50})}},
			judges: []judge{quiet, keepsUp, onTime(12 * minute), endsAt(2)},
		},
		{
			name: "four idle replicas of unknown capacity", hours: 3, fleet: fleetSpec{replicas: 4}, spec: toZero(), learns: true,
			topics: []topicSpec{{}}, judges: []judge{quiet, sleeps(2 * hour)},
		},
		{
			name: "idle topic of unknown capacity sleeps", hours: 6, fleet: one, spec: toZero(), learns: true,
			topics: []topicSpec{{rate: bursts(2*hour, 10*minute, 20)}}, judges: []judge{quiet, awake, noFlap, sleeps(4 * hour)},
		},
		{
			name: "single records and an unknown capacity", hours: 6, fleet: one, topics: []topicSpec{{rate: constant(0.004)}}, learns: true,
			judges: []judge{quiet, endsAt(1)},
		},
	}
}

// looked are worlds in which polls look at the headers of batches: a single transaction is told from records at once.
func looked() []world {
	day := []topicSpec{{rate: between(0, 20*minute, 20), tx: &transactions{every: 10 * minute, markers: 3}}}
	return []world{
		{
			name: "a look at the markers of two transactions", twin: "a look at three records", hours: 3, fleet: one, spec: toZero(), looks: true,
			topics: day, judges: []judge{quiet, awake, noFlap, sleeps(125 * minute)},
		},
		{
			name: "a look at markers and restarts of the program", hours: 3, fleet: one, spec: toZero(), looks: true,
			topics: day, events: each(25*minute, 45*minute, 3*hour, restart), judges: []judge{quiet, awake, noFlap, sleeps(120 * minute)},
		},
		{
			name: "a look at aborted records that are read when committed", hours: 3, fleet: one, spec: toZero(), looks: true,
			source: seen.SourceSpec{Isolation: seen.ReadCommitted},
			topics: []topicSpec{{rate: between(0, 35*minute, 20), tx: &transactions{every: 10 * minute, aborts: true}}},
			judges: []judge{quiet, awake, noFlap, sleeps(100 * minute)},
		},
		{
			name: "a look at three records", twin: "a look at the markers of two transactions", hours: 3, fleet: one, spec: toZero(), looks: true,
			topics: day, events: hangOn(25*minute, 3), judges: []judge{neverZeroWhileHung, awake},
		},
		{
			name: "a look at a record among markers", twin: "a look at the markers of two transactions", hours: 3, fleet: one, spec: toZero(),
			looks: true, topics: day, events: hangOnTransaction(25 * minute), judges: []judge{neverZeroWhileHung, awake},
		},
	}
}

// unhang lets the readers go on.
func unhang(r *run) {
	for _, p := range r.reading() {
		p.stuck = false
	}
}

// transactional are topics on which markers and aborted records stay behind the last commit. Nobody hangs.
func transactional() []world {
	often := &transactions{every: 10 * time.Second}
	return []world{
		{
			name: "frequent transactions then rest", twin: "hangs on one record", hours: 6, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy, tx: often}},
			judges: []judge{quiet, awake, noFlap, sleeps(100 * minute)},
		},
		{
			name: "frequent transactions that are seen open", hours: 4, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy, tx: &transactions{every: 15 * time.Second, open: 10 * time.Second}}},
			judges: []judge{quiet, awake, noFlap},
		},
		{
			name: "three markers a transaction", twin: "hangs on three records", hours: 6, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy, tx: &transactions{every: 10 * time.Second, markers: 3}}},
			judges: []judge{quiet, awake, noFlap, sleeps(90 * minute)},
		},
		{
			name: "a transaction each five minutes", twin: "hangs while a transaction comes each five minutes", hours: 4, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: constant(1), tx: &transactions{every: 5 * minute}}},
			judges: []judge{quiet, awake, noFlap},
		},
		{
			name: "a transaction each hour", hours: 8, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: constant(0.05), tx: &transactions{every: hour}}},
			judges: []judge{quiet, awake, noFlap, sleeps(90 * minute)},
		},
		{
			name: "aborted transactions", hours: 4, fleet: one, spec: toZero(), source: seen.SourceSpec{Isolation: seen.ReadCommitted},
			topics: []topicSpec{{rate: busy, tx: &transactions{every: 10 * time.Second, aborts: true}}},
			judges: []judge{quiet, awake, noFlap},
		},
		{
			name: "transactions and restarts of the program", hours: 5, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy, tx: often}}, events: each(40*minute, 7*minute, 5*hour, restart),
			judges: []judge{quiet, awake, noFlap},
		},
	}
}

// hanging are readers that hang. Each is the twin of a world in which nobody hangs.
func hanging() []world {
	return []world{
		{
			name: "hangs while records arrive", twin: "sink commits each 15 minutes", hours: 3, topics: []topicSpec{{rate: constant(100)}}, fleet: two,
			events: []event{{hour, hang}}, judges: []judge{pages(8 * minute), keepsUp},
		},
		{
			name: "hangs at once", hours: 3, topics: []topicSpec{{rate: constant(100)}}, fleet: two,
			events: []event{{0, hang}}, judges: []judge{pages(25 * minute), keepsUp},
		},
		{
			name: "hangs and the program restarts", hours: 3, topics: []topicSpec{{rate: constant(100)}}, fleet: two,
			events: append([]event{{hour, hang}}, each(30*minute, 65*minute, 3*hour, restart)...),
			judges: []judge{pagesOnce(25 * minute), keepsUp},
		},
		{
			name: "hangs and comes back and hangs again", hours: 4, topics: []topicSpec{{rate: constant(100)}}, fleet: two,
			events: []event{{hour, hang}, {hour + 25*minute, unhang}, {3 * hour, hang}}, judges: []judge{pages(8 * minute), keepsUp},
		},
		{
			name: "one partition hangs", hours: 3, topics: []topicSpec{{rate: constant(100)}}, fleet: two,
			events: []event{{hour, hangOne}}, judges: []judge{pages(8 * minute), keepsUp},
		},
		{
			name: "hangs on one record", twin: "frequent transactions then rest", hours: 4, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy}}, events: hangOn(2*hour+11*minute, 1), judges: []judge{neverZeroWhileHung, awake},
		},
		{
			name: "hangs on the last of frequent transactions", twin: "frequent transactions then rest", hours: 5, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: bursts(hour, 10*minute, 0.4), tx: &transactions{every: 10 * time.Second}}},
			events: hangOnTransaction(2*hour + 10*minute + 10*time.Second), judges: []judge{neverZeroWhileHung, awake},
		},
		{
			name: "hangs on two records", hours: 4, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: busy}}, events: hangOn(2*hour+11*minute, 2), judges: []judge{neverZeroWhileHung, awake},
		},
		{
			name: "hangs on three records", twin: "three markers a transaction", hours: 3, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: bursts(3*hour, 10*minute, 20)}}, events: hangOn(11*minute, 3),
			judges: []judge{neverZeroWhileHung, awake, pages(25 * minute)},
		},
		{
			name: "hangs on 60,000 records and nothing more arrives", hours: 4, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: between(0, 70*minute, 100)}}, events: []event{{hour, hang}},
			judges: []judge{neverZeroWhileHung, awake, pages(25 * minute)},
		},
		{
			name: "hangs on 60,000 records and the program restarts later", hours: 5, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: between(0, 70*minute, 100)}}, events: append([]event{{hour, hang}}, restarts(3*hour)...),
			judges: []judge{neverZeroWhileHung, awake, pagesOnce(25 * minute)},
		},
		{
			name: "hangs while a transaction comes each five minutes", twin: "a transaction each five minutes", hours: 5, fleet: one, spec: toZero(),
			topics: []topicSpec{{rate: constant(1), tx: &transactions{every: 5 * minute}}}, events: []event{{3 * hour, hang}},
			judges: []judge{neverZeroWhileHung, awake, pages(40 * minute)},
		},
	}
}

// slow are readers that commit rarely, though they work.
func slow() []world {
	return []world{
		{
			name: "jobs of ten minutes", twin: "hangs in a job", hours: 6, fleet: fleetSpec{replicas: 4},
			topics: []topicSpec{{partitions: 4, rate: constant(0.0025)}}, reader: reader{job: 10 * minute, speed: 1 / 600.0},
			spec: scaler.Spec{MinReplicas: ptr[int32](4)}, judges: []judge{quiet},
		},
		{
			name: "hangs in a job", twin: "jobs of ten minutes", hours: 8, fleet: fleetSpec{replicas: 4},
			topics: []topicSpec{{partitions: 4, rate: constant(0.0025)}}, reader: reader{job: 10 * minute, speed: 1 / 600.0},
			spec: scaler.Spec{MinReplicas: ptr[int32](4)}, events: []event{{5 * hour, hang}}, judges: []judge{pages(125 * minute)},
		},
		{
			name: "delayed retries", twin: "hangs with delayed retries", hours: 5, fleet: one,
			topics: []topicSpec{{partitions: 2, rate: retries}}, reader: reader{delay: 10 * minute}, judges: []judge{quiet, endsAt(2)},
		},
		{
			name: "hangs with delayed retries", twin: "delayed retries", hours: 6, fleet: one,
			topics: []topicSpec{{partitions: 2, rate: retries}}, reader: reader{delay: 10 * minute},
			events: []event{{4 * hour, hang}}, judges: []judge{pages(50 * minute)},
		},
		{ // the first of them look like a reader that hangs and comes back: it commits every few seconds otherwise
			name: "many delayed retries", twin: "hangs and comes back and hangs again", hours: 6, fleet: one,
			topics: []topicSpec{{partitions: 2, rate: bursts(hour, 30*minute, 1)}}, reader: reader{delay: 10 * minute},
			judges: []judge{quietFrom(3 * hour), endsAt(2)},
		},
		{
			name: "sink commits each 15 minutes", twin: "hangs while records arrive", hours: 5, fleet: two,
			topics: []topicSpec{{rate: constant(100)}}, reader: reader{commit: 15 * minute}, judges: []judge{quiet, keepsUp, endsAt(3)},
		},
		{
			name: "sink hangs", twin: "sink commits each 15 minutes", hours: 6, fleet: two,
			topics: []topicSpec{{rate: constant(100)}}, reader: reader{commit: 15 * minute}, events: []event{{4 * hour, hang}},
			judges: []judge{pages(90 * minute)},
		},
		{
			name: "sink commits each five minutes", hours: 4, fleet: two,
			topics: []topicSpec{{rate: constant(100)}}, reader: reader{commit: 5 * minute}, judges: []judge{quiet, keepsUp, endsAt(3)},
		},
		{
			name: "checkpointing job without members", hours: 4, fleet: two,
			topics: []topicSpec{{rate: constant(100)}}, reader: reader{commit: 10 * minute, alone: true}, judges: []judge{quiet},
		},
	}
}

// hang lets the readers hang.
func hang(r *run) {
	for _, p := range r.reading() {
		p.stuck = true
	}
}

// hangOne lets the reader of one partition hang.
func hangOne(r *run) { r.reading()[1].stuck = true }

// hangOn lets the readers hang and the upstream stop when so many records have arrived in each partition after that.
func hangOn(at time.Duration, records int64) []event {
	return []event{{at, func(r *run) {
		hang(r)
		for _, p := range r.reading() {
			p.append(records, record, r.now)
		}
		for _, t := range r.side.topics {
			t.rate = constant(0)
		}
	}}}
}

// hangOnTransaction lets the readers hang on a record in each partition, with its marker, after which nothing comes.
func hangOnTransaction(at time.Duration) []event {
	events := hangOn(at, 1)
	return append(events, event{at, func(r *run) {
		for _, p := range r.reading() {
			p.append(1, marker, r.now)
		}
	}})
}

func restarts(times ...time.Duration) (list []event) {
	for _, at := range times {
		list = append(list, event{at, restart})
	}
	return list
}
