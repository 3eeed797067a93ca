package propose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// place is a cluster of Kubernetes in which workloads run pods.
type place struct{ kube.Inventory }

func (p *place) workload(kind, name string, ips ...string) *kube.Candidate {
	p.Workloads = append(p.Workloads, kube.Candidate{Ref: seen.Ref{APIVersion: "apps/v1", Kind: kind, Namespace: "shop", Name: name}, Replicas: int32(len(ips))})
	for i, ip := range ips {
		p.Pods = append(p.Pods, seen.Pod{Name: name + "-" + string(rune('0'+i)), IP: ip, Ready: true})
		p.Of = append(p.Of, len(p.Workloads)-1)
	}
	return &p.Workloads[len(p.Workloads)-1]
}

func group(name string, hosts ...string) lag.GroupLag {
	g := lag.GroupLag{GroupState: lag.GroupState{Group: name, State: lag.Stable}, Described: true}
	for _, h := range hosts {
		host, client, named := strings.Cut(h, " ")
		if !named {
			client = "rdkafka"
		}
		g.Members = append(g.Members, lag.Member{ID: h, Host: "/" + host, ClientID: client})
	}
	g.Topics = []lag.TopicLag{{Topic: "t", Partitions: make([]lag.PartitionLag, 12)}, {Topic: "old", Orphaned: true, Partitions: make([]lag.PartitionLag, 3)}}
	return g
}

// Each group has a workload that runs it, or looks as if. What is sure is claimed; its twin, in which the same could be seen of
// another world, is not.
func TestClaims(t *testing.T) {
	for name, c := range map[string]struct {
		build  func(p *place)
		groups []lag.GroupLag
		want   string // the workload of the first group; empty: none is sure
		doubt  string
		hint   string // in the doubt, too
	}{
		"every member in every pod": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1", "10.0.0.2") },
			[]lag.GroupLag{group("g", "10.0.0.1", "10.0.0.2")},
			"Deployment/shop/orders", "", "",
		},
		"two members in each pod": {
			func(p *place) { p.workload("StatefulSet", "orders", "10.0.0.1") },
			[]lag.GroupLag{group("g", "10.0.0.1", "10.0.0.1 b")},
			"StatefulSet/shop/orders", "", "",
		},
		"names behind NAT": {
			func(p *place) { p.workload("StatefulSet", "orders", "10.0.0.1", "10.0.0.2") },
			[]lag.GroupLag{group("g", "10.1.1.1 orders-0", "10.1.1.1 orders-1")},
			"StatefulSet/shop/orders", "", "",
		},
		"twin: NAT without names, and a similar name": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1", "10.0.0.2") },
			[]lag.GroupLag{group("orders", "10.1.1.1", "10.1.1.1 b")},
			"", "it is not known where they run", "which is no evidence, has Deployment/shop/orders",
		},
		"a member elsewhere": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1") },
			[]lag.GroupLag{group("g", "10.0.0.1", "10.1.1.1")},
			"", "of 1 of its 2 members it is not known", "10.1.1.1",
		},
		"a pod without a member": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1", "10.0.0.2") },
			[]lag.GroupLag{group("g", "10.0.0.1")},
			"", "1 of its 2 ready pods have no member", "",
		},
		"twin: that pod is not ready yet": {
			func(p *place) {
				p.workload("Deployment", "orders", "10.0.0.1", "10.0.0.2")
				p.Pods[1].Ready = false
			},
			[]lag.GroupLag{group("g", "10.0.0.1")},
			"Deployment/shop/orders", "", "",
		},
		"two workloads with look-alike names": {
			func(p *place) {
				p.workload("Deployment", "orders", "10.0.0.1")
				p.workload("Deployment", "orders-worker", "10.0.0.2")
			},
			[]lag.GroupLag{group("orders", "10.0.0.2")},
			"Deployment/shop/orders-worker", "", "",
		},
		"members in both": {
			func(p *place) {
				p.workload("Deployment", "orders", "10.0.0.1")
				p.workload("Deployment", "orders-worker", "10.0.0.2")
			},
			[]lag.GroupLag{group("orders", "10.0.0.1", "10.0.0.2")},
			"", "1 in Deployment/shop/orders, 1 in Deployment/shop/orders-worker", "",
		},
		"one process with two groups, or a proxy": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1") },
			[]lag.GroupLag{group("g", "10.0.0.1"), group("h", "10.0.0.1")},
			"", "members of h", "a proxy",
		},
		"a proxy that a client id gives away": {
			func(p *place) {
				p.workload("Deployment", "proxy", "10.0.0.1")
				p.workload("StatefulSet", "orders", "10.0.0.2")
			},
			[]lag.GroupLag{group("g", "10.0.0.1 orders-0")},
			"", "it is not known where they run", "",
		},
		"a pod of no workload": {
			func(p *place) {
				p.workload("Deployment", "orders", "10.0.0.1")
				p.Of[0] = -1
			},
			[]lag.GroupLag{group("g", "10.0.0.1")},
			"", "pods of no Deployment or StatefulSet", "orders-0",
		},
		"it is scaled already": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1").Scaler = "mine" },
			[]lag.GroupLag{group("g", "10.0.0.1")},
			"", "the KafkaScaler shop/mine scales it already", "",
		},
		"nobody is there": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1") },
			[]lag.GroupLag{group("orders")},
			"", "it has no members now", "",
		},
		"nobody knows who is there": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1") },
			[]lag.GroupLag{{GroupState: lag.GroupState{Group: "orders"}}},
			"", "its members are not known", "",
		},
		"the group was not read": {
			func(p *place) { p.workload("Deployment", "orders", "10.0.0.1") },
			[]lag.GroupLag{{GroupState: lag.GroupState{Group: "orders"}, Err: lag.GroupDenied}},
			"", "GROUP_AUTHORIZATION_FAILED", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var p place
			c.build(&p)
			claims := Claims([]Cluster{{Name: "main", Groups: c.groups}}, p.Inventory)
			got := ""
			if claims[0].Sure() {
				got = p.Workloads[claims[0].Workload].Ref.String()
			}
			if got != c.want || !strings.Contains(claims[0].Doubt, c.doubt) || !strings.Contains(claims[0].Doubt, c.hint) {
				t.Errorf("%q, %+v", got, claims[0])
			}
			text := Scalers(claims, p.Inventory, time.Unix(0, 0))
			if n := len(documents(t, text)); n != map[bool]int{true: 1}[c.want != ""] {
				t.Errorf("%d KafkaScalers:\n%s", n, text)
			}
			if !strings.Contains(text, c.groups[0].Group) || !strings.Contains(text, c.doubt) {
				t.Errorf("it does not say why:\n%s", text)
			}
		})
	}
}

// A group of the same name in another cluster is another group.
func TestTheSameGroupInTwoClusters(t *testing.T) {
	var p place
	p.workload("Deployment", "orders", "10.0.0.1")
	of := func(cluster string) Cluster {
		return Cluster{Name: cluster, Groups: []lag.GroupLag{group("g", "10.0.0.1")}}
	}
	for i, claim := range Claims([]Cluster{of("main"), of("other")}, p.Inventory) {
		if want := "members of g of cluster " + []string{"other", "main"}[i] + "."; !strings.Contains(claim.Doubt, want) {
			t.Errorf("%s: %q, want %q", claim.Cluster, claim.Doubt, want)
		}
	}
}

type written struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		Mode           string
		ScaleTargetRef struct{ Kind, Name string }
		Sources        []struct{ Cluster, Group string }
	}
}

// documents are the KafkaScalers of a file, without the comments.
func documents(t require, text string) (all []written) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var one written
		err := dec.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if one.Kind != "" {
			all = append(all, one)
		}
	}
}

type require interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Whatever the names are, the file says what is meant, and no name ends a comment.
func TestNamesInTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(1, 20, 40).Draw(t, "group")
		cluster := rapid.SampledFrom([]string{"main", "yes", "1", "on", "a: b", "x\ny"}).Draw(t, "cluster")
		var p place
		p.workload("Deployment", "orders", "10.0.0.1")
		groups := []lag.GroupLag{group(name, "10.0.0.1")}
		sure := rapid.Bool().Draw(t, "sure")
		if !sure {
			groups = append(groups, group(name+"2", "10.0.0.1"))
		}
		text := Scalers(Claims([]Cluster{{Name: cluster, Groups: groups}}, p.Inventory), p.Inventory, time.Unix(0, 0))
		all := documents(t, text)
		if !sure {
			if len(all) > 0 {
				t.Fatalf("claims\n%s", text)
			}
			return
		}
		if len(all) != 1 || all[0].Spec.Mode != "advise" || all[0].Spec.Sources[0].Group != name || all[0].Spec.Sources[0].Cluster != cluster {
			t.Fatalf("%+v from\n%s", all, text)
		}
	})
}

// Two groups of one workload are proposed as one KafkaScaler with two sources, because a target has one KafkaScaler.
func TestGroupsOfOneWorkload(t *testing.T) {
	var p place
	p.workload("Deployment", "orders", "10.0.0.1").Other = "HorizontalPodAutoscaler/orders"
	text := Scalers(Claims([]Cluster{{Name: "main", Groups: []lag.GroupLag{group("g", "10.0.0.1"), group("h", "10.0.0.1")}}}, p.Inventory), p.Inventory, time.Unix(0, 0))
	if strings.Count(text, "kind: KafkaScaler") != 1 || !strings.Contains(text, "add this source to the KafkaScaler for the group g") ||
		!strings.Contains(text, "HorizontalPodAutoscaler/orders scales it now") || !strings.Contains(text, "# maxReplicas: 12") {
		t.Error(text)
	}
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimPrefix(line, "# "))
	}
	from := slices.Index(lines, "---\n")
	if from < 0 {
		t.Fatal(text)
	}
	to := from + slices.Index(lines[from:], "\n")
	if all := documents(t, strings.Join(lines[from:to], "")); len(all) != 1 || all[0].Spec.Sources[0].Group != "g" {
		t.Errorf("the comment is no KafkaScaler: %+v\n%s", all, text)
	}
}

// values is what the chart reads.
type chartValues struct {
	Mode            string
	WatchNamespaces []string `yaml:"watchNamespaces"`
	Secrets         []string
	SecretEnv       []string `yaml:"secretEnv"`
	Config          yaml.Node
}

// inPods reads the values as the pods of the chart do: they have the files of the Secrets that the commands in the comment create.
func inPods(t require, text string) (chartValues, []config.Cluster) {
	t.Helper()
	var v chartValues
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	files := map[string]bool{}
	for _, created := range regexp.MustCompile(`(?m)^#   kubectl create secret generic (\S+) --namespace lagscaler (.*)$`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(v.Secrets, created[1]) {
			t.Fatalf("the Secret %s is created and not mounted:\n%s", created[1], text)
		}
		for _, key := range regexp.MustCompile(`--from-file=([^= ]+)=`).FindAllStringSubmatch(created[2], -1) {
			files[config.MountedAt(created[1], key[1])] = true
		}
	}
	raw, err := yaml.Marshal(&v.Config)
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := config.Parse(raw, config.Env{
		Lookup: func(name string) (string, bool) { return "https://u:p@login.example", true },
		ReadFile: func(name string) ([]byte, error) {
			if !files[name] {
				return nil, fmt.Errorf("%s is in no Secret", name)
			}
			return []byte("x"), nil
		},
	})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v, c.Clusters
}

// settings is a cluster of a configuration file of this machine, whose files hold a secret.
func settings(t require, text string) config.Cluster {
	t.Helper()
	c, err := config.Parse([]byte("clusters:\n- "+text), config.Env{
		Dir: "/home/me", ReadFile: func(string) ([]byte, error) { return []byte("hunter2"), nil },
		Lookup: func(string) (string, bool) { return "hunter2", true },
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c.Clusters[0]
}

func TestValues(t *testing.T) {
	plain := Cluster{Name: "main", Brokers: []string{"kafka-0:9092", "[::1]:9092"}, Settings: settings(t, "{name: main, brokers: ['kafka-0:9092']}")}
	secured := func(name string) Cluster {
		return Cluster{Name: name, Brokers: []string{"10.0.0.1:1"}, Settings: settings(t, "{name: s, brokers: ['k:1'], tls: {caFile: 'it''s/ca.crt'}, sasl: {mechanism: PLAIN, username: me, password: '${PASSWORD}'}}")}
	}
	text, err := Values([]Cluster{plain, secured("on"), secured("On")}, []string{"shop"})
	if err != nil {
		t.Fatal(err)
	}
	got, c := inPods(t, text)
	if got.Mode != "advise" || !slices.Equal(got.WatchNamespaces, []string{"shop"}) || !slices.Equal(got.Secrets, []string{"kafka-on", "kafka-on-2"}) || len(got.SecretEnv) > 0 {
		t.Errorf("%+v from\n%s", got, text)
	}
	if len(c) != 3 || c[1].Name != "on" || !slices.Equal(c[0].Brokers, []string{"kafka-0:9092", "[::1]:9092"}) || c[0].TLS != nil {
		t.Fatalf("%+v from\n%s", c, text)
	}
	if c[2].TLS.CAFile != "/etc/lagscaler/secrets/kafka-on-2/ca.crt" || c[2].SASL.PasswordFile != "/etc/lagscaler/secrets/kafka-on-2/password" || c[2].SASL.Username != "me" {
		t.Errorf("%+v from\n%s", c[2], text)
	}
	if strings.Contains(text, "hunter2") || !strings.Contains(text, `--from-file=ca.crt='/home/me/it'\''s/ca.crt' --from-file=password=FILE-WITH-password`) {
		t.Error(text)
	}
}

// Whatever the names of clusters and files are: each cluster has Secrets of its own, and no secret is written.
func TestNamesInValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Cluster
		for range rapid.IntRange(1, 4).Draw(t, "clusters") {
			c := config.Cluster{TLS: &config.TLS{CAFile: "/" + rapid.StringN(1, 20, 40).Draw(t, "file")}}
			c.SASL = &config.SASL{Mechanism: config.OAuthBearer, OAuth: &config.OAuth{
				TokenURL: "https://u:hunter2@login.example", ClientID: rapid.StringN(1, 9, 20).Draw(t, "client"), ClientSecret: config.NewSecret("hunter2"),
			}}
			all = append(all, Cluster{Name: rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,4}`).Draw(t, "cluster") + fmt.Sprint(len(all)), Brokers: []string{"k:1"}, Settings: c})
		}
		text, err := Values(all, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, c := inPods(t, text)
		if len(got.Secrets) != len(all) || len(got.SecretEnv) != len(all) || len(c) != len(all) || strings.Contains(text, "hunter2") {
			t.Fatal(text)
		}
		for i := range c {
			if c[i].Name != all[i].Name || c[i].SASL.OAuth.ClientID != all[i].Settings.SASL.OAuth.ClientID {
				t.Fatalf("%+v from\n%s", c[i], text)
			}
		}
		created := slices.Compact(slices.Sorted(slices.Values(got.Secrets)))
		if len(created) != len(all) {
			t.Fatalf("two clusters share a Secret:\n%s", text)
		}
	})
}
