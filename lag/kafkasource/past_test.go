package kafkasource_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// The first poll after a start knows by the leader's word whether a group is within its target. Twins: the same records with
// the producers' times, which may be those of a backfill or of a clock that is ahead; a log whose newest record is old, which
// does not show whether its broker's clock is ours; a clock of the broker that is not ours.
func TestTimeLagAfterARestart(t *testing.T) {
	const target = time.Minute
	for name, c := range map[string]struct {
		kind    string        // message.timestamp.type
		times   time.Duration // of the producer, from now
		shift   time.Duration // of the broker's clock, as the answers show it
		commit  int64
		atLeast bool
		known   bool
		denied  bool // the right to read the configuration is missing
		trusted bool // the times of the producers agreed with arrivals before the start
		none    bool // no record has a time that is late enough
	}{
		"read up to a moment ago":                        {kind: "LogAppendTime", commit: 15, known: true},
		"far behind":                                     {kind: "LogAppendTime", commit: 5, atLeast: true, known: true},
		"twin: a backfill":                               {kind: "CreateTime", times: -5 * 365 * 24 * time.Hour, commit: 15},
		"twin: the producers' clocks are ahead":          {kind: "CreateTime", times: time.Hour, commit: 5},
		"twin: the broker's clock is behind ours":        {kind: "LogAppendTime", shift: -time.Hour, commit: 15},
		"twin: the broker's clock is ahead of ours":      {kind: "LogAppendTime", shift: time.Hour, commit: 5},
		"the times agreed before":                        {kind: "CreateTime", commit: 15, trusted: true, known: true},
		"the times agreed before, far behind":            {kind: "CreateTime", commit: 5, trusted: true, known: true, atLeast: true},
		"twin: they agreed, and a backfill has begun":    {kind: "CreateTime", commit: 15, trusted: true, none: true},
		"twin: they agreed, and a clock is ahead now":    {kind: "CreateTime", commit: 5, trusted: true, shift: time.Hour},
		"twin: they agreed, and our clock is ahead":      {kind: "CreateTime", commit: 15, trusted: true, shift: -time.Hour},
		"the right to read the configuration is missing": {kind: "LogAppendTime", commit: 15, denied: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{}, kfake.NumBrokers(1))
			r.createTimed("orders", c.kind, c.times)
			r.Commit("shop", "orders", 0, c.commit)
			since := int64(10)
			if c.none {
				since = -1
			}
			r.answerTimes(since, c.shift)
			if c.denied {
				r.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
					r.KeepControl()
					resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
					resp.Resources = []kmsg.DescribeConfigsResponseResource{{ErrorCode: int16(lag.TopicDenied), ResourceName: "orders"}}
					return resp, nil, true
				})
			}
			r.source.ReadGroups(lag.GroupNames{
				Target:  func(string) time.Duration { return target },
				Trusted: func(topic string, _ [16]byte) bool { return c.trusted && topic == "orders" },
			})
			o := r.observe()
			quiet(t, o)
			var h lag.History
			rates := h.Add(lag.Compute(o, nil, nil), func(string) lag.SLO { return lag.DefaultSLO })
			seconds, atLeast, ok := rates[0].TimeLag.Value()
			most, bounded := rates[0].TimeLag.AtMost()
			switch {
			case (ok || bounded) != c.known:
				t.Errorf("time lag %v %v, at most %v %v; past %+v", seconds, ok, most, bounded, o.Past)
			case c.known && c.atLeast && (!atLeast || seconds < 45 || seconds > 60):
				t.Errorf("%v, at least: %v", seconds, atLeast)
			case c.known && !c.atLeast && (!bounded || most < 60 || most > 75):
				t.Errorf("at most %v: %v", most, bounded)
			}
			if again := requests(r.observe()); c.known && again["ListOffsets"] != 1 || again["DescribeConfigs"] > 0 {
				t.Errorf("requests of the second poll: %v", again)
			}
		})
	}
}

// The times in records are compared only for groups of which something is saved, and only if they are those of producers.
func TestTimesAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		saves bool
		want  bool
	}{
		"times of producers":                     {"CreateTime", true, true},
		"nothing is saved of the group":          {"CreateTime", false, false},
		"times of brokers: nothing to be proven": {"LogAppendTime", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{Limits: kafkasource.Limits{Compare: time.Nanosecond}}, kfake.NumBrokers(1))
			r.createTimed("orders", c.kind, 0)
			r.Commit("shop", "orders", 0, 15)
			r.answerTimes(10, 0)
			r.source.ReadGroups(lag.GroupNames{
				Target: func(string) time.Duration { return time.Minute },
				Saves:  func(group string) bool { return c.saves && group == "shop" },
			})
			if first := r.observe().FirstSince; len(first) > 0 {
				t.Errorf("compared in the first poll: %+v", first)
			}
			before := time.Now()
			o := r.observe()
			if n := requests(o)["ListOffsets"]; (len(o.FirstSince) > 0) != c.want || c.want && n != 2 {
				t.Fatalf("%+v, %d requests", o.FirstSince, n)
			}
			if !c.want {
				return
			}
			f := o.FirstSince[0]
			ago := before.Sub(time.UnixMilli(f.Since))
			if f.Topic != "orders" || f.Offset != 10 || f.At != f.Since || ago < 55*time.Second || ago > time.Minute+time.Second {
				t.Errorf("%+v, asked for %v ago", f, ago)
			}
		})
	}
}

// createTimed makes a topic of 20 records.
func (r *rig) createTimed(name, kind string, times time.Duration) {
	r.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...))
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 1, 1
	topic.Configs = []kmsg.CreateTopicsRequestTopicConfig{{Name: "message.timestamp.type", Value: &kind}}
	req.Topics = append(req.Topics, topic)
	if resp, err := req.RequestWith(r.t.Context(), client); err != nil || resp.Topics[0].ErrorCode != 0 {
		r.t.Fatalf("%v %+v", err, resp)
	}
	for range 20 {
		record := &kgo.Record{Topic: name, Timestamp: time.Now().Add(times)}
		if err := client.ProduceSync(r.t.Context(), record).FirstErr(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// answerTimes makes brokers say that records from an offset on were appended since any time that is asked for, and that the
// newest one was appended just now, by a clock that differs from ours.
func (r *rig) answerTimes(since int64, shift time.Duration) {
	r.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		asked := req.(*kmsg.ListOffsetsRequest)
		at := asked.Topics[0].Partitions[0].Timestamp
		if at == -1 || at == -2 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		p := kmsg.NewListOffsetsResponseTopicPartition()
		p.Offset, p.Timestamp = since, at
		if at == -3 {
			p.Offset, p.Timestamp = 19, time.Now().Add(shift).UnixMilli()
		}
		resp.Topics = []kmsg.ListOffsetsResponseTopic{{Topic: "orders", Partitions: []kmsg.ListOffsetsResponseTopicPartition{p}}}
		return resp, nil, true
	})
}
