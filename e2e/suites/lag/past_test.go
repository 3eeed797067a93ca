package lag_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestTimeLagAtOnce reads the time lag in the first poll of a source: of a topic whose brokers write the time of the append, and of
// one whose producers' times agreed with arrivals before. Of the twin, with the times of its producers, nothing is known.
func TestTimeLagAtOnce(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		const target = 8 * time.Second // longer than a first poll takes on a busy machine
		topics := map[string]string{"LogAppendTime": c.Name("append"), "CreateTime": c.Name("create"), "agreed": c.Name("agreed")}
		for kind, topic := range topics {
			c.CreateTopicNamed(t, topic, 1, map[string]string{"message.timestamp.type": strings.Replace(kind, "agreed", "CreateTime", 1)})
			c.ProduceTo(t, 10, kafka.Partition{Topic: topic})
		}
		time.Sleep(target + time.Second)
		var groups []string
		commit := func(topic string, at int64) string {
			group := c.Name("at-once")
			groups = append(groups, group)
			var offsets kadm.Offsets
			offsets.Add(kadm.Offset{Topic: topic, At: at, LeaderEpoch: -1})
			kafka.Eventually(t, "a commit", func() error {
				resp, err := c.Admin(t).CommitOffsets(t.Context(), group, offsets)
				return errors.Join(err, resp.Error())
			})
			return group
		}
		late, soon := commit(topics["LogAppendTime"], 5), commit(topics["LogAppendTime"], 15)
		twin, agreed := commit(topics["CreateTime"], 15), commit(topics["agreed"], 15)
		for _, topic := range topics {
			c.ProduceTo(t, 10, kafka.Partition{Topic: topic})
		}
		s := source(t, kafkasource.Config{Brokers: addresses(c)})
		s.ReadGroups(lag.GroupNames{
			Names: groups, Target: func(string) time.Duration { return target },
			Trusted: func(topic string, _ [16]byte) bool { return topic == topics["agreed"] },
		})
		snap := lag.Compute(s.Observe(t.Context()), nil, nil)
		for _, name := range groups {
			if _, err := seen(snap, name); err != nil {
				t.Error(err)
			}
		}
		var h lag.History
		for _, r := range h.Add(snap, func(string) lag.SLO { return lag.DefaultSLO }) {
			seconds, atLeast, ok := r.TimeLag.Value()
			most, bounded := r.TimeLag.AtMost()
			switch r.Group {
			case late:
				if !ok || !atLeast || seconds <= 0 || seconds > target.Seconds()+10 {
					t.Errorf("5 of 20: %v, at least %v, %v; past %+v", seconds, atLeast, ok, snap.Past)
				}
			case soon:
				if !bounded || most < target.Seconds() || most > target.Seconds()+15 {
					t.Errorf("15 of 20: at most %v, %v; past %+v", most, bounded, snap.Past)
				}
			case agreed: // from the time of its first new record, which is a moment ago
				if !bounded || most < lag.TimesAgreeWithin.Seconds() || most > lag.TimesAgreeWithin.Seconds()+15 {
					t.Errorf("15 of 20, whose times agreed: at most %v, %v; past %+v", most, bounded, snap.Past)
				}
			case twin:
				if ok || bounded {
					t.Errorf("times of producers: %v %v, at most %v %v", seconds, ok, most, bounded)
				}
			}
		}
	})
}
