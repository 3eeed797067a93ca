package rights

import (
	"cmp"
	"slices"
	"strings"
)

// The words of the tools for operations and resources.
var (
	operationWords = map[Operation]string{Describe: "Describe", DescribeConfigs: "DescribeConfigs", Read: "Read"}
	dashedWords    = map[Operation]string{Describe: "describe", DescribeConfigs: "describe-configs", Read: "read"}
)

// Placeholders for what the program does not know.
const (
	unknownPrincipal = "User:PRINCIPAL"
	unknownAccount   = "sa-XXXXXX"
	unknownCluster   = "CLUSTER"
)

// namesAtOnce is how many names one command has, so that its line can be read.
const namesAtOnce = 10

func (g *Grant) principal(c Client) string {
	if c.Principal == "" {
		g.note("put the name under which the brokers know lagscaler in the place of %s", unknownPrincipal)
	}
	return cmp.Or(c.Principal, unknownPrincipal)
}

// kafkaACLs writes commands of the tool that every Apache Kafka has.
// Source: kafka-acls.sh --help of Kafka 2.8 to 4.4.
func (g *Grant) kafkaACLs(c Client, missing []Right) {
	tool := "kafka-acls.sh"
	if len(c.Brokers) > 0 {
		tool += " " + flag("--bootstrap-server", c.Brokers[0])
	}
	tool += " --command-config admin.properties --add " + flag("--allow-principal", g.principal(c))
	g.note("admin.properties has the login of a user who may alter ACLs; leave --command-config out where none is needed")
	var lines []string
	for _, some := range alike(missing) {
		line := tool + " --operation " + operationWords[some[0].Operation]
		for _, r := range some {
			line += " " + aclResource(r)
		}
		if some[0].Extent == Prefixed {
			line += " --resource-pattern-type prefixed"
		}
		lines = append(lines, line)
	}
	g.Text = strings.Join(lines, "\n")
}

func aclResource(r Right) string {
	switch {
	case r.Resource == Cluster:
		return "--cluster"
	case r.Extent == All:
		return flag("--"+strings.ToLower(string(r.Resource)), "*")
	}
	return flag("--"+strings.ToLower(string(r.Resource)), r.Name)
}

// alike are the rights in groups that one command can grant.
func alike(missing []Right) [][]Right {
	var groups [][]Right
	for _, r := range missing {
		last := len(groups) - 1
		if last >= 0 && len(groups[last]) < namesAtOnce && same(groups[last][0], r) {
			groups[last] = append(groups[last], r)
			continue
		}
		groups = append(groups, []Right{r})
	}
	return groups
}

func same(a, b Right) bool {
	return a.Operation == b.Operation && a.Resource == b.Resource && a.Extent == b.Extent
}

// confluentCloud writes commands of the CLI of Confluent for a cluster of Confluent Cloud. An API key belongs to a service account,
// which the brokers do not tell.
// Source: https://docs.confluent.io/confluent-cli/current/command-reference/kafka/acl/confluent_kafka_acl_create.html
func (g *Grant) confluentCloud(c Client, missing []Right) {
	account := unknownAccount
	if name, ok := strings.CutPrefix(c.Principal, "User:sa-"); ok {
		account = "sa-" + name
	} else {
		g.note("put the service account of the API key in the place of %s: confluent api-key list", unknownAccount)
	}
	tool := "confluent kafka acl create " + flag("--cluster", g.clusterID(c)) + " --allow " + flag("--service-account", account)
	g.confluent(tool, "--operations ", missing)
}

// confluentPlatform writes commands for the centralized ACLs of Confluent Platform.
// Source: https://docs.confluent.io/confluent-cli/current/command-reference/iam/acl/confluent_iam_acl_create.html
func (g *Grant) confluentPlatform(c Client, missing []Right) {
	tool := "confluent iam acl create " + flag("--kafka-cluster", g.clusterID(c)) + " --allow " + flag("--principal", g.principal(c))
	g.confluent(tool, "--operation ", missing)
}

func (g *Grant) clusterID(c Client) string {
	if c.ClusterID == "" {
		g.note("put the id of the Kafka cluster in the place of %s", unknownCluster)
	}
	return cmp.Or(c.ClusterID, unknownCluster)
}

func (g *Grant) confluent(tool, operation string, missing []Right) {
	lines := make([]string, 0, len(missing))
	for _, r := range missing {
		line := tool + " " + operation + dashedWords[r.Operation] + " "
		name := r.Name
		if r.Extent == All {
			name = "*"
		}
		switch r.Resource {
		case Cluster:
			line += "--cluster-scope"
		case Group:
			line += flag("--consumer-group", name)
		case Topic:
			line += flag("--topic", name)
		}
		if r.Extent == Prefixed {
			line += " --prefix"
		}
		lines = append(lines, line)
	}
	g.Text = strings.Join(lines, "\n")
}

// strimzi writes the part of a KafkaUser that has its ACLs.
// Source: https://strimzi.io/docs/operators/latest/configuring.html, schema of AclRule.
func (g *Grant) strimzi(c Client, missing []Right) {
	g.note("add the rules to spec.authorization.acls of the KafkaUser %s: its User Operator removes ACLs that a command adds", user(c))
	lines := []string{"spec:", "  authorization:", "    type: simple", "    acls:"}
	for _, r := range missing {
		resource := "{type: cluster}"
		switch {
		case r.Resource == Cluster:
		case r.Extent == All:
			resource = "{type: " + strings.ToLower(string(r.Resource)) + `, name: "*"}`
		default:
			resource = "{type: " + strings.ToLower(string(r.Resource)) + ", name: " + jsonText(r.Name)
			if r.Extent == Prefixed {
				resource += ", patternType: prefix"
			}
			resource += "}"
		}
		lines = append(lines, "    - resource: "+resource, "      operations: ["+operationWords[r.Operation]+"]")
	}
	g.Text = strings.Join(lines, "\n")
}

// user is the name of the KafkaUser.
func user(c Client) string {
	name := strings.TrimPrefix(c.Principal, "User:")
	name = strings.TrimPrefix(name, "CN=")
	return cmp.Or(name, "of lagscaler")
}

// eventHubs writes the assignment of the weakest built-in role of Azure that may read. Event Hubs has no right that only describes,
// and none on one group.
// Source: https://learn.microsoft.com/azure/event-hubs/authorize-access-azure-active-directory
func (g *Grant) eventHubs(c Client) {
	namespace := "NAMESPACE"
	for _, b := range c.Brokers {
		if name, _, ok := strings.Cut(b, "."); ok {
			namespace = name
			break
		}
	}
	g.note("put the object id of the identity, the subscription and the resource group in their places; with a connection string, use one of a policy with the claim Listen instead")
	g.Text = `az role assignment create --role "Azure Event Hubs Data Receiver" --assignee PRINCIPAL --scope ` +
		quote("/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventHub/namespaces/"+namespace)
}

// Missing are the rights of a list whose need is optional or not.
func Missing(all []Right, optional bool) []Right {
	return slices.DeleteFunc(slices.Clone(all), func(r Right) bool {
		n, _ := r.Need()
		return n.Optional != optional
	})
}
