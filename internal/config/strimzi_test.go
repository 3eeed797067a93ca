package config

import (
	"strings"
	"testing"
	"time"
)

func TestStrimziMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"strimzi: [{listener: tls}]", "strimzi[0].namespace: is missing: the namespace of the Kafka resources"},
		{"strimzi: [{namespace: kafka}]", "strimzi[0].listener: is missing: the name of a listener, such as tls"},
		{"strimzi: [{namespace: kafka, listener: tls, name: ''}]", "strimzi[0].name: is empty"},
		{"strimzi: [{namespace: kafka, listener: tls, name: 'a/{name}'}]", `strimzi[0].name: "a/{name}": may only have {name}, {namespace}, letters`},
		{"strimzi: [{namespace: kafka, listener: tls, selector: {a: 'b c'}}]", "strimzi[0].selector: a=b c is not a label of Kubernetes"},
		{"strimzi: [{namespace: kafka, listener: tls, settings: {name: a}}]", `strimzi[0].settings.name: "a": must not be set here: it is that of the Kafka resource`},
		{"strimzi: [{namespace: kafka, listener: tls, settings: {brokers: ['a:1']}}]", "strimzi[0].settings.brokers: must not be set here"},
		{"strimzi: [{namespace: kafka, listener: tls, user: u, settings: {sasl: {mechanism: PLAIN, username: u, password: hunter2}}}]", "strimzi[0].settings.sasl: must not be set together with user"},
		{"strimzi: [{namespace: kafka, listener: tls, settings: {timeout: 1h}}]", `strimzi[0].settings.timeout: "1h": must be at most 8s`},
		{"kubernetes: {enabled: false}\nstrimzi: [{namespace: kafka, listener: tls}]", "strimzi: must not be set when kubernetes.enabled is false"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := Parse([]byte(c.text+"\n"), testEnv())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// A Kafka resource becomes a cluster with the settings of its entry; groups and scalers may name clusters that are not known yet.
func TestAClusterOfStrimzi(t *testing.T) {
	c, err := Parse([]byte(`
strimzi:
- {namespace: kafka, listener: tls, user: reader, selector: {b: "2", a.io/x: "1"}, name: "{namespace}.{name}", settings: {groups: {include: ['a.*']}, tls: {serverName: k}}}
- {namespace: other, listener: plain}
groups: [{match: a, cluster: kafka.orders}]
scalers: [{name: s, namespace: n, spec: {scaleTargetRef: {name: s}, sources: [{cluster: kafka.orders, group: a}], targetLag: 1m, maxReplicas: 2}}]
`), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Strimzi[0].Selects(); got != "a.io/x=1,b=2" {
		t.Errorf("selector %s", got)
	}
	p := c.Strimzi[0].Part(Materials{
		Origin: "Kafka kafka/orders", Namespace: "kafka", Name: "orders", Brokers: []string{"k:9093"}, ClusterID: "id", TLS: true, CA: "CA",
		Username: "reader", Password: NewSecret("hunter2"), Cert: "CERT", Key: NewSecret("hunter2"),
	}, Duration(10*time.Second))
	k := p.Cluster
	if p.Err != nil || k.Name != "kafka.orders" || k.Origin() != p.Origin || k.ClusterID[0] != "id" || k.ClientID != "lagscaler" || !k.Groups.Allows("ab") || k.Groups.Allows("b") {
		t.Errorf("%+v: %v", k, p.Err)
	}
	if k.TLS.ServerName != "k" || k.TLS.PEM().CA != "CA" || k.TLS.PEM().Key.Reveal() != "hunter2" || k.SASL.Mechanism != Scram512 || k.SASL.Password.Reveal() != "hunter2" {
		t.Errorf("%+v %+v", k.TLS, k.SASL)
	}
	if c.Strimzi[0].Settings.TLS.PEM() != (PEM{}) {
		t.Error("the settings of the entry were changed")
	}
	c.Clusters = append(c.Clusters, k)
	if text := redacted(t, c); strings.Contains(text, "hunter2") || !strings.Contains(text, "kafka.orders") {
		t.Errorf("shown:\n%s", text)
	}
	p = c.Strimzi[1].Part(Materials{Origin: "Kafka other/x", Namespace: "other", Name: "x", Brokers: []string{"k"}}, Duration(time.Second))
	if p.Cluster.Name != "x" || p.Cluster.TLS != nil || p.Err == nil || !strings.Contains(p.Err.Error(), `Kafka other/x: brokers[0]: "k": must be HOST:PORT`) {
		t.Errorf("%+v: %v", p.Cluster, p.Err)
	}
}
