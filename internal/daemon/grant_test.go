package daemon

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/testcert"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
)

func filter(t *testing.T, patterns ...string) config.Filter {
	t.Helper()
	var f config.Filter
	for _, p := range patterns {
		var r config.Regexp
		if err := r.UnmarshalText([]byte(p)); err != nil {
			t.Fatal(err)
		}
		f.Include = append(f.Include, r)
	}
	return f
}

// A single name is asked for while others can be read; what is selected, where nothing can.
func TestWhatIsAskedFor(t *testing.T) {
	one := func(o rights.Operation, on rights.Resource, name string) rights.Right {
		return rights.Right{Operation: o, Resource: on, Name: name}
	}
	headers := filter(t, `pay\..*`)
	for name, tc := range map[string]struct {
		cluster        config.Cluster
		groups, topics int // that can be read
		missing        []rights.Right
		want           []string
	}{
		"nothing": {groups: 0, topics: 0},
		"one of several groups": {
			groups: 3, topics: 2, missing: []rights.Right{one(rights.Describe, rights.Group, "shop")},
			want: []string{`DESCRIBE on GROUP "shop"`},
		},
		"all groups": {
			topics: 2, missing: []rights.Right{one(rights.Describe, rights.Group, "a"), one(rights.Describe, rights.Group, "b")},
			want: []string{"DESCRIBE on every GROUP"},
		},
		"no group is listed, and nobody knows whether they may be read": {
			missing: []rights.Right{one(rights.Describe, rights.Cluster, "")},
			want: []string{
				"DESCRIBE on CLUSTER", "DESCRIBE on every GROUP", "DESCRIBE on every TOPIC", "DESCRIBE_CONFIGS on every TOPIC",
			},
		},
		"the same, with a selection": {
			cluster: config.Cluster{Groups: filter(t, `shop\..*`, "orders"), Topics: filter(t, "orders"), BatchHeaders: &headers},
			missing: []rights.Right{one(rights.Describe, rights.Cluster, "")},
			want: []string{
				"DESCRIBE on CLUSTER", `DESCRIBE on GROUP "orders"`, `DESCRIBE on every GROUP whose name begins with "shop."`,
				`DESCRIBE on TOPIC "orders"`, `READ on every TOPIC whose name begins with "pay."`, `DESCRIBE_CONFIGS on TOPIC "orders"`,
			},
		},
		"listed one by one: the list is asked for, and no group": {
			groups: 2, topics: 1, missing: []rights.Right{one(rights.Describe, rights.Cluster, "")},
			want: []string{"DESCRIBE on CLUSTER"},
		},
		"settings of one topic": {
			groups: 1, topics: 2, missing: []rights.Right{one(rights.DescribeConfigs, rights.Topic, "a")},
			want: []string{`DESCRIBE_CONFIGS on TOPIC "a"`},
		},
		"settings of all topics": {
			groups: 1, topics: 2, missing: []rights.Right{one(rights.DescribeConfigs, rights.Topic, "a"), one(rights.DescribeConfigs, rights.Topic, "b")},
			want: []string{"DESCRIBE_CONFIGS on every TOPIC"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := widen(tc.cluster, kafkasource.Checked{
				Groups: tc.groups, Topics: tc.topics, Findings: []kafkasource.Finding{{Missing: tc.missing}},
			})
			slices.SortFunc(got, rights.Compare)
			var words []string
			for _, r := range got {
				words = append(words, r.String())
			}
			if !slices.Equal(words, tc.want) {
				t.Errorf("asked for %q, want %q", words, tc.want)
			}
		})
	}
}

func TestUnderWhichNameBrokersKnowUs(t *testing.T) {
	dir := t.TempDir()
	pair, err := testcert.Self(x509.Certificate{Subject: pkix.Name{CommonName: "lagscaler", Organization: []string{"Shop"}}})
	if err != nil {
		t.Fatal(err)
	}
	cert, user := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "user")
	for file, text := range map[string][]byte{cert: pair.Cert, user: []byte("ann\n")} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, c := range map[string]config.Cluster{
		"User:ANONYMOUS":           {Brokers: []string{"k:9092"}},
		"User:CN=lagscaler,O=Shop": {Brokers: []string{"k:9092"}, TLS: &config.TLS{CertFile: cert, KeyFile: "x"}},
		"User:bob":                 {Brokers: []string{"k:9092"}, SASL: &config.SASL{Mechanism: config.Scram512, Username: "bob"}},
		"User:ann":                 {Brokers: []string{"k:9092"}, SASL: &config.SASL{Mechanism: config.Plain, UsernameFile: user}},
		"arn:aws:iam::1:role/l":    {Brokers: []string{"k:9092"}, SASL: &config.SASL{Mechanism: config.MSKIAM, AWS: &config.AWS{RoleARN: "arn:aws:iam::1:role/l"}}},
		"":                         {Brokers: []string{"pkc-1.eu.aws.confluent.cloud:9092"}, SASL: &config.SASL{Mechanism: config.Plain, Username: "APIKEY"}},
	} {
		if got := clientOf(c, GrantOptions{}); got.Principal != want {
			t.Errorf("%+v is known as %q, want %q", c, got.Principal, want)
		}
		if got := clientOf(c, GrantOptions{Principal: "User:x"}); got.Principal != "User:x" {
			t.Errorf("--principal is not taken: %q", got.Principal)
		}
	}
	msk := config.Cluster{Brokers: []string{"b-1.orders.a.c4.kafka.eu-central-1.amazonaws.com:9098"}, SASL: &config.SASL{Mechanism: config.MSKIAM, Region: "eu-west-1"}}
	if got := clientOf(msk, GrantOptions{}); got.Style != rights.IAM || got.Region != "eu-central-1" || got.Cluster != "orders" || got.Principal != "" {
		t.Errorf("%+v", got)
	}
	if got := clientOf(msk, GrantOptions{Style: rights.KafkaACLs}); got.Style != rights.KafkaACLs {
		t.Errorf("--grants is not taken: %s", got.Style)
	}
}
