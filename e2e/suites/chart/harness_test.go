package chart

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

const (
	worker     = "worker"
	scalerName = "orders"
)

// scenario is a release, and a Deployment in a namespace that it watches, whose pods are consumers.
type scenario struct {
	release
	kafka *traffic
	shop  string // the namespace of what is scaled
}

// setup is what a scenario begins with.
type setup struct {
	kube       *kube.ControlPlane // the shared one
	values     []string           // arguments of Helm
	namespaced bool               // rights in one namespace alone
	cluster    string             // further fields of the cluster, as YAML
	secret     string             // manifest of a Secret in the release's namespace
	replicas   int32
	login      []kgo.Opt // of the consumers
	options    []kfake.Opt
	spec       string // further lines of the KafkaScaler's
	target     string // its target; the Deployment when empty
	chart      string // the folder of the chart; this version's when empty
}

// quick polls each second, so that a decision takes three.
const quick = `
config:
  interval: 1s
  sampleInterval: 250ms
  log: {level: debug}
  clusters: [{name: main, brokers: [%s]%s}]
`

// open installs the chart, and starts no program yet. In cluster scope it decides for all namespaces there are, so such a
// scenario needs a control plane of its own.
func open(t *testing.T, st setup) *scenario {
	t.Helper()
	c := st.kube
	if c == nil {
		c = controlPlane(t)
	}
	s := &scenario{kafka: openKafka(t, st.login, st.options...), shop: c.Namespace(t)}
	s.release = release{ControlPlane: c, t: t, helm: "helm", ns: c.RestrictedNamespace(t), name: "lagscaler"}
	if st.secret != "" {
		c.Apply(t, s.ns, st.secret)
	}
	c.Deploy(t, kube.Deployment{Namespace: s.shop, Name: worker, Replicas: max(1, st.replicas)})
	s.kafka.follow(c, s.shop, worker)
	args := []string{"install", s.name, cmp.Or(st.chart, folder), "--set=crds.install=false", "--values=" + file(t, fmt.Sprintf(quick, s.kafka.brokers, st.cluster))}
	if st.namespaced {
		args = append(args, "--set=rbac.scope=namespaced", "--set=watchNamespaces={"+s.shop+"}")
	}
	s.must(append(args, st.values...)...)
	if st.target == "" {
		st.target = "{name: " + worker + "}"
	}
	c.Apply(t, s.shop, fmt.Sprintf(`
apiVersion: lagscaler.io/v1alpha1
kind: KafkaScaler
metadata: {name: %s}
spec:
  mode: act
  scaleTargetRef: %s
  sources: [{cluster: main, group: %s, processingTime: %s, commitInterval: 500ms}]
  targetLag: 5s
  stabilizationWindow: 10s
%s`, scalerName, st.target, group, processing, st.spec))
	return s
}

// upgrade changes values of the release.
func (s *scenario) upgrade(args ...string) {
	s.t.Helper()
	s.must(append([]string{"upgrade", s.name, folder, "--reuse-values"}, args...)...)
}

// status reads a field of the KafkaScaler's status.
func (s *scenario) status(path string) string {
	s.t.Helper()
	return s.ScalerField(s.t, s.shop, scalerName, ".status."+path)
}

// condition is a condition's status, reason and message.
func (s *scenario) condition(kind string) string {
	s.t.Helper()
	return s.status(`conditions[?(@.type=="` + kind + `")]['status','reason','message']`)
}

// awaitStatus waits until a field of the status begins with a text.
func (s *scenario) awaitStatus(path, want string, on *pod) {
	s.t.Helper()
	await(s.t, path+" to be "+want, func() error {
		if got := s.status(path); !strings.HasPrefix(got, want) {
			return fmt.Errorf("it is %q; last decision: %s", got, s.status("lastDecision"))
		}
		return nil
	}, on.Process)
}

// awaitSize waits until the Deployment asks for a number of pods that is good.
func (s *scenario) awaitSize(what string, on *pod, good func(int32) bool) int32 {
	s.t.Helper()
	var size int32
	await(s.t, what, func() error {
		if size = s.Replicas(s.t, s.shop, worker); !good(size) {
			return fmt.Errorf("%d replicas; last decision: %s", size, s.status("lastDecision"))
		}
		return nil
	}, on.Process)
	return size
}

// can says whether the release's ServiceAccount may do something in the shop.
func (s *scenario) can(verb, resource string) bool {
	s.t.Helper()
	out, err := s.TryKubectl(s.t.Context(), "", "auth", "can-i", verb, resource, "--namespace="+s.shop,
		"--as=system:serviceaccount:"+s.ns+":"+s.spec().ServiceAccountName)
	if err != nil && !strings.HasPrefix(out, "no") {
		s.t.Fatal(err)
	}
	return strings.HasPrefix(out, "yes")
}
