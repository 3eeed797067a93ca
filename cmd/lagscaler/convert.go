package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/keda"
)

func newConvert() *cobra.Command {
	var configured string
	o := keda.Options{To: keda.ToKafkaScaler}
	cmd := &cobra.Command{
		Use:   "convert FILE|-",
		Short: "Convert KEDA ScaledObjects with kafka triggers to KafkaScalers",
		Long: `Prints a KafkaScaler in mode advise for every ScaledObject of a file: of all its documents, and of the lists that kubectl
prints. The triggers of a target become the sources of its scaler. A setting without an equivalent becomes a comment, and so
does an object of another kind. With --config, a trigger gets the cluster name of the configured cluster that has one of its
brokers. If a document is wrong, the error lists all mistakes with their documents, and nothing is printed. Nothing is applied to
Kubernetes: docs/migrating.md explains how to migrate and how to go back.

--to says who sets the replicas that lagscaler decides, and adds the objects for it to the output:
  kafkascaler  lagscaler itself: only the KafkaScalers
  external     KEDA, which asks lagscaler: the same ScaledObject with a trigger external-push, instead of its kafka triggers or beside them
  hpa          an HPA without KEDA, which reads the number from custom.metrics.k8s.io
docs/integrations.md compares them. Triggers that are not Kafka's stay as they are.`,
		Example: `  lagscaler convert scaledobject.yaml > kafkascaler.yaml
  kubectl get scaledobject -A -o yaml | lagscaler convert - > kafkascalers.yaml
  kubectl get scaledobject orders -o yaml | lagscaler convert - --config lagscaler.yaml | kubectl apply -f -
  kubectl get scaledobject orders -o yaml | lagscaler convert - --to external --beside`,
		Args: checked(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return convert(cmd.InOrStdin(), cmd.OutOrStdout(), args[0], configured, o)
		},
	}
	cmd.Flags().StringVarP(&configured, "config", "c", "", "configuration `FILE` with the clusters of the triggers")
	cmd.Flags().StringVar((*string)(&o.To), "to", string(o.To), "who sets the replicas: kafkascaler, external or hpa")
	cmd.Flags().BoolVar(&o.Beside, "beside", false, "with --to external: keep the kafka triggers, too; the greater number counts")
	cmd.Flags().StringVar(&o.Address, "external-scaler", "lagscaler.lagscaler:9092", "with --to external: `HOST:PORT` at which KEDA asks lagscaler")
	return cmd
}

func convert(in io.Reader, out io.Writer, file, configured string, o keda.Options) error {
	if err := wrongWay(o); err != nil {
		return wrong{err}
	}
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
	scalers, err := keda.Convert(text, clusters, o)
	if err != nil {
		return wrong{fmt.Errorf("%s: %w", file, err)}
	}
	_, err = io.WriteString(out, scalers)
	return err
}

// wrongWay is everything that is wrong with the flags.
func wrongWay(o keda.Options) error {
	var errs []error
	if !slices.Contains(keda.Ways, o.To) {
		errs = append(errs, fmt.Errorf("--to: must be kafkascaler, external or hpa, not %q", o.To))
	}
	if o.Beside && o.To != keda.ToExternal {
		errs = append(errs, fmt.Errorf("--beside: only with --to external, not %q", o.To))
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		errs = append(errs, fmt.Errorf("--external-scaler: must be HOST:PORT, not %q", o.Address))
	}
	return errors.Join(errs...)
}

// readAll reads a file, or standard input if the name is "-".
func readAll(in io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(file)
}
