package kafkasource_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// shareGroup is a cluster with a share group that has one member.
func shareGroup(t *testing.T, options ...kfake.Opt) *rig {
	t.Helper()
	r := newRig(t, kafkasource.Config{OffsetsRetention: time.Hour}, append(options, kfake.NumBrokers(1))...)
	r.Create("jobs", 1)
	client, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...), kgo.ShareGroup("workers"), kgo.ConsumeTopics("jobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return r
}

// limit polls until the share group is read, and returns the limit that this poll has for it.
func (r *rig) limit() int32 {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		o := r.observe()
		i := slices.IndexFunc(o.Groups, func(g lag.GroupRead) bool { return g.Group == "workers" && !g.CommitsAt.IsZero() })
		if i >= 0 {
			quiet(r.t, o)
			return lag.Compute(o, nil, nil).Groups[i].MaxMembers
		}
	}
	r.t.Fatal("the share group is not read")
	return 0
}

// configs counts the questions for configuration, and answers them if answer is not nil.
type configs struct {
	mu     sync.Mutex
	asked  int
	answer func(*kmsg.DescribeConfigsResponse)
}

func (r *rig) configs() *configs {
	c := new(configs)
	r.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked++
		if c.answer == nil {
			return nil, nil, false
		}
		resp, _ := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		resource := kmsg.NewDescribeConfigsResponseResource()
		resp.Resources = append(resp.Resources, resource)
		c.answer(resp)
		return resp, nil, true
	})
	return c
}

func (c *configs) set(answer func(*kmsg.DescribeConfigsResponse)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.answer = 0, answer
}

func (c *configs) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// A coordinator says how many members it admits. It is asked once, whatever it answers, and a refusal is no error.
func TestShareGroupLimitIsRead(t *testing.T) {
	value := func(name, text string) func(*kmsg.DescribeConfigsResponse) {
		return func(resp *kmsg.DescribeConfigsResponse) {
			c := kmsg.NewDescribeConfigsResponseResourceConfig()
			c.Name, c.Value = name, &text
			resp.Resources[0].Configs = append(resp.Resources[0].Configs, c)
		}
	}
	r := shareGroup(t, kfake.BrokerConfigs(map[string]string{"group.share.max.size": "37"}))
	configs := r.configs()
	for name, c := range map[string]struct {
		answer func(*kmsg.DescribeConfigsResponse)
		want   int32
	}{
		"it says 37":                    {nil, 37},
		"it refuses":                    {func(resp *kmsg.DescribeConfigsResponse) { resp.Resources[0].ErrorCode = 31 }, 0},
		"it says nothing":               {func(resp *kmsg.DescribeConfigsResponse) { resp.Resources = nil }, 0},
		"no number":                     {value("group.share.max.size", "many"), 0},
		"a number that cannot be one":   {value("group.share.max.size", "-1"), 0},
		"more than a number of members": {value("group.share.max.size", "99999999999"), 0},
		"another setting":               {value("group.consumer.max.size", "12"), 0},
		"a secret": {func(resp *kmsg.DescribeConfigsResponse) {
			value("group.share.max.size", "")(resp)
			resp.Resources[0].Configs[0].Value = nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			configs.set(c.answer)
			r.source = source(t, kafkasource.Config{Cluster: "main", Brokers: r.ListenAddrs(), OffsetsRetention: time.Hour})
			for range 3 {
				if got := r.limit(); got != c.want {
					t.Errorf("limit %d, want %d", got, c.want)
				}
			}
			if n := configs.count(); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// Nobody asks for the limit of share groups where there are none.
func TestNoShareGroupNoLimit(t *testing.T) {
	r := newRig(t, kafkasource.Config{OffsetsRetention: time.Hour})
	configs := r.configs()
	r.fill(3)
	quiet(t, r.observe())
	if n := configs.count(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}
