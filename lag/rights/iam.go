package rights

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// actions are those of IAM for operations.
// Source: https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html. That page says which other actions each one
// requires: DescribeCluster, DescribeGroup and DescribeTopic require Connect; ReadData requires Connect and DescribeTopic.
var actions = map[Operation]map[Resource]string{
	Describe:        {Cluster: "DescribeCluster", Group: "DescribeGroup", Topic: "DescribeTopic"},
	DescribeConfigs: {Cluster: "DescribeClusterDynamicConfiguration", Topic: "DescribeTopicDynamicConfiguration"},
	Read:            {Topic: "ReadData"},
}

// policy is a policy document of IAM.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// iam writes a policy document. Each statement has the resources that need the same actions.
func (g *Grant) iam(c Client, missing []Right) {
	doc := policy{Version: "2012-10-17", Statement: []statement{{
		Effect: "Allow", Action: []string{"kafka-cluster:Connect"}, Resource: []string{arn(c, Right{Resource: Cluster})},
	}}}
	for _, r := range missing {
		action, resource := "kafka-cluster:"+actions[r.Operation][r.Resource], arn(c, r)
		last := &doc.Statement[len(doc.Statement)-1]
		switch {
		case r.Resource == Cluster && last.Resource[0] == resource:
			last.Action = append(last.Action, action)
		case len(last.Action) == 1 && last.Action[0] == action:
			last.Resource = append(last.Resource, resource)
		default:
			doc.Statement = append(doc.Statement, statement{"Allow", []string{action}, []string{resource}})
		}
	}
	if c.Region == "" || c.Cluster == "" {
		g.note("a * in an ARN stands for what lagscaler does not know of the cluster: its region, account, name or id")
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		g.note("writing the policy: %v", err)
		return
	}
	g.note("attach the policy to the role or user whose credentials lagscaler has%s", role(c))
	g.Text = ascii(string(text))
}

func role(c Client) string {
	if strings.HasPrefix(c.Principal, "arn:") {
		return ": " + c.Principal
	}
	return ""
}

// arn is the resource of a right, in the form of the page that actions names: topic/CLUSTER/ID/TOPIC.
func arn(c Client, r Right) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(c.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(c.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	kind, name := "cluster", ""
	switch r.Resource {
	case Group:
		kind = "group"
	case Topic:
		kind = "topic"
	case Cluster:
	}
	if r.Resource != Cluster {
		switch name = "/" + arnName(r.Name); r.Extent {
		case All:
			name = "/*"
		case Prefixed:
			name += "*"
		case Named:
		}
	}
	return "arn:" + partition + ":kafka:" + cmp.Or(c.Region, "*") + ":*:" + kind + "/" + cmp.Or(c.Cluster, "*") + "/*" + name
}

// arnName writes a name so that none of its characters is a pattern or a variable of IAM.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
var arnName = strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace

// jsonText is a text as JSON, which YAML reads, too.
func jsonText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // of a string there is none
	}
	return ascii(string(text))
}

// ascii escapes all other characters of a JSON document: some of them change how a terminal shows what is around them.
func ascii(document string) string {
	var b strings.Builder
	for _, r := range document {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// MSK are the region and the name of the cluster in a host of Amazon MSK, such as b-1.orders.a1b2c3.c4.kafka.eu-central-1.amazonaws.com
// and boot-a1b2c3.c4.kafka-serverless.eu-central-1.amazonaws.com, which has no name.
func MSK(host string) (region, cluster string) {
	labels := strings.Split(strings.ToLower(host), ".")
	for i, label := range labels {
		if (label == "kafka" || label == "kafka-serverless") && i+2 < len(labels) && labels[i+2] == "amazonaws" {
			if region = labels[i+1]; label == "kafka" && i >= 4 {
				cluster = labels[1]
			}
			return region, cluster
		}
	}
	return "", ""
}
