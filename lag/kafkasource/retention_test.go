package kafkasource_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestOffsetsRetention: it is read from a broker once; where that is not allowed, or nobody answers, it is not known, and the
// poll has no error.
func TestOffsetsRetention(t *testing.T) {
	answer := func(code int16, value string) func(kmsg.Request) (kmsg.Response, error, bool) {
		return func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
			res := kmsg.NewDescribeConfigsResponseResource()
			res.ErrorCode = code
			if code == 0 {
				c := kmsg.NewDescribeConfigsResponseResourceConfig()
				c.Name, c.Value = "offsets.retention.minutes", &value
				res.Configs = append(res.Configs, c)
			}
			resp.Resources = append(resp.Resources, res)
			return resp, nil, true
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(kmsg.Request) (kmsg.Response, error, bool)
		set    time.Duration
		want   time.Duration
	}{
		{"read", answer(0, "1440"), 0, 24 * time.Hour},
		{"set", answer(0, "1440"), time.Hour, time.Hour},
		{"not allowed", answer(31, ""), 0, 0},
		{"no number", answer(0, "long"), 0, 0},
		{"nobody answers", func(kmsg.Request) (kmsg.Response, error, bool) { return nil, nil, true }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{OffsetsRetention: tt.set, Limits: kafkasource.Limits{Request: 200 * time.Millisecond}}, kfake.NumBrokers(1))
			r.Create("orders", 1)
			r.Commit("shop", "orders", 0, 0)
			asked := 0
			r.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
				r.KeepControl()
				asked++
				return tt.answer(req)
			})
			for range 2 {
				o := r.observe()
				quiet(t, o)
				if o.OffsetsRetention != tt.want {
					t.Errorf("%v, want %v", o.OffsetsRetention, tt.want)
				}
			}
			if once := tt.set == 0; asked > 1 || once != (asked == 1) {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
