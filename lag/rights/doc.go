// Package rights says which rights the program needs in Kafka, and how an administrator grants those that are missing.
//
// Every need is one row of [Needs], with what is lost without it. docs/security.md is tested against the table. Commands writes the
// missing rights as what the authorization of the cluster understands: see [Style].
//
//	right                                   kafka-acls                                       IAM of MSK
//	DESCRIBE on CLUSTER                     --operation Describe --cluster                   kafka-cluster:DescribeCluster on the cluster
//	DESCRIBE on GROUP "shop"                --operation Describe --group shop                kafka-cluster:DescribeGroup on group/…/shop
//	DESCRIBE on every GROUP with "shop."    … --group shop. --resource-pattern-type prefixed kafka-cluster:DescribeGroup on group/…/shop.*
//	READ on TOPIC "orders"                  --operation Read --topic orders                  kafka-cluster:ReadData on topic/…/orders
//
// Names of groups come from clients of the cluster, and are quoted for the shell, for IAM and for YAML.
package rights
