package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/alerts"
)

func newAlerts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "Export Prometheus alerts and recording rules",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return wrong{errors.New("a command is required: export")} },
	}
	cmd.AddCommand(newAlertsExport())
	return cmd
}

func newAlertsExport() *cobra.Command {
	var o alerts.Options
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the rules as a rule file or as a PrometheusRule",
		Long: `Prints all recording rules and alerts. The thresholds of a group are not in the rules: the daemon exposes them as metrics,
from its configuration and from KafkaScalers.

The alerts are ` + strings.Join(alerts.Names(), ", ") + `.
Every alert has a runbook in docs/runbooks.`,
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
	f.StringSliceVar(&o.Disable, "disable", nil, "alerts that are not printed")
	f.StringToStringVar(&o.Labels, "label", nil, "labels to add to every alert, as name=value")
	f.StringSliceVar(&o.Owners, "owner", nil, "labels that say whose a group is, as in owners of the configuration, such as team; the alerts of groups and scalers get them")
	f.StringVar(&o.Name, "name", "lagscaler", "name of the PrometheusRule")
	f.StringVar(&o.Namespace, "namespace", "", "namespace of the PrometheusRule")
	f.StringToStringVar(&o.ObjectLabels, "object-label", nil, "labels of the PrometheusRule, as name=value; Prometheus selects rules by these labels")
	f.StringVar(&o.Grafana, "grafana-url", "", "address of the Grafana that has the dashboards; every alert then has the annotation dashboard_url, which opens its group or scaler")
	f.Float64Var(&o.TimeScale, "time-scale", 1, "divide all durations by this number, to test the alerts")
	return cmd
}
