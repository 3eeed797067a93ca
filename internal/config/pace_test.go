package config

import (
	"strings"
	"testing"
	"time"
)

// A cluster has the pace of the whole file where it says nothing itself.
func TestInForce(t *testing.T) {
	c, err := Parse([]byte(`
interval: 20s
sampleInterval: 2s
clusterDefaults:
  timeout: 15s
  requestsPerSecond: 50
  connections: 5
  quota: {requestsPerSecond: 100}
  groups: {exclude: ['test-.*']}
  topics: {include: ['shop\..*']}
clusters:
- {name: usual, brokers: ['a:1']}
- {name: own, brokers: ['a:1'], interval: 1m, sampleInterval: none, timeout: 30s, requestsPerSecond: 2.5, connections: 2, quota: {connections: 9}, groups: {include: [a]}}
- {name: fast, brokers: ['a:1'], interval: 1s}
`), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	usual, own, fast := c.InForce(c.Clusters[0]), c.InForce(c.Clusters[1]), c.InForce(c.Clusters[2])
	if usual.Interval != Duration(20*time.Second) || usual.SampleInterval != Samples(2*time.Second) || usual.Timeout != Duration(15*time.Second) ||
		usual.RequestsPerSecond != 50 || usual.Connections != 5 || usual.Quota.RequestsPerSecond != 100 || usual.Groups.Allows("test-1") || usual.Topics.Allows("other") {
		t.Errorf("%+v", usual)
	}
	if own.Interval != Duration(time.Minute) || own.SampleInterval != NoSamples || own.Timeout != Duration(30*time.Second) || own.RequestsPerSecond != 2.5 ||
		own.Connections != 2 || own.Quota.Connections != 9 || own.Quota.RequestsPerSecond != 0 || !own.Groups.Allows("a") || own.Groups.Allows("b") || own.Topics.Allows("other") {
		t.Errorf("%+v", own)
	}
	if fast.Timeout != Duration(800*time.Millisecond) || fast.SampleInterval != Samples(time.Second) {
		t.Errorf("%+v", fast)
	}
	text, err := c.Redacted()
	if err != nil || !strings.Contains(string(text), "sampleInterval: none") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestMistakesOfPace(t *testing.T) {
	for _, c := range []struct{ fields, want string }{
		{"interval: 100ms", `clusters[0].interval: "100ms": must be at least 1s`},
		{"sampleInterval: never", `clusters[0].sampleInterval: "never": must be none, or a duration such as 500ms or 30s`},
		{"sampleInterval: 11s", `clusters[0].sampleInterval: "11s": must not be longer than interval`},
		{"interval: 5s, sampleInterval: 6s", `clusters[0].sampleInterval: "6s": must not be longer than interval`},
		{"sampleInterval: 1ms", `clusters[0].sampleInterval: "1ms": must be at least 100ms, or none`},
		{"interval: 1s, timeout: 5s", `clusters[0].timeout: "5s": must be at most 800ms, 8/10 of interval`},
		{"requestsPerSecond: 0", `clusters[0].requestsPerSecond: "0": must be greater than 0 and at most 1000000`},
		{"requestsPerSecond: .inf", `clusters[0].requestsPerSecond: ".inf": must be greater than 0`},
		{"requestsPerSecond: 1", `clusters[0].requestsPerSecond: "1": is not more than the samples of one broker take; set sampleInterval to none, or longer`},
		{"connections: 1", `clusters[0].connections: "1": must be at least 2: one for requests, and one for the list of brokers`},
		{"quota: {requestsPerSecond: -1}", `clusters[0].quota.requestsPerSecond: "-1": must be greater than 0`},
		{"quota: {connections: 0}", `clusters[0].quota.connections: "0": must be greater than 0`},
		{"quota: {connectionsPerSecond: 0}", `clusters[0].quota.connectionsPerSecond: "0": must be greater than 0`},
		{"quota: {bytes: 0}", `clusters[0].quota`},
	} {
		_, err := Parse([]byte("clusters: [{name: a, brokers: ['a:1'], "+c.fields+"}]\n"), testEnv())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nwant %s", c.fields, err, c.want)
		}
	}
	_, err := Parse([]byte(minimal+"clusterDefaults: {timeout: 1ms, requestsPerSecond: -2, connections: 1}\n"), testEnv())
	for _, want := range []string{"clusterDefaults.timeout", "clusterDefaults.requestsPerSecond", "clusterDefaults.connections"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Parse([]byte("clusters: [{name: a, brokers: ['a:1'], requestsPerSecond: 0.5, sampleInterval: none}]\n"), testEnv()); err != nil {
		t.Errorf("few requests without samples: %v", err)
	}
}
