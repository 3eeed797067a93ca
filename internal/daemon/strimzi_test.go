package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
)

// A command reads the clusters of Strimzi that the daemon would read, and names the others with the reason.
func TestJoin(t *testing.T) {
	c, err := config.Parse([]byte(`
clusters: [{name: main, brokers: ['main:9092']}]
strimzi: [{namespace: kafka, listener: scram, user: reader}]
`), config.Env{})
	if err != nil {
		t.Fatal(err)
	}
	found := func(name string, change func(f *strimzi.Found)) strimzi.Found {
		f := strimzi.Found{Namespace: "kafka", Name: name, By: selectionsOf(c)[0], Brokers: []string{name + ":9094"}, Username: "reader", Password: "hunter2"}
		change(&f)
		return f
	}
	same := func(*strimzi.Found) {}
	all := []strimzi.Found{
		found("orders", same),
		found("main", same),
		found("broken", func(f *strimzi.Found) { f.Err = errors.Join(errors.New("no password"), errors.New("no key")) }),
		found("nowhere", func(f *strimzi.Found) { f.Brokers = []string{"nowhere"} }),
		found("garbled", func(f *strimzi.Found) { f.TLS, f.CA = true, "not PEM" }),
		found("payments", func(f *strimzi.Found) { f.Username = "" }),
	}
	next, findings := join(c, all)
	got := map[string]string{}
	for _, f := range findings {
		got[strings.TrimPrefix(f.Subject, "Kafka kafka/")] = f.Problem + " " + f.Text
	}
	for name, want := range map[string]string{
		"orders":   " is the cluster orders, at orders:9094, as reader by SCRAM-SHA-512",
		"payments": " is the cluster payments, at payments:9094",
		"main":     "Refused name: \"main\": is also the name of a cluster of ",
		"broken":   "Refused no password; no key",
		"nowhere":  "Refused brokers",
		"garbled":  "Refused ",
	} {
		if !strings.HasPrefix(got[name], want) || strings.Contains(got[name], "hunter2") || strings.Contains(got[name], "\n") {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	names := func(c *config.Config) (out []string) {
		for _, k := range c.Clusters {
			out = append(out, k.Name)
		}
		return out
	}
	if got := fmt.Sprint(names(next)); got != "[main orders payments]" || len(findings) != len(all) {
		t.Errorf("the clusters are %s, with %d findings", got, len(findings))
	}
	if next.Clusters[0].Brokers[0] != "main:9092" || len(c.Clusters) != 1 {
		t.Error("the clusters of the configuration were changed")
	}
	r := daemonOf(t, c, all)
	if got := fmt.Sprint(names(r)); got != fmt.Sprint(names(next)) {
		t.Errorf("the daemon reads %s, and not %s", got, names(next))
	}
}

// daemonOf is the configuration that a daemon has in force after the same were discovered.
func daemonOf(t *testing.T, c *config.Config, all []strimzi.Found) *config.Config {
	t.Helper()
	merged, _ := c.With(partsOf(c, all))
	s := newSources(slog.New(slog.DiscardHandler), Options{})
	t.Cleanup(s.close)
	_, err := s.follow(merged)
	var unusable config.Unusable
	if !errors.As(err, &unusable) {
		t.Fatalf("one cluster cannot be opened, and that is not said: %v", err)
	}
	left := merged.Without(unusable)
	if _, err := s.follow(left); err != nil {
		t.Fatal(err)
	}
	return left
}

// Without an entry of strimzi nobody is asked; without Kubernetes nobody can be.
func TestFindClustersWithoutKubernetes(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for _, text := range []string{
		"clusters: [{name: main, brokers: ['main:9092']}]\n",
		"clusters: [{name: main, brokers: ['main:9092']}]\nstrimzi: [{namespace: kafka, listener: tls}]\n",
	} {
		c, err := config.Parse([]byte(text), config.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if next, findings, err := FindClusters(context.Background(), c, "test"); next != c || findings != nil || err != nil {
			t.Errorf("%v, %v, %v", next, findings, err)
		}
	}
}
