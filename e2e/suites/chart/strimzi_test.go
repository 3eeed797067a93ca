package chart

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
)

// kafkaCRD has the shape of Strimzi's own definition, without its schema.
const kafkaCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kafkas.kafka.strimzi.io}
spec:
  group: kafka.strimzi.io
  scope: Namespaced
  names: {kind: Kafka, listKind: KafkaList, plural: kafkas, singular: kafka}
  versions:
  - name: v1beta2
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

const kafkaResource = `
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: %s, labels: {example.com/lag: "%s"}}
spec:
  kafka:
    listeners: [{name: scram, port: 9092, type: internal, tls: false, authentication: {type: scram-sha-512}}]
`

// userSecret is what Strimzi makes of a KafkaUser.
const userSecret = `
apiVersion: v1
kind: Secret
metadata: {name: %s, labels: {strimzi.io/cluster: events, strimzi.io/kind: KafkaUser}}
stringData: {password: %s}
`

const strimziValues = `
config:
  interval: 1s
  sampleInterval: 250ms
  clusters: []
  strimzi: [{namespace: %s, selector: {example.com/lag: "yes"}, listener: scram, user: lagscaler}]
`

// TestStrimzi: Kafka resources become clusters as they come, change and go, with the rights of the chart, which allow one Secret.
func TestStrimzi(t *testing.T) {
	c := controlPlane(t)
	c.Apply(t, "default", kafkaCRD)
	c.Kubectl(t, "wait", "--for=condition=Established", "crd/kafkas.kafka.strimzi.io", "--timeout=30s")
	kafka := openKafka(t, []kgo.Opt{kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism())},
		kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.Superuser("SCRAM-SHA-512", "lagscaler", "hunter2-today"))
	kafka.rate.Store(20)
	kafka.startConsumer("worker")
	r := &release{ControlPlane: c, t: t, helm: "helm", ns: c.RestrictedNamespace(t), name: "lagscaler"}
	of := c.Namespace(t)
	r.must("install", r.name, folder, "--set=crds.install=false", "--values="+file(t, fmt.Sprintf(strimziValues, of)))
	account := "--as=system:serviceaccount:" + r.ns + ":" + r.spec().ServiceAccountName
	for right, want := range map[string]string{
		"list secrets/lagscaler": "yes", "watch secrets/lagscaler": "yes", "get secrets/lagscaler": "no", "list secrets": "no", "list secrets/other": "no",
		"list kafkas.kafka.strimzi.io": "yes", "get kafkas.kafka.strimzi.io": "no", "update kafkas.kafka.strimzi.io": "no",
	} {
		args := append([]string{"auth", "can-i", "--namespace=" + of, account}, strings.Fields(right)...)
		if out, _ := c.TryKubectl(t.Context(), "", args...); !strings.HasPrefix(out, want) {
			t.Errorf("%s: %s", right, out)
		}
	}

	p := r.start()
	shows := func(what string, parts ...string) {
		t.Helper()
		await(t, what, func() error {
			text, err := p.get("/metrics")
			for _, part := range parts {
				part, absent := strings.CutPrefix(part, "! ")
				if err == nil && strings.Contains(text, part) == absent {
					err = fmt.Errorf("%s is there: %v", part, absent)
				}
			}
			return err
		}, p.Process)
	}
	loaded := func(cluster string, value int) string {
		return fmt.Sprintf("lagscaler_cluster_config_last_reload_successful{kafka_cluster=%q,origin=\"Kafka %s/events\"} %d\n", cluster, of, value)
	}
	const read = `lagscaler_group_max_lag_records{kafka_cluster="events"`
	shows("the program to run without a cluster", "lagscaler_build_info", "! kafka_cluster=")

	c.Apply(t, of, fmt.Sprintf(kafkaResource, "events", "yes")+"---"+fmt.Sprintf(kafkaResource, "hidden", "no"))
	shows("a resource that is not ready", loaded("unknown", 0))
	listeners := fmt.Sprintf(`{"status":{"listeners":[{"name":"scram","bootstrapServers":%q}]}}`, kafka.brokers)
	for _, name := range []string{"events", "hidden"} {
		c.Kubectl(t, "patch", "kafkas.kafka.strimzi.io", name, "--namespace="+of, "--subresource=status", "--type=merge", "--patch="+listeners)
	}
	p.awaitLine("configuration of a cluster refused", "there is no Secret "+of+"/lagscaler")
	c.Apply(t, of, fmt.Sprintf(userSecret, "lagscaler", "hunter2-yesterday")+"---"+fmt.Sprintf(userSecret, "other", "hunter2-other"))
	shows("a wrong password", loaded("events", 1), `lagscaler_poll_errors_total{kafka_cluster="events"`, "! "+read)
	c.Apply(t, of, fmt.Sprintf(userSecret, "lagscaler", "hunter2-today"))
	shows("the group to be read", loaded("events", 1), read)
	bin, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	check := func(code int, parts ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), bin, "check", "--config", filepath.Join(p.root, "config", "lagscaler.yaml"))
		out, _ := cmd.CombinedOutput()
		for _, part := range append(parts, "! hunter2", "! hidden") {
			part, absent := strings.CutPrefix(part, "! ")
			if strings.Contains(string(out), part) == absent {
				t.Errorf("check: %q is there: %v", part, absent)
			}
		}
		if got := cmd.ProcessState.ExitCode(); got != code || t.Failed() {
			t.Errorf("check ends with %d, want %d:\n%s", got, code, out)
		}
	}
	resource := "Kafka " + of + "/events"
	check(0, resource, "is the cluster events, at "+kafka.brokers, ", as lagscaler by SCRAM-SHA-512", "4 of 4 are granted")

	// It loses its listener: what is in force stays, and is said.
	c.Kubectl(t, "patch", "kafkas.kafka.strimzi.io", "events", "--namespace="+of, "--type=merge", `--patch={"spec":{"kafka":{"listeners":[]}}}`)
	shows("a mistake", loaded("events", 0), read)
	check(1, resource, `Refused`, `spec.kafka.listeners has no listener "scram"`)
	status, err := p.get("/api/v1/status")
	if err != nil || !strings.Contains(status, `spec.kafka.listeners has no listener`) || !strings.Contains(status, "the last valid configuration of this cluster is in force") {
		t.Errorf("%v, the status is %s", err, status)
	}
	c.Kubectl(t, "delete", "kafkas.kafka.strimzi.io", "events", "--namespace="+of)
	check(0, "Strimzi in "+of, "there is no Kafka resource with the labels example.com/lag=yes")
	shows("the cluster to go, and its series", `lagscaler_build_info`, "! kafka_cluster=")
	metrics, err := p.get("/metrics")
	for _, text := range []string{metrics, status, p.logged()} {
		if err != nil || strings.Contains(text, "hunter2") || strings.Contains(text, "hidden") {
			t.Errorf("%v; it has a secret, or what is not selected:\n%s", err, text)
		}
	}
}
