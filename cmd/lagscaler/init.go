package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/propose"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// initOptions are the flags of init.
type initOptions struct {
	place
	cluster    string
	kubeconfig string
	namespaces []string
	dir        string
	force      bool
}

func newInit() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Find the workloads of consumer groups, and write chart values and KafkaScalers for them",
		Long: `Reads the groups of Kafka, and the Deployments, StatefulSets, pods and autoscalers of Kubernetes, and finds the workload that
runs the members of each group: by the addresses of the pods, and by pod names in client ids and instance ids.

Writes two files into a directory:

  values.yaml        values of the chart: the clusters with their TLS, SASL and filters, in mode advise. Passwords and certificates
                     are not in it: it names Secrets, and has the command that creates them as a comment
  kafkascalers.yaml  a KafkaScaler in mode advise for every group whose workload is certain, with the evidence as a comment

A workload is certain if all members of the group run in its ready pods, every ready pod has a member, and no other group has a
member there. For all other groups the file has a comment that says what is known and what is missing. Similar names are no
evidence.

The user of the kubeconfig needs permission to list Deployments, StatefulSets, pods and HorizontalPodAutoscalers, and
ScaledObjects and KafkaScalers if these kinds are installed. Nothing is written to Kafka or Kubernetes.`,
		Example: `  lagscaler init --brokers kafka-0:9092
  lagscaler init --config lagscaler.yaml --kubeconfig admin.kubeconfig --namespace shop --dir first`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.kafkaFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "main", "with --brokers: name of the Kafka cluster in the written files")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig `FILE` (default: that of the configuration, $KUBECONFIG, the service account of the pod, or ~/.kube/config)")
	f.StringSliceVarP(&o.namespaces, "namespace", "n", nil, "look only at this `NAMESPACE`; may be repeated (default: all)")
	f.StringVar(&o.dir, "dir", "lagscaler-init", "`DIRECTORY` for the files")
	f.BoolVar(&o.force, "force", false, "overwrite existing files")
	return cmd
}

func (o *initOptions) run(ctx context.Context, out, errOut io.Writer) error {
	c, err := o.load()
	if err != nil {
		return err
	}
	if len(o.brokers) > 0 {
		if c.Clusters[0].Name = o.cluster; o.cluster == "" {
			return wrong{errors.New("--cluster: must not be empty")}
		}
	}
	values, scalers := filepath.Join(o.dir, "values.yaml"), filepath.Join(o.dir, "kafkascalers.yaml")
	for _, file := range []string{values, scalers} {
		if _, err := os.Stat(file); err == nil && !o.force {
			return wrong{fmt.Errorf("%s exists: give --force to overwrite it, or another --dir", file)}
		}
	}
	over := output.Waiting(errOut, "reading "+o.where())
	clusters, err := readClusters(ctx, c, errOut)
	over()
	if err != nil {
		return err
	}
	kubeconfig, err := o.kubeconfigFile(c)
	if err != nil {
		return err
	}
	over = output.Waiting(errOut, "listing workloads and pods in Kubernetes")
	inventory, err := daemon.Inventory(ctx, kubeconfig, o.namespaces, thisBuild().Version)
	over()
	if err != nil {
		return err
	}
	claims := propose.Claims(clusters, inventory)
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	text, err := propose.Values(clusters, o.namespaces)
	if err != nil {
		return err
	}
	if err := os.WriteFile(values, []byte(text), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(scalers, []byte(propose.Scalers(claims, inventory, time.Now())), 0o644); err != nil {
		return err
	}
	return o.summary(out, claims, inventory, written{values, scalers, strings.Contains(text, "\nsecrets:")})
}

// written are the files, and whether the values name Secrets.
type written struct {
	values, scalers string
	secrets         bool
}

// readClusters polls every cluster once. A cluster of which nothing can be read is an error.
func readClusters(ctx context.Context, c *config.Config, errOut io.Writer) ([]propose.Cluster, error) {
	e, err := daemon.Watcher(c, warnings(errOut), engine.Options{Interval: max(time.Duration(c.Interval), 5*time.Second)})
	if err != nil {
		return nil, err
	}
	e.Tick(ctx, time.Now())
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []propose.Cluster
	for _, of := range c.Clusters {
		read, ok := e.Latest().Cluster(of.Name)
		if !ok {
			return nil, fmt.Errorf("nothing was read from %s", of.Name)
		}
		if len(read.Snapshot.Groups) == 0 && len(read.Snapshot.Errors) > 0 {
			first := read.Snapshot.Errors[0]
			return nil, fmt.Errorf("nothing could be read from %s: %s: %s", read.Name, first.Code, first.Detail)
		}
		for _, failed := range read.Snapshot.Errors {
			fmt.Fprintf(errOut, "%s: incomplete: %s: %s\n", read.Name, failed.Code, failed.Detail)
		}
		all = append(all, propose.Cluster{Name: read.Name, Brokers: of.Brokers, Settings: of, Groups: read.Snapshot.Groups})
	}
	return all, nil
}

// kubeconfigFile is the kubeconfig to use, or several, as $KUBECONFIG may have them; empty in a pod.
func (o *initOptions) kubeconfigFile(c *config.Config) (string, error) {
	if file := cmp.Or(o.kubeconfig, c.Kubernetes.Kubeconfig, os.Getenv("KUBECONFIG")); file != "" || daemon.InPod() {
		return file, nil
	}
	home, err := os.UserHomeDir()
	if err == nil {
		file := filepath.Join(home, ".kube", "config")
		if _, err = os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", wrong{fmt.Errorf("--kubeconfig: give the file, because $KUBECONFIG is not set and there is no other: %w", err)}
}

func (o *initOptions) summary(out io.Writer, claims []propose.Claim, inventory kube.Inventory, files written) error {
	table := output.NewTable(out, "CLUSTER", "GROUP", "WORKLOAD", "WHY")
	sure := 0
	for i := range claims {
		c := &claims[i]
		workload, why := "", "not sure: "+c.Doubt
		if c.Sure() {
			sure++
			workload, why = inventory.Workloads[c.Workload].Ref.String(), c.Why
		}
		table.Row(c.Cluster, c.Group, workload, why)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	first := ""
	if files.secrets {
		first = fmt.Sprintf("  the commands at the top of %s, which create the Secrets with passwords and certificates\n", files.values)
	}
	_, err := fmt.Fprintf(out, `
%s: values of the chart, in mode advise
%s: %s in mode advise, and comments about %s

Read both files, then:
%s  helm install lagscaler charts/lagscaler --namespace lagscaler --create-namespace --values %s --set image.repository=REGISTRY/lagscaler
  kubectl apply -f %s
`, files.values, files.scalers, number.Of(sure, "KafkaScaler"), number.Of(len(claims)-sure, "other group"), first, files.values, files.scalers)
	return err
}
