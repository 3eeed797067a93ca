package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
	"github.com/lagscaler/lagscaler/scaler/kube"
)

// checkOptions are the flags of check.
type checkOptions struct {
	place
	fileOnly  bool
	grants    choice
	principal string
}

func newCheck() *cobra.Command {
	o := checkOptions{grants: choice{value: byCluster, of: append([]string{byCluster}, styleNames()...)}}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration, and test the connections and permissions in Kafka and Kubernetes",
		Long: `Validates the configuration file. Then tries everything that a poll needs: every bootstrap address, the permission to list
all groups, every broker, group and topic, and settings. It prints each missing right, what grants them for an administrator
of the cluster to run, and what it works without. --grants says for which authorization: by default that of the hosts and
the SASL mechanism of each cluster. For each cluster it prints how many requests and new connections a second its intervals
take, and warns if that is above quota in the configuration, or above requestsPerSecond. With externalScaler it also checks the ScaledObjects that ask lagscaler, if it may list
them: metricType, fields, fallback.

With strimzi it finds the Kafka resources as the daemon does, tries every RBAC permission that this needs, and then tests the clusters
that were found like those of the file.

If the configuration names a kubeconfig, or in a pod, it then tests Kubernetes: the API server, every RBAC permission of the
mode, the CRD, the KafkaScalers that are not ready, the Lease, and the Deployment of lagscaler. The permissions are those of the
user of the kubeconfig, or of the service account of the pod. All tests only read.

Exit codes: 0 everything works; 1 a check of Kafka, Kubernetes or a ScaledObject failed; 2 the file is wrong.`,
		Example: `  lagscaler check --config lagscaler.yaml
  lagscaler check --brokers kafka-0:9092,kafka-1:9092
  lagscaler check --config lagscaler.yaml --grants kafka-acls --principal User:lagscaler`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.kafkaFlags(cmd)
	cmd.Flags().Var(&o.grants, "grants", "for which authorization to print what grants missing rights in Kafka")
	cmd.Flags().StringVar(&o.principal, "principal", "", "the `NAME` under which the brokers know lagscaler, such as User:lagscaler (default: by the login, if it says so)")
	cmd.Flags().BoolVar(&o.fileOnly, "file-only", false, "only validate the file; do not connect to Kafka or Kubernetes")
	return cmd
}

func (o *checkOptions) run(ctx context.Context, out, errOut io.Writer) error {
	c, err := o.loadAny()
	if err != nil {
		return err
	}
	if err := daemon.CheckWebConfig(c); err != nil {
		return wrong{err}
	}
	if o.config != "" {
		if _, err := fmt.Fprintf(out, "%s: ok (clusters: %d, group rules: %d, scalers: %d, mode: %s)\n", o.config, len(c.Clusters), len(c.Groups), len(c.Scalers), c.Mode); err != nil {
			return err
		}
	}
	if o.fileOnly {
		return nil
	}
	c, strimzi, err := findClusters(ctx, c, errOut)
	if err != nil {
		return err
	}
	badKafka, kafka, err := o.checkKafka(ctx, c, out, errOut)
	if err != nil {
		return err
	}
	badKubernetes, kubernetes, err := o.checkKubernetes(ctx, c, strimzi, out, errOut)
	if err != nil {
		return err
	}
	badTriggers, triggers, err := checkTriggers(ctx, out, c)
	if err != nil {
		return err
	}
	if bad := badKafka + badKubernetes + badTriggers; bad > 0 {
		return fmt.Errorf("%d of %d checks failed", bad, kafka+kubernetes+triggers)
	}
	return nil
}

// byCluster is the value of --grants that looks at each cluster.
const byCluster = "auto"

func styleNames() []string {
	var names []string
	for _, s := range rights.Styles {
		names = append(names, string(s))
	}
	return names
}

func (o *checkOptions) grantOptions() daemon.GrantOptions {
	g := daemon.GrantOptions{Principal: o.principal}
	if o.grants.value != byCluster {
		g.Style = rights.Style(o.grants.value)
	}
	return g
}

// checkKafka prints the checks of every cluster, and what grants missing rights, and counts the checks and those that failed.
func (o *checkOptions) checkKafka(ctx context.Context, c *config.Config, out, errOut io.Writer) (bad, all int, err error) {
	if len(c.Clusters) == 0 { // none of Strimzi was found, either
		return 0, 0, nil
	}
	table := output.NewTable(out, "CLUSTER", "CHECKED", "RESULT", "MISSING ACL", "DETAIL")
	checks := make([]daemon.ClusterCheck, len(c.Clusters))
	for i, cluster := range c.Clusters {
		said := output.Waiting(errOut, "checking cluster "+cluster.Name+": "+strings.Join(cluster.Brokers, ", "))
		checks[i], err = daemon.CheckCluster(ctx, c.InForce(cluster), o.grantOptions())
		said()
		if err != nil {
			return 0, 0, wrong{err}
		}
		all += len(checks[i].Findings)
		bad += printFindings(table, cluster.Name, checks[i].Findings)
	}
	if err := table.Flush(); err != nil {
		return 0, 0, err
	}
	for i, cluster := range c.Clusters {
		printGrants(out, cluster.Name, checks[i])
	}
	return bad, all, nil
}

// printGrants prints what grants the rights that are missing in a cluster.
func printGrants(out io.Writer, cluster string, c daemon.ClusterCheck) {
	if len(c.Needed.Rights) > 0 {
		fmt.Fprintf(out, "\n# %s: %s. What grants them (%s):\n", cluster, count(len(c.Needed.Rights), "right is missing", "rights are missing"), c.Style)
		printGrant(out, c.Needed)
	}
	if len(c.Details.Rights) > 0 {
		fmt.Fprintf(out, "\n# %s: works without %s, for details. What grants them (%s):\n", cluster, count(len(c.Details.Rights), "more right", "more rights"), c.Style)
		printGrant(out, c.Details)
	}
}

func printGrant(out io.Writer, l daemon.Lacking) {
	for _, note := range l.Notes {
		fmt.Fprintln(out, "# "+output.Printable(note))
	}
	if l.Text != "" {
		fmt.Fprintln(out, l.Text)
	}
}

func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// findClusters adds the clusters of Strimzi to the configuration. The findings are for the table of Kubernetes.
func findClusters(ctx context.Context, c *config.Config, errOut io.Writer) (*config.Config, []kube.Finding, error) {
	if len(c.Strimzi) == 0 {
		return c, nil, nil
	}
	said := output.Waiting(errOut, "finding the clusters of Strimzi")
	next, findings, err := daemon.FindClusters(ctx, c, thisBuild().Version)
	said()
	if err != nil {
		return nil, nil, wrong{err}
	}
	return next, findings, nil
}

// checkKubernetes does the same for Kubernetes, and prints what was found of Strimzi. Without a connection it says why there is none, if
// there is a file to say it of.
func (o *checkOptions) checkKubernetes(ctx context.Context, c *config.Config, strimzi []kube.Finding, out, errOut io.Writer) (bad, all int, err error) {
	said := output.Waiting(errOut, "checking Kubernetes")
	findings, none, err := daemon.CheckKubernetes(ctx, c, thisBuild().Version)
	said()
	if err != nil {
		return 0, 0, wrong{err}
	}
	if none != "" {
		if len(c.Strimzi) > 0 {
			none += "; nor are the clusters of Strimzi, which are found in it"
		}
		if o.config != "" {
			_, err = fmt.Fprintf(out, "\nKubernetes: not checked, because %s\n", none)
		}
		return 0, 0, err
	}
	findings = append(findings, strimzi...)
	fmt.Fprintln(out)
	table := output.NewTable(out, "KUBERNETES", "RESULT", "MISSING PERMISSION", "DETAIL")
	for _, f := range findings {
		result := "ok"
		if f.Warning {
			result = "warning"
		}
		if f.Problem != "" {
			result = f.Problem
			bad++
		}
		table.Row(f.Subject, result, f.Missing, f.Text)
	}
	return bad, len(findings), table.Flush()
}

// checkTriggers prints the checks of the ScaledObjects that ask lagscaler, and counts them and those that failed. What may not be
// read is said, and no failure: who checks a file need not see the cluster.
func checkTriggers(ctx context.Context, out io.Writer, c *config.Config) (bad, all int, err error) {
	findings, ok, failed := daemon.CheckTriggers(ctx, c, thisBuild().Version)
	if failed != nil {
		_, err = fmt.Fprintf(out, "ScaledObjects that ask lagscaler: not checked: %v\n", failed)
		return 0, 0, err
	}
	if !ok {
		return 0, 0, nil
	}
	table := output.NewTable(out, "SCALEDOBJECT", "RESULT", "DETAIL")
	for _, f := range findings {
		result := "ok"
		switch {
		case f.Warning:
			result = "warning"
		case f.Wrong != "":
			result = "wrong"
			bad++
		}
		table.Row(f.ScaledObject, result, f.Wrong)
	}
	return bad, len(findings), table.Flush()
}

// printFindings prints the checks of a cluster and counts those that failed.
func printFindings(table output.Table, cluster string, findings []kafkasource.Finding) (bad int) {
	for _, f := range findings {
		result := "ok"
		switch {
		case f.Code != lag.OK:
			result = f.Code.String()
			bad++
		case f.Warning:
			result = "warning"
		case f.Optional:
			result = "optional"
		}
		table.Row(cluster, f.Subject, result, missingRights(f.Missing), f.Detail)
	}
	return bad
}

// missingRights names the first one of many.
func missingRights(missing []rights.Right) string {
	switch len(missing) {
	case 0:
		return ""
	case 1:
		return missing[0].String()
	}
	return fmt.Sprintf("%s and %d more", missing[0], len(missing)-1)
}
