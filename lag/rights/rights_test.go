package rights

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSelect(t *testing.T) {
	for _, tc := range []struct {
		patterns []string
		want     Selection
	}{
		{nil, Selection{{Extent: All}}},
		{[]string{"shop"}, Selection{{Name: "shop", Extent: Named}}},
		{[]string{`shop\..*`, "orders"}, Selection{{Name: "shop.", Extent: Prefixed}, {Name: "orders", Extent: Named}}},
		{[]string{"shop-.+-v[0-9]"}, Selection{{Name: "shop-", Extent: Prefixed}}},
		{[]string{"shop", ".*-dlq"}, Selection{{Extent: All}}},
		{[]string{"shop|orders"}, Selection{{Extent: All}}},
		{[]string{"(?i)shop"}, Selection{{Extent: All}}},
		{[]string{"(?i:shop).*"}, Selection{{Extent: All}}},
		{[]string{"shops?"}, Selection{{Name: "shop", Extent: Prefixed}}},
	} {
		if got := Select(tc.patterns); !slices.Equal(got, tc.want) {
			t.Errorf("%q selects %+v, want %+v", tc.patterns, got, tc.want)
		}
	}
}

// A name that a pattern matches is among those that the selection has rights on.
func TestSelectionHasEveryMatch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.SampledFrom([]string{
			"shop", `shop\..*`, "shops?", "shop+", "a|ab", "[ab]c", "(ab)+c", `a\.b[0-9]{1,3}`, ".*", "sh(op|ort).*", "(?i)shop", "ab*c", "a.c", `\Qa.b\E.*`,
		}).Draw(rt, "pattern")
		name := rapid.StringMatching(pattern).Draw(rt, "name")
		if !slices.ContainsFunc(Select([]string{pattern}), func(r Right) bool {
			return r.Extent == All || r.Name == name || r.Extent == Prefixed && strings.HasPrefix(name, r.Name)
		}) {
			rt.Fatalf("%q matches %q, and %+v does not have it", pattern, name, Select([]string{pattern}))
		}
	})
}

func TestStyleOf(t *testing.T) {
	for _, tc := range []struct {
		host, mechanism string
		want            Style
	}{
		{"kafka-0.internal", "SCRAM-SHA-512", KafkaACLs},
		{"b-1.orders.a1b2c3.c4.kafka.eu-central-1.amazonaws.com", "SCRAM-SHA-512", KafkaACLs},
		{"b-1.orders.a1b2c3.c4.kafka.eu-central-1.amazonaws.com", "AWS_MSK_IAM", IAM},
		{"pkc-4r000.europe-west1.gcp.Confluent.Cloud.", "PLAIN", ConfluentCloud},
		{"shop.servicebus.windows.net", "PLAIN", EventHubs},
		{"prod-kafka-bootstrap.kafka.svc", "SCRAM-SHA-512", Strimzi},
		{"prod-pool-0.prod-kafka-brokers.kafka.svc.cluster.local", "", Strimzi},
		{"confluent.cloud.example.com", "PLAIN", KafkaACLs},
	} {
		if got := StyleOf([]string{tc.host}, tc.mechanism); got != tc.want {
			t.Errorf("%s with %q is %s, want %s", tc.host, tc.mechanism, got, tc.want)
		}
	}
}

func TestMSK(t *testing.T) {
	for host, want := range map[string][2]string{
		"b-1.orders.a1b2c3.c4.kafka.eu-central-1.amazonaws.com":        {"eu-central-1", "orders"},
		"b-2-public.orders.a1b2c3.c4.kafka.cn-north-1.amazonaws.com":   {"cn-north-1", "orders"},
		"boot-a1b2c3.c4.kafka-serverless.eu-central-1.amazonaws.com":   {"eu-central-1", ""},
		"boot-a1b2c3.orders.x.c4.kafka-serverless.eu.example.com":      {"", ""},
		"kafka.eu-central-1.amazonaws.com":                             {"eu-central-1", ""},
		"kafka-0.internal":                                             {"", ""},
		"":                                                             {"", ""},
		"b-1.orders.a1b2c3.c4.kafka.eu-central-1.amazonaws.com.cn":     {"eu-central-1", "orders"},
		"B-1.Orders.A1b2c3.c4.kafka.eu-central-1.amazonaws.com":        {"eu-central-1", "orders"},
		"vpce.orders.a1b2c3.c4.kafka.amazonaws.com":                    {"", ""},
		"b-1.orders.a1b2c3.c4.kafka.eu-central-1.notamazonaws.example": {"", ""},
	} {
		region, name := MSK(host)
		if region != want[0] || name != want[1] {
			t.Errorf("%s is %q, %q, want %q", host, region, name, want)
		}
	}
}

var missing = []Right{
	{Operation: Describe, Resource: Topic, Name: "orders"},
	{Operation: Describe, Resource: Group, Extent: All},
	{Operation: Describe, Resource: Cluster},
	{Operation: Describe, Resource: Topic, Name: "orders"},
	{Operation: Describe, Resource: Topic, Name: "payments"},
	{Operation: Read, Resource: Topic, Name: "shop.", Extent: Prefixed},
}

func TestCommands(t *testing.T) {
	for _, tc := range []struct {
		client Client
		text   string
		notes  string // a part of one
	}{
		{Client{Style: KafkaACLs, Brokers: []string{"k:9092", "l:9092"}, Principal: "User:lagscaler"}, `kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal User:lagscaler --operation Describe --cluster
kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal User:lagscaler --operation Describe --group '*'
kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal User:lagscaler --operation Describe --topic orders --topic payments
kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal User:lagscaler --operation Read --topic shop. --resource-pattern-type prefixed`, "admin.properties"},
		{Client{Style: ConfluentCloud, ClusterID: "lkc-1234"}, `confluent kafka acl create --cluster lkc-1234 --allow --service-account sa-XXXXXX --operations describe --cluster-scope
confluent kafka acl create --cluster lkc-1234 --allow --service-account sa-XXXXXX --operations describe --consumer-group '*'
confluent kafka acl create --cluster lkc-1234 --allow --service-account sa-XXXXXX --operations describe --topic orders
confluent kafka acl create --cluster lkc-1234 --allow --service-account sa-XXXXXX --operations describe --topic payments
confluent kafka acl create --cluster lkc-1234 --allow --service-account sa-XXXXXX --operations read --topic shop. --prefix`, "sa-XXXXXX"},
		{Client{Style: ConfluentPlatform, ClusterID: "abc", Principal: "User:l"}, `confluent iam acl create --kafka-cluster abc --allow --principal User:l --operation describe --cluster-scope
confluent iam acl create --kafka-cluster abc --allow --principal User:l --operation describe --consumer-group '*'
confluent iam acl create --kafka-cluster abc --allow --principal User:l --operation describe --topic orders
confluent iam acl create --kafka-cluster abc --allow --principal User:l --operation describe --topic payments
confluent iam acl create --kafka-cluster abc --allow --principal User:l --operation read --topic shop. --prefix`, ""},
		{Client{Style: Strimzi, Principal: "User:CN=lagscaler"}, `spec:
  authorization:
    type: simple
    acls:
    - resource: {type: cluster}
      operations: [Describe]
    - resource: {type: group, name: "*"}
      operations: [Describe]
    - resource: {type: topic, name: "orders"}
      operations: [Describe]
    - resource: {type: topic, name: "payments"}
      operations: [Describe]
    - resource: {type: topic, name: "shop.", patternType: prefix}
      operations: [Read]`, "KafkaUser lagscaler"},
		{Client{Style: EventHubs, Brokers: []string{"shop.servicebus.windows.net:9093"}}, `az role assignment create --role "Azure Event Hubs Data Receiver" --assignee PRINCIPAL --scope /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventHub/namespaces/shop`, "claim Listen"},
		{Client{Style: IAM, Region: "eu-central-1", Cluster: "orders"}, `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeCluster"
      ],
      "Resource": [
        "arn:aws:kafka:eu-central-1:*:cluster/orders/*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "kafka-cluster:DescribeGroup"
      ],
      "Resource": [
        "arn:aws:kafka:eu-central-1:*:group/orders/*/*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "kafka-cluster:DescribeTopic"
      ],
      "Resource": [
        "arn:aws:kafka:eu-central-1:*:topic/orders/*/orders",
        "arn:aws:kafka:eu-central-1:*:topic/orders/*/payments"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "kafka-cluster:ReadData"
      ],
      "Resource": [
        "arn:aws:kafka:eu-central-1:*:topic/orders/*/shop.*"
      ]
    }
  ]
}`, "attach the policy"},
	} {
		g := Commands(tc.client, missing)
		if g.Text != tc.text {
			t.Errorf("%s:\n%s\nwant\n%s", tc.client.Style, g.Text, tc.text)
		}
		if !strings.Contains(strings.Join(g.Notes, "\n"), tc.notes) {
			t.Errorf("%s: notes %q do not say %q", tc.client.Style, g.Notes, tc.notes)
		}
	}
	if g := Commands(Client{}, nil); g.Text != "" || len(g.Notes) != 0 {
		t.Errorf("nothing is missing, and %+v is to be granted", g)
	}
}

// A client of the cluster chooses the name of a group. No name makes a command grant more than the group of that name.
func TestNamesOfGroupsGrantNoMore(t *testing.T) {
	star := []Right{{Operation: Describe, Resource: Group, Name: "*"}}
	for _, style := range []Style{KafkaACLs, ConfluentCloud, ConfluentPlatform, IAM, Strimzi} {
		if g := Commands(Client{Style: style}, star); g.Text != "" || len(g.Notes) != 1 {
			t.Errorf("%s: a group that is named * is granted by %q, notes %q", style, g.Text, g.Notes)
		}
	}
	evil := []Right{{Operation: Describe, Resource: Group, Name: `x/*"; rm ${aws:username}?`}}
	var doc policy
	if err := json.Unmarshal([]byte(Commands(Client{Style: IAM, Region: "us-gov-west-1"}, evil).Text), &doc); err != nil {
		t.Fatal(err)
	}
	if got, want := doc.Statement[1].Resource[0], `arn:aws-us-gov:kafka:us-gov-west-1:*:group/*/*/x/${*}"; rm ${$}{aws:username}${?}`; got != want {
		t.Errorf("the resource is %s, want %s", got, want)
	}
}

// A document has the name, whatever it is, and nothing that a terminal would not show.
func TestDocumentsHaveTheName(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune("ab\"'\\{}<>&: #\t\n\x1b\x7fä\u202e\u2028\U0001f600")), 1, 20, -1).Draw(rt, "name")
		missing := []Right{{Operation: Describe, Resource: Group, Name: name}}
		var doc policy
		text := Commands(Client{Style: IAM}, missing).Text
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			rt.Fatal(err)
		}
		if want := "arn:aws:kafka:*:*:group/*/*/" + name; doc.Statement[1].Resource[0] != want {
			rt.Fatalf("resource %q, want %q", doc.Statement[1].Resource[0], want)
		}
		yaml := Commands(Client{Style: Strimzi}, missing).Text
		for _, c := range text + yaml {
			if c > '~' || c < ' ' && c != '\n' {
				rt.Fatalf("%q is in %s%s", c, text, yaml)
			}
		}
	})
	bytes := []Right{{Operation: Describe, Resource: Group, Name: "a\xff"}}
	for _, style := range []Style{IAM, Strimzi} {
		if g := Commands(Client{Style: style}, bytes); g.Text != "" || len(g.Notes) != 1 {
			t.Errorf("%s: %+v", style, g)
		}
	}
}

// Whatever a name is, a shell takes the command apart into the words that were meant.
func TestShellReadsWhatWasMeant(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune("ab*'\"\\$`;|&<>(){}[]!~# \t\n\r\x1b\x7f-=ä\u202e\u00ad"))), 1, 20).Draw(rt, "names")
		names = append(names, string(rapid.SliceOf(rapid.ByteRange(1, 255)).Draw(rt, "bytes")))
		var words []string
		for _, n := range names {
			words = append(words, quote(n))
		}
		out, err := exec.Command(bash, "-c", "printf '%s\\0' "+strings.Join(words, " ")).Output()
		if err != nil {
			rt.Fatalf("%q: %v", words, err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, names) {
			rt.Fatalf("bash reads %q of %q", got, words)
		}
		if i := strings.IndexFunc(strings.Join(words, ""), unshown); i >= 0 {
			rt.Fatalf("%q has a character that a terminal may not show", words)
		}
	})
}

func TestRightsInWords(t *testing.T) {
	for want, r := range map[string]Right{
		"DESCRIBE on CLUSTER":                                {Describe, Cluster, "", Named},
		`DESCRIBE on GROUP "shop"`:                           {Describe, Group, "shop", Named},
		"DESCRIBE on every GROUP":                            {Describe, Group, "", All},
		`READ on every TOPIC whose name begins with "shop."`: {Read, Topic, "shop.", Prefixed},
	} {
		if got := r.String(); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
}
