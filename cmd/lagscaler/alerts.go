package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/alerts"
)

func newAlerts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "Prometheus alerts and recording rules",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return wrong{fmt.Errorf("name a command: export")} },
	}
	cmd.AddCommand(newAlertsExport())
	return cmd
}

func newAlertsExport() *cobra.Command {
	var o alerts.Options
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the rules, as a rule file or as a PrometheusRule",
		Long: `Prints every recording rule and alert. Thresholds are not part of them: each group's come from the daemon, which has
them from its configuration and from KafkaScalers.

The alerts are ` + strings.Join(alerts.Names(), ", ") + `.
Each has a runbook in docs/runbooks.`,
		Example: `  lagscaler alerts export > lagscaler.rules.yaml
  lagscaler alerts export --format prometheusrule --namespace monitoring --object-label release=prometheus | kubectl apply -f -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Format = alerts.Format(format)
			if err := o.Check(); err != nil {
				return wrong{err}
			}
			return alerts.Export(cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", string(alerts.Prometheus), "prometheus or prometheusrule")
	f.StringSliceVar(&o.Disable, "disable", nil, "alerts to leave out")
	f.StringToStringVar(&o.Labels, "label", nil, "labels to add to every alert, as name=value")
	f.StringVar(&o.Name, "name", "lagscaler", "name of the PrometheusRule")
	f.StringVar(&o.Namespace, "namespace", "", "namespace of the PrometheusRule")
	f.StringToStringVar(&o.ObjectLabels, "object-label", nil, "labels of the PrometheusRule, as name=value: what Prometheus selects rules by")
	f.Float64Var(&o.TimeScale, "time-scale", 1, "divide every duration by this, to try the alerts out")
	return cmd
}
