package web

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/daemon"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var errForbidden = errors.New(`deployments.apps "worker" is forbidden: cannot patch resource "deployments/scale" in the namespace "shop"`)

// TestInTrouble looks at the status page of a cluster where much goes wrong at once: each trouble with what to do.
func TestInTrouble(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"billing", "orders", "audit", "search", "mail"} {
		s.group(name, name, name+"-1", 40_000)
	}
	owner := seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders-hpa", Desired: 4}
	s.scaled("shop/orders", "orders", func(sc *scaler.Scaler) { sc.Workload.Owner = owner })
	s.scaled("shop/search", "search", func(*scaler.Scaler) {})
	s.scaled("shop/mail", "mail", func(sc *scaler.Scaler) {
		sc.Refusal = scaler.Refusal{Reason: "MissingRight", Why: "the permission to list deployments.apps in shop is missing"}
	})
	for poll := range int64(10) {
		for _, name := range []string{"billing", "orders", "audit", "search", "mail"} {
			for p := range int32(3) {
				s.kafka.Append(name, p, 1000)
				s.kafka.Commit(name, name, p, 100+600*poll)
			}
		}
		s.poll(10 * time.Second)
	}
	s.kafka.Fail(2, lag.Unreachable)
	s.kafka.FailGroup("billing", lag.GroupDenied)
	s.kafka.Lead("audit", 1, -1)
	s.poll(10 * time.Second)

	b := open(t, s.url)
	b.visit("/status")
	text := eval[string](b, `document.querySelector(".problems").innerText`)
	for _, want := range []string{
		"broker 2, list groups: BROKER_UNREACHABLE", "check the address, the listener and the network policy",
		"could not be read: GROUP_AUTHORIZATION_FAILED, such as billing", "grant DESCRIBE on the group",
		"groups with partitions that could not be read", "the lag is at least the number shown, and these groups are not scaled in",
		"orders-hpa owns the target", "let this scaler advise",
		"is forbidden", "check the permissions of the service account",
		"the permission to list deployments.apps in shop is missing",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	b.picture("status")
	b.scheme("dark")
	for _, v := range b.axe() {
		t.Errorf("in trouble, dark: %s", v)
	}
	b.scheme("light")
	for _, v := range b.axe() {
		t.Errorf("in trouble: %s", v)
	}
}

// TestNobodyAnswers keeps the page open while the daemon ends, and until another serves the same address: the page says that
// what it shows is old.
func TestNobodyAnswers(t *testing.T) {
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	o := daemon.Options{
		Brokers: strings.Join(kafka.ListenAddrs(), ","), Interval: time.Second, Listen: fmt.Sprintf("127.0.0.1:%d", port),
	}
	d := daemon.Start(t, o)
	b := open(t, d.URL)
	b.visit("/")
	b.until("no warning", `document.getElementById("gone").hidden`)
	d.Stop()
	b.until("a warning", `!document.getElementById("gone").hidden && document.getElementById("gone").innerText.includes("does not answer")`)
	daemon.Start(t, o)
	b.until("no warning any more", `document.getElementById("gone").hidden`)
	b.forget("net::ERR_EMPTY_RESPONSE", "net::ERR_CONNECTION", "Service Unavailable")
}
