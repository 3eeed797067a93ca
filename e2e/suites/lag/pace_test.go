package lag_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/daemon"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/internal/config"
	program "github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// standing makes a group without members whose lag stands, and returns its name.
func standing(t *testing.T, c *kafka.Cluster, produced int, committed int64) (group string) {
	t.Helper()
	topic := c.CreateTopic(t, "paced", 2)
	c.Produce(t, topic, produced)
	group = c.Name("paced")
	var offsets kadm.Offsets
	for partition := range int32(2) {
		offsets.AddOffset(topic, partition, committed, -1)
	}
	if err := c.Admin(t).CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
	return group
}

// limitRequests gives a client id a quota of the brokers' time, in percent of a thread.
func limitRequests(t *testing.T, c *kafka.Cluster, clientID string, percent float64) {
	t.Helper()
	altered, err := c.Admin(t).AlterClientQuotas(t.Context(), []kadm.AlterClientQuotaEntry{{
		Entity: kadm.ClientQuotaEntity{{Type: "client-id", Name: &clientID}},
		Ops:    []kadm.AlterClientQuotaOp{{Key: "request_percentage", Value: percent}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range altered {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
}

// Two real Kafkas of different versions, each with its own SASL mechanism, interval and quota. The numbers of both are exact at every
// poll. The polls of the one whose quota bites take longer, and that is said: by the status, the metrics and check. The other one pays
// nothing for it.
func TestEachClusterAtItsOwnPace(t *testing.T) {
	t.Parallel()
	login := func(m config.Mechanism) *config.SASL {
		return &config.SASL{Mechanism: m, Username: reader.Name, Password: config.NewSecret(reader.Password)}
	}
	super := map[string]string{"super.users": "User:ANONYMOUS;User:" + reader.Name}
	free := kafka.Start(t, kafka.Config{Version: kafka.V39, Nodes: 1, Users: []kafka.User{reader}, Properties: super})
	tight := kafka.Start(t, kafka.Config{Version: kafka.V43, Nodes: 1, Users: []kafka.User{reader}, Properties: super})
	groups := map[string]string{"free": standing(t, free, 70, 30), "tight": standing(t, tight, 50, 49)}
	want := map[string]int64{"free": 80, "tight": 2}
	limitRequests(t, tight, "held-back", 0.01)
	clusters := []config.Cluster{
		{
			Name: "free", Brokers: strings.Split(free.SASLBootstrap(), ","), ClientID: "lagscaler", SASL: login(config.Scram512),
			Interval: config.Duration(2 * time.Second), SampleInterval: config.Samples(time.Second),
		},
		{
			Name: "tight", Brokers: strings.Split(tight.SASLBootstrap(), ","), ClientID: "held-back", SASL: login(config.Plain),
			Interval: config.Duration(15 * time.Second), SampleInterval: config.NoSamples, Connections: 2,
			Quota: &config.Quota{RequestsPerSecond: 0.1},
		},
	}
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	var wrong []string
	seen, exact := map[string]uint64{}, map[string]int{}
	d := daemon.Start(t, daemon.Options{Clusters: clusters, Published: func(r *engine.Report) {
		mu.Lock()
		defer mu.Unlock()
		for i, c := range r.Clusters {
			if r.Polls[i].Polls == seen[c.Name] {
				continue
			}
			seen[c.Name] = r.Polls[i].Polls
			took[c.Name] = append(took[c.Name], r.Polls[i].LastTook)
			g, ok := c.Snapshot.Group(groups[c.Name])
			if !ok && len(c.Snapshot.Errors) > 0 {
				continue // a busy machine: what is unknown is said to be, and no number is wrong
			}
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s: no group; errors %+v", c.Name, c.Snapshot.Errors))
				continue
			}
			n, whole := g.Total()
			if !whole {
				continue
			}
			exact[c.Name]++
			if n != want[c.Name] {
				wrong = append(wrong, fmt.Sprintf("%s: a lag of %d (complete: %v), want %d; errors %+v", c.Name, n, whole, want[c.Name], c.Snapshot.Errors))
			}
		}
	}})
	kafka.Eventually(t, "four polls of the cluster with the quota", func() error {
		mu.Lock()
		defer mu.Unlock()
		if n := len(took["tight"]); n < 4 {
			return fmt.Errorf("%d polls", n)
		}
		return nil
	})
	mu.Lock()
	for _, w := range wrong {
		t.Error(w)
	}
	if exact["free"] < len(took["free"])/2 || exact["tight"] < 2 {
		t.Errorf("only so many polls read everything: %v of %d and %d", exact, len(took["free"]), len(took["tight"]))
	}
	polls := map[string]int{"free": len(took["free"]), "tight": len(took["tight"])}
	middle := map[string]time.Duration{}
	for name, all := range took {
		later := slices.Sorted(slices.Values(all[1:])) // the first one also opens connections
		middle[name] = later[len(later)/2]
	}
	mu.Unlock()
	t.Logf("polls %v, which took %v", polls, middle)
	if middle["tight"] < time.Second || middle["tight"] < 3*middle["free"] {
		t.Errorf("the quota does not show: polls took %v", middle)
	}
	if polls["free"] < 5*polls["tight"] {
		t.Errorf("the other cluster paid for it: %v polls", polls)
	}
	status, metrics := fetch(t, d.URL+"/api/v1/status"), fetch(t, d.URL+"/metrics")
	if !strings.Contains(status, "quotas: at the last poll, brokers asked for pauses of") {
		t.Errorf("the status does not say it: %s", status)
	}
	for name, bites := range map[string]bool{"free": false, "tight": true} {
		line := fmt.Sprintf(`lagscaler_kafka_throttled_seconds_total{kafka_cluster=%q} `, name)
		_, value, found := strings.Cut(metrics, line)
		if !found || strings.HasPrefix(value, "0\n") == bites {
			t.Errorf("the metric of %s: %.20q", name, value)
		}
	}
	checked(t, clusters[1])
}

// checked looks for what check says of a cluster whose quota bites.
func checked(t *testing.T, c config.Cluster) {
	t.Helper()
	checked, err := program.CheckCluster(t.Context(), config.Default().InForce(c), program.GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, f := range checked.Findings {
		if f.Subject == "pace" {
			said += f.Detail + "\n"
		}
	}
	for _, want := range []string{"polls every 15s", "no samples", "above quota.requestsPerSecond, which is 0.1", "held these polls back"} {
		if !strings.Contains(said, want) {
			t.Errorf("check says nothing of %q:\n%s", want, said)
		}
	}
	t.Log(said)
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
