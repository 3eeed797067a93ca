package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/keda"
)

func newConvert() *cobra.Command {
	var configured string
	cmd := &cobra.Command{
		Use:   "convert FILE|-",
		Short: "Convert KEDA ScaledObjects with kafka triggers to KafkaScalers",
		Long: `Prints a KafkaScaler in mode advise for every ScaledObject of a file. The triggers of a target become the sources of its
scaler. A setting without an equivalent becomes a comment. With --config, a trigger gets the cluster name of the configured
cluster that has one of its brokers. Nothing is applied to Kubernetes: docs/migrating.md explains how to migrate and how to
go back.`,
		Example: `  lagscaler convert scaledobject.yaml > kafkascaler.yaml
  kubectl get scaledobject orders -o yaml | lagscaler convert - --config lagscaler.yaml | kubectl apply -f -`,
		Args: checked(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return convert(cmd.InOrStdin(), cmd.OutOrStdout(), args[0], configured)
		},
	}
	cmd.Flags().StringVarP(&configured, "config", "c", "", "configuration `FILE` with the clusters of the triggers")
	return cmd
}

func convert(in io.Reader, out io.Writer, file, configured string) error {
	var clusters []keda.Cluster
	if configured != "" {
		c, err := config.Load(configured)
		if err != nil {
			return wrong{err}
		}
		for _, k := range c.Clusters {
			clusters = append(clusters, keda.Cluster{Name: k.Name, Brokers: k.Brokers})
		}
	}
	text, err := readAll(in, file)
	if err != nil {
		return wrong{fmt.Errorf("reading ScaledObjects: %w", err)}
	}
	scalers, err := keda.Convert(text, clusters)
	if err != nil {
		return wrong{fmt.Errorf("%s: %w", file, err)}
	}
	_, err = io.WriteString(out, scalers)
	return err
}

// readAll reads a file, or standard input if the name is "-".
func readAll(in io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(file)
}
