package web

import (
	"encoding/json"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Each trouble is on every page, says where and what, and what to do.
func TestProblemsSayWhatToDo(t *testing.T) {
	scaled := func(o scaler.Outcome) func(*engine.Report) {
		return func(r *engine.Report) { o.Name = "shop/orders"; r.Scalers = []engine.ScalerReport{{Outcome: o}} }
	}
	owned := seen.Workload{Owner: seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders-hpa"}}
	cluster := func(e lag.ReadError) func(*engine.Report) {
		return func(r *engine.Report) { r.Clusters[0].Snapshot.Errors = []lag.ReadError{e} }
	}
	group := func(code lag.ErrorCode) func(*engine.Report) {
		return func(r *engine.Report) { alter(r, 1, func(g *lag.GroupLag) { g.Err = code }) }
	}
	for _, c := range []struct {
		name    string
		trouble func(*engine.Report)
		want    []string
	}{
		{
			"Kafka is unreachable", cluster(lag.ReadError{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable, Detail: "dial tcp 127.0.0.1:9092: connection refused"}),
			[]string{"main", "connection refused", "check the address, the listener and the network policy"},
		},
		{
			"a right on the cluster is missing", cluster(lag.ReadError{Stage: lag.StageList, Broker: 2, Code: lag.ClusterDenied}),
			[]string{"broker 2, list groups: CLUSTER_AUTHORIZATION_FAILED", "grant DESCRIBE on the cluster"},
		},
		{
			"a right on a group is missing", group(lag.GroupDenied),
			[]string{"groups that could not be read: GROUP_AUTHORIZATION_FAILED", "group=beta", "grant DESCRIBE on the group", "lagscaler check"},
		},
		{
			"a coordinator is not available", group(lag.NoCoordinator),
			[]string{"groups that could not be read: COORDINATOR_NOT_AVAILABLE", "group=beta", "a partition of __consumer_offsets has no leader", "the oldest values shown are from"},
		},
		{
			"an address belongs to another cluster", func(r *engine.Report) {
				c := *r.Clusters[0]
				s := *c.Snapshot
				s.ClusterID, s.Foreign = "A", []lag.ForeignAddress{{Address: "kafka-1:9092", ClusterID: "B"}}
				c.Snapshot = &s
				r.Clusters[0] = &c
			},
			[]string{`kafka-1:9092 belongs to the Kafka cluster "B", and not to "A"`, "set its id as clusterId"},
		},
		{
			"a right on a topic is missing", cluster(lag.ReadError{Stage: lag.StageMetadata, Broker: -1, Code: lag.TopicDenied}),
			[]string{"grant DESCRIBE on the topic"},
		},
		{"a group is partial", func(r *engine.Report) {
			alter(r, 1, func(g *lag.GroupLag) {
				p := &g.Topics[0].Partitions[0]
				p.Known, p.Err = p.Known&^lag.KnownEnd, lag.LeaderNotAvailable
			})
		}, []string{"groups with partitions that could not be read", "group=beta", "the lag is at least the number shown, and these groups are not scaled in"}},
		{
			"a scaler names a topic that does not exist", scaled(scaler.Outcome{Decision: scaler.Decision{
				Needs: []need.Need{{Cluster: "main", Group: "orders", MissingTopics: []string{"orderz"}}},
			}}),
			[]string{"shop/orders", `topic "orderz" of cluster "main" does not exist`, "correct the name"},
		},
		{
			"a scaler names a group that does not exist", scaled(scaler.Outcome{Decision: scaler.Decision{
				Needs: []need.Need{{Cluster: "main", Group: "orderz", NoGroup: true}}, Current: 2, Why: scaler.Evidence{Ready: 2},
			}}),
			[]string{"shop/orders", `group "orderz" of cluster "main" does not exist`, "correct the name"},
		},
		{
			"a right in Kubernetes is missing", scaled(scaler.Outcome{Scaler: scaler.Scaler{Refusal: scaler.Refusal{Reason: "MissingRight", Why: "the permission to list deployments.apps in shop is missing"}}}),
			[]string{"shop/orders", "the permission to list deployments.apps in shop is missing", "nothing is decided for this scaler until this is fixed"},
		},
		{
			"a write is denied", scaled(scaler.Outcome{Disposition: scaler.Failed, Failure: `deployments.apps "orders" is forbidden`}),
			[]string{"a write failed", "is forbidden", "check the permissions of the service account"},
		},
		{
			"another controller owns the target", scaled(scaler.Outcome{Disposition: scaler.Conflict, Scaler: scaler.Scaler{Workload: owned}}),
			[]string{"HorizontalPodAutoscaler orders-hpa owns the target", "remove or pause it, or let this scaler advise"},
		},
		{
			"somebody else was faster", scaled(scaler.Outcome{Disposition: scaler.Conflict, Failure: "orders has 7 replicas, not 4"}),
			[]string{"orders has 7 replicas, not 4", "the next poll decides again"},
		},
		{
			"records wait behind a zero by hand", scaled(scaler.Outcome{Decision: scaler.Decision{Verdict: scaler.ZeroByHandWaiting}}),
			[]string{"records wait, and somebody set the replicas to 0", "scale the target to 1 or more to resume it"},
		},
		{
			"it has stopped itself", scaled(scaler.Outcome{Decision: scaler.Decision{
				At: t0, Verdict: scaler.Steady, Why: scaler.Evidence{Stopped: &breaker.Stop{
					Since: t0, Until: t0.Add(time.Hour), Cause: breaker.MadeLate, Steps: 3, Last: breaker.Counted{At: t0, From: 24, To: 16},
				}},
			}}),
			[]string{"3 steps down made records late, the last was 24 -> 16", "LagscalerScaleDownStopped"},
		},
		{
			"a hold does not end", scaled(scaler.Outcome{Decision: scaler.Decision{Verdict: scaler.Stalled, Overdue: true}}),
			[]string{"a verdict is past its deadline: Stalled", "LagscalerHoldOverdue"},
		},
		{
			"nothing is read any more", func(r *engine.Report) { r.Polls[0].LastSuccess = t0.Add(-5 * time.Minute) },
			[]string{"nothing was read for 5.2 min", "the values on these pages are that old, and scalers keep the replicas or use their fallbackReplicas"},
		},
	} {
		r := report(t, "alpha", "beta")
		c.trouble(r)
		h := handlerOf(r)
		for _, path := range []string{"/", "/decisions", "/status"} {
			page := get(t, h, path).Body.String()
			_, section, _ := strings.Cut(page, `<section class="problems"`)
			section, _, _ = strings.Cut(section, "</section>")
			for _, want := range c.want {
				if !strings.Contains(section, html.EscapeString(want)) && !strings.Contains(section, want) {
					t.Errorf("%s: %s does not say %q:\n%s", c.name, path, want, section)
				}
			}
		}
	}
}

// What the program around the report has to say comes first.
func TestTroublesAroundTheReport(t *testing.T) {
	r := report(t, "alpha")
	h := New(Options{
		Latest: func() *engine.Report { return r }, Ring: recent.New(), Now: func() time.Time { return r.At },
		Troubles: func() []Problem {
			return []Problem{{Where: "Kubernetes", What: "the permission to create events is missing", Do: "grant it", Count: 1}}
		},
	})
	var status StatusPage
	if err := json.Unmarshal(get(t, h, "/api/v1/status").Body.Bytes(), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Problems) != 1 || status.Problems[0].Do != "grant it" {
		t.Errorf("%+v", status.Problems)
	}
}

// A refused scaler decides nothing, so a group's row shows the one that decides, whichever comes last by name.
func TestARefusedScalerIsNotAGroups(t *testing.T) {
	sources := []seen.SourceSpec{{Cluster: "main", Group: "orders"}}
	r := &engine.Report{Scalers: []engine.ScalerReport{
		{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Sources: sources}}},
		{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "zoo/orders", Sources: sources, Refusal: scaler.Refusal{Reason: "NotAllowed", Why: "x"}}}},
	}}
	if got := scaledGroups(r)[[2]string{"main", "orders"}]; got == nil || got.Name != "shop/orders" {
		t.Errorf("the group is scaled by %+v, want shop/orders", got)
	}
}

// What is known of a topic that no member subscribes to is said, and what is not known is said, too.
func TestLeftNotes(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	yes, no, read := true, false, now.Add(-3*time.Hour)
	for name, c := range map[string]struct {
		left api.Left
		want string
	}{
		"leaving":     {api.Left{Missed: &no}, "it counts until the group has been stable without it for 10 min"},
		"left":        {api.Left{Orphaned: true, Missed: &no, ReadAt: &read}, "its records do not count; the group last read it 3 h ago"},
		"missed":      {api.Left{Orphaned: true, Missed: &yes, ReadAt: &read}, "its consumers may be down"},
		"not known":   {api.Left{Orphaned: true}, "it is not known when the group last read it, so that its consumers may be down"},
		"after a day": {api.Left{Orphaned: true, Missed: &no}, "it is not known when the group last read it"},
	} {
		t.Run(name, func(t *testing.T) {
			c.left.Since = now.Add(-20 * time.Minute)
			if got := leftNote(c.left, now); !strings.Contains(got, c.want) || !strings.Contains(got, "no member has subscribed to it for 20 min") {
				t.Errorf("%q, want %q in it", got, c.want)
			}
		})
	}
}
