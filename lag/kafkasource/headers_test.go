package kafkasource_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// payments is a cluster whose topic holds two records of a committed transaction, and two of an aborted one:
//
//	offset  0       1       2       3        4        5
//	        record  record  marker  aborted  aborted  marker
func payments(t *testing.T, cfg kafkasource.Config) *rig {
	t.Helper()
	cfg.ReadCommitted = func(g string) bool { return g == "careful" }
	r := newRig(t, cfg, kfake.NumBrokers(1))
	r.Create("payments", 1)
	tx, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...), kgo.TransactionalID("t"), kgo.DefaultProduceTopic("payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := tx.ProduceSync(t.Context(), kgo.StringRecord("paid"), kgo.StringRecord("paid")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := tx.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func everyTopic(string) bool { return true }

// doubt makes the next polls look at partition 0 of payments for these groups.
func (r *rig) doubt(groups ...string) {
	doubts := make([]lag.Doubt, 0, len(groups))
	for _, g := range groups {
		doubts = append(doubts, lag.Doubt{Group: g, Topic: "payments"})
	}
	r.source.Look(slices.Values(doubts))
}

// noData are the groups of a poll for which nothing lies behind the commit.
func noData(o lag.Observation) []string {
	var names []string
	for _, g := range lag.Compute(o, nil, nil).Groups {
		for _, topic := range g.Topics {
			if topic.Partitions[0].Evidence.Has(lag.NoData) {
				names = append(names, g.Group)
			}
		}
	}
	return names
}

func fetches(o lag.Observation) int64 {
	for _, c := range o.Requests {
		if c.API == "Fetch" {
			return c.Count
		}
	}
	return 0
}

// Groups whose commits stand short of the same end, each beside its twin.
func TestLookAtBatchHeaders(t *testing.T) {
	r := payments(t, kafkasource.Config{Headers: everyTopic})
	commits := map[string]int64{
		"careful": 2, // reads only what is committed, and has read all of that
		"hasty":   2, // twin: reads everything: two aborted records are left
		"marker":  5, // behind it there is only a marker
		"stuck":   4, // twin: a record before it
		"ended":   6, // nothing lies behind it
	}
	for g, offset := range commits {
		r.Commit(g, "payments", 0, offset)
	}
	if o := r.observe(); fetches(o) > 0 || noData(o) != nil {
		t.Fatalf("nothing is in doubt, and %d Fetch requests are sent", fetches(o))
	}
	r.doubt("careful", "ended", "gone", "hasty", "marker", "stuck")
	for poll, want := range []int64{4, 0, 0} { // each answer is remembered
		o := r.observe()
		quiet(t, o)
		if got := noData(o); !slices.Equal(got, []string{"careful", "marker"}) || fetches(o) != want {
			t.Errorf("poll %d: no record for %v, %d Fetch requests, want %d", poll, got, fetches(o), want)
		}
	}
	r.doubt() // what is known to be read is in doubt no more, and stays known
	if got := noData(r.observe()); !slices.Equal(got, []string{"careful", "marker"}) {
		t.Errorf("no record for %v, when nothing is in doubt", got)
	}
	r.Append("payments", 0, 1)
	r.doubt("careful", "hasty", "marker", "stuck")
	if o := r.observe(); noData(o) != nil || fetches(o) != 2 {
		t.Errorf("a record came, and no record is known for %v; %d Fetch requests: what was found for the others is still there", noData(o), fetches(o))
	}
	r.Commit("stuck", "payments", 0, 5)
	r.Commit("careful", "payments", 0, 7)
	if o := r.observe(); noData(o) != nil || fetches(o) != 1 {
		t.Errorf("no record for %v, %d Fetch requests", noData(o), fetches(o))
	}
}

// Without the setting nothing is fetched, whatever is in doubt; with it only of the topics that it names.
func TestLookIsOffByDefault(t *testing.T) {
	for name, headers := range map[string]func(string) bool{"default": nil, "another topic": func(topic string) bool { return topic == "orders" }} {
		r := payments(t, kafkasource.Config{Headers: headers})
		r.Commit("marker", "payments", 0, 5)
		r.doubt("marker")
		if o := r.observe(); noData(o) != nil || fetches(o) != 0 {
			t.Errorf("%s: %d Fetch requests", name, fetches(o))
		}
	}
}

// A look that finds out nothing leaves the partition unknown, and every lag known. It says why, unless the broker throttles.
func TestLookThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*kmsg.FetchResponse, *kmsg.FetchResponseTopicPartition)
		want   lag.ErrorCode
	}{
		"not permitted": {func(_ *kmsg.FetchResponse, p *kmsg.FetchResponseTopicPartition) { p.ErrorCode = 29 }, lag.TopicDenied},
		"throttled":     {func(*kmsg.FetchResponse, *kmsg.FetchResponseTopicPartition) {}, lag.OK},
		"garbled": {func(_ *kmsg.FetchResponse, p *kmsg.FetchResponseTopicPartition) {
			p.RecordBatches = make([]byte, 61)
			p.RecordBatches[16] = 9
		}, lag.Garbled},
		"refused": {func(f *kmsg.FetchResponse, _ *kmsg.FetchResponseTopicPartition) { f.ErrorCode = 31 }, lag.ClusterDenied},
	} {
		t.Run(name, func(t *testing.T) {
			r := payments(t, kafkasource.Config{Headers: everyTopic})
			r.Commit("marker", "payments", 0, 5)
			r.doubt("marker")
			r.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
				answer, _ := req.ResponseKind().(*kmsg.FetchResponse)
				topic, p := kmsg.NewFetchResponseTopic(), kmsg.NewFetchResponseTopicPartition()
				p.HighWatermark = 6
				c.answer(answer, &p)
				topic.Topic, topic.Partitions = "payments", []kmsg.FetchResponseTopicPartition{p}
				answer.Topics = append(answer.Topics, topic)
				return answer, nil, true
			})
			for poll, want := range []int64{1, 0} { // not again at once
				o := r.observe()
				code := lag.OK
				if len(o.Errors) > 0 {
					code = o.Errors[0].Code
				}
				if noData(o) != nil || fetches(o) != want || code != c.want || len(o.Errors) > 1 || !lag.Complete(o.Errors) {
					t.Errorf("poll %d: no record for %v, %d Fetch requests, errors %+v", poll, noData(o), fetches(o), o.Errors)
				}
				if n, ok := lag.Compute(o, nil, nil).Groups[0].Topics[0].Partitions[0].Lag(); n != 1 || !ok {
					t.Errorf("lag %d, %v", n, ok)
				}
			}
		})
	}
}

// So many partitions are looked at in one poll; the others in the next ones.
func TestLooksAreBounded(t *testing.T) {
	r := payments(t, kafkasource.Config{Headers: everyTopic, Limits: kafkasource.Limits{Looks: 2}})
	groups := []string{"a", "b", "c"}
	for _, g := range groups {
		r.Commit(g, "payments", 0, 5)
	}
	r.doubt(groups...)
	for poll, want := range []struct {
		sent  int64
		known int
	}{{2, 2}, {1, 3}, {0, 3}} {
		if o := r.observe(); fetches(o) != want.sent || len(noData(o)) != want.known {
			t.Errorf("poll %d: %d Fetch requests, known of %v", poll, fetches(o), noData(o))
		}
	}
}

// A look that does not see the end goes on from there in the next poll, and believes nothing before.
func TestLookGoesOn(t *testing.T) {
	r := payments(t, kafkasource.Config{Headers: everyTopic})
	r.Commit("all", "payments", 0, 3)
	r.doubt("all")
	r.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		fetch, _ := req.(*kmsg.FetchRequest)
		marker := kmsg.RecordBatch{FirstOffset: fetch.Topics[0].Partitions[0].FetchOffset, Length: 49, Magic: 2, Attributes: 0x30, NumRecords: 1}
		answer, _ := req.ResponseKind().(*kmsg.FetchResponse)
		topic, p := kmsg.NewFetchResponseTopic(), kmsg.NewFetchResponseTopicPartition()
		p.RecordBatches = marker.AppendTo(nil)
		topic.Topic, topic.Partitions = "payments", []kmsg.FetchResponseTopicPartition{p}
		answer.Topics = append(answer.Topics, topic)
		return answer, nil, true
	})
	for poll, want := range []struct {
		sent  int64
		known int
	}{{1, 0}, {1, 0}, {1, 1}, {0, 1}} {
		if o := r.observe(); fetches(o) != want.sent || len(noData(o)) != want.known {
			t.Errorf("poll %d: %d Fetch requests, known of %v", poll, fetches(o), noData(o))
		}
	}
}

// Partitions of a topic that may not be read are asked for again after a minute; they do not keep out partitions that nobody has
// looked at.
func TestLooksThatFailKeepNobodyOut(t *testing.T) {
	r := payments(t, kafkasource.Config{Headers: everyTopic, Limits: kafkasource.Limits{Looks: 2}})
	denied := []string{"a", "b", "c"}
	for _, g := range append(denied, "marker") {
		r.Commit(g, "payments", 0, 5)
	}
	r.doubt(append(denied, "marker")...)
	asked := 0
	r.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		if asked++; asked > len(denied) {
			return nil, nil, false
		}
		answer, _ := req.ResponseKind().(*kmsg.FetchResponse)
		answer.ErrorCode = 29
		return answer, nil, true
	})
	for poll, want := range []int{0, 1, 1} {
		if o := r.observe(); len(noData(o)) != want {
			t.Errorf("poll %d: no record for %v, want %d groups", poll, noData(o), want)
		}
	}
}
