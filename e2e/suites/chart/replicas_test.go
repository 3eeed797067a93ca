package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// TestTheLeaderDies: two replicas, one leads and is killed; the other goes on, and no step is done twice.
func TestTheLeaderDies(t *testing.T) {
	t.Parallel()
	s := open(t, setup{replicas: 2, namespaced: true, values: []string{"--set=mode=act"}, spec: "  minReplicas: 3\n"})
	s.kafka.rate.Store(20)
	sizes := s.WatchSizes(t, s.shop, worker)
	leader := s.start()
	leader.awaitLine("msg=leading")
	s.awaitSize("3 replicas", leader, func(n int32) bool { return n == 3 })
	next := s.start()
	await(t, "the second replica to be ready", func() error { _, err := next.get("/readyz"); return err }, next.Process)
	if strings.Contains(next.logged(), "msg=leading") {
		t.Error("both lead")
	}
	leader.Kill()
	s.Kubectl(t, "patch", "kafkascaler", scalerName, "--namespace="+s.shop, "--type=merge", `--patch={"spec":{"minReplicas":4}}`)
	next.awaitLine("msg=leading")
	s.awaitSize("4 replicas", next, func(n int32) bool { return n == 4 })
	s.awaitPolls(next, 4)
	if got := fmt.Sprint(sizes()); got != "[2 3 4]" {
		t.Errorf("the sizes were %s", got)
	}
}

const login = `
apiVersion: v1
kind: Secret
metadata: {name: kafka-login}
stringData: {password: %s}
`

// TestASecretIsRotated: the brokers take another password, the Secret follows, and the same process reads on.
func TestASecretIsRotated(t *testing.T) {
	t.Parallel()
	st := setup{
		namespaced: true, values: []string{"--set=secrets={kafka-login}"},
		cluster: ", sasl: {mechanism: PLAIN, username: lagscaler, passwordFile: /etc/lagscaler/secrets/kafka-login/password}",
		secret:  fmt.Sprintf(login, "yesterday"),
		login:   []kgo.Opt{kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism())},
		options: []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.Superuser("PLAIN", "lagscaler", "today")},
	}
	s := open(t, st)
	s.kafka.rate.Store(20)
	p := s.start()
	metrics := func(part string, there bool) func() error {
		return func() error {
			text, err := p.get("/metrics")
			if err == nil && strings.Contains(text, part) != there {
				err = fmt.Errorf("%s is there: %v", part, !there)
			}
			return err
		}
	}
	const read = "lagscaler_group_max_lag_records{"
	await(t, "yesterday's password to be refused", metrics("lagscaler_poll_errors_total{", true), p.Process)
	if err := metrics(read, false)(); err != nil {
		t.Error(err)
	}
	s.Apply(t, s.ns, fmt.Sprintf(login, "today"))
	p.mount()
	await(t, "the group to be read with today's", metrics(read, true), p.Process)
	if !p.Alive() {
		t.Error("the process did not live on")
	}
}
