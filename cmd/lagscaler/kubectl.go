package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lagscaler/lagscaler/internal/client"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/reach"
)

// pluginName is the name under which kubectl finds the program.
const pluginName = "kubectl-lagscaler"

// rootOf is the command line of a program with this name: that of kubectl's plugin, or lagscaler's own.
func rootOf(program string) *cobra.Command {
	if name := strings.TrimSuffix(strings.ToLower(filepath.Base(program)), ".exe"); name == pluginName {
		return newPlugin()
	}
	return newRoot()
}

// newPlugin is the command line of kubectl lagscaler.
func newPlugin() *cobra.Command {
	k := &kubectl{}
	root := &cobra.Command{
		Use:         pluginName,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl lagscaler"},
		Short:       "Ask lagscaler in a Kubernetes cluster about lag, rebalances and decisions",
		Long: `Asks the lagscaler that runs in the cluster of the kubeconfig, with the permissions of its user. There are two ways, and the first line
on the standard error says which one is used:

  the API server's service proxy   needs get on services/proxy of lagscaler's Service
  a port-forward to a pod          if the pages ask for a password; needs get and create on pods/portforward, list on pods,
                                   get on the Service, and LAGSCALER_USERNAME and LAGSCALER_PASSWORD, or a terminal to ask for them

Everybody with these permissions sees all groups and scalers. docs/kubectl.md has a role with these permissions.

This is the program lagscaler: named kubectl-lagscaler and on the PATH, it is a plugin of kubectl.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return wrong{errors.Join(errors.New("a command is required"), cmd.Help())}
		},
		Args: noArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrong{err} })
	root.PersistentFlags().StringVar(&k.service, "service", "", "the Service of lagscaler, `NAMESPACE/NAME` (default: the one with the label app.kubernetes.io/name=lagscaler)")
	k.flags.Bind(root.PersistentFlags())
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { k.errOut = cmd.ErrOrStderr() }
	root.AddCommand(newPluginExplain(k), newPluginLag(k), newPluginRebalances(k), newPluginPrice(k), newPluginBill(k), newPluginMCP(k), newVersion())
	return root
}

// kubectl is a daemon in a cluster, found when it is first asked.
type kubectl struct {
	flags   reach.Flags
	service string
	errOut  io.Writer

	mu    sync.Mutex // an assistant asks several questions at once
	found *reach.Daemon
}

// ask reads a JSON document from the daemon.
func (k *kubectl) ask(ctx context.Context, path string, query url.Values, into any) error {
	d, err := k.daemon(ctx)
	if err != nil {
		return err
	}
	err = client.Server{Address: d.Address, HTTP: d.HTTP}.Get(ctx, path, query, into)
	if unreached := (*url.Error)(nil); errors.As(err, &unreached) {
		k.forget(d) // the pod of a port-forward may be gone: the next question finds another one
	}
	return err
}

func (k *kubectl) forget(d *reach.Daemon) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.found == d {
		k.found = nil
	}
}

// daemon is the daemon that is asked, which is found at the first question.
func (k *kubectl) daemon(ctx context.Context) (*reach.Daemon, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.found == nil {
		access.LogTo(slog.New(slog.DiscardHandler)) // what goes wrong is returned
		d, err := reach.Find(ctx, reach.Options{
			Flags: &k.flags, Service: k.service, UserAgent: pluginName + "/" + thisBuild().Version, Login: k.login,
		})
		var named *reach.ServiceError
		if errors.As(err, &named) {
			return nil, wrong{fmt.Errorf("--service: %w", err)}
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(k.errOut, d.Way)
		k.found = d
	}
	return k.found, nil
}

// login is the user and the password of the pages, from the environment or from a terminal.
func (k *kubectl) login() (user, password string, err error) {
	user, password = os.Getenv("LAGSCALER_USERNAME"), os.Getenv("LAGSCALER_PASSWORD")
	if user != "" && password != "" {
		return user, password, nil
	}
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return "", "", errors.New("set LAGSCALER_USERNAME and LAGSCALER_PASSWORD, or run the command on a terminal")
	}
	if user == "" {
		fmt.Fprint(k.errOut, "User of the pages of lagscaler: ")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			return "", "", err
		}
		user = strings.TrimSpace(line)
	}
	fmt.Fprintf(k.errOut, "Password of %s: ", user)
	typed, err := term.ReadPassword(terminal)
	fmt.Fprintln(k.errOut)
	return user, cmp.Or(string(typed), password), err
}

func newPluginExplain(k *kubectl) *cobra.Command {
	o := explainOptions{place: place{kubectl: k}}
	cmd := &cobra.Command{
		Use:   "explain NAME|NAMESPACE/NAME|GROUP",
		Short: "Explain the last decision of a scaler",
		Long: `Prints the derivation of the last decision of a scaler: what was measured, the verdict, every limit with its numbers, and
what would have to change for another decision. Name the scaler by its resource, by its target, or by a group that it scales.
A name without a namespace means the scaler or target in the namespace of --namespace or of the kubeconfig context; if there
is none, it means a group.`,
		Example: `  kubectl lagscaler explain orders -n shop
  kubectl lagscaler explain shop/orders -o json`,
		Args: oneName("a scaler, or of a group"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.namespace, err = k.flags.Namespace(); err != nil {
				return err
			}
			return o.run(cmd, args[0])
		},
	}
	o.outputFlag(cmd)
	return cmd
}

func newPluginLag(k *kubectl) *cobra.Command {
	o := lagOptions{place: place{kubectl: k}}
	cmd := &cobra.Command{
		Use:   "lag [GROUP…]",
		Short: "Print the lag of all groups, or of the given groups",
		Long:  "Prints lag once, or repeatedly with --watch. " + lagColumns,
		Example: `  kubectl lagscaler lag
  kubectl lagscaler lag orders --partitions
  kubectl lagscaler lag orders --watch`,
		RunE: func(cmd *cobra.Command, groups []string) error { return o.run(cmd, groups) },
	}
	o.outputFlags(cmd)
	cmd.ValidArgsFunction = o.completeGroups
	return cmd
}

func newPluginRebalances(k *kubectl) *cobra.Command {
	o := rebalanceOptions{place: place{kubectl: k}}
	cmd := &cobra.Command{
		Use:   "rebalances [GROUP…]",
		Short: "Print the rebalances of all groups, or of the given groups",
		Long: `Prints up to 100 of the last rebalances of each group that the daemon has seen. With --watch it prints every rebalance when it ends,
until interrupted.

` + rebalanceColumns,
		Example: `  kubectl lagscaler rebalances
  kubectl lagscaler rebalances orders --watch`,
		RunE: func(cmd *cobra.Command, groups []string) error { return o.run(cmd, groups) },
	}
	o.outputFlags(cmd)
	return cmd
}

func newPluginPrice(k *kubectl) *cobra.Command {
	o := priceOptions{daemon: place{kubectl: k}}
	cmd := &cobra.Command{
		Use:   "price NAMESPACE/NAME",
		Short: "Print what it costs a scaler to process a share of the records within a time",
		Long: `Prints, for target lags from 10 s to 10 min and for objectives from 99 % to 99.99 % of the records, how many replicas the
traffic of the last days would have needed, on average and at most, and what would make it cheaper.`,
		Example: "  kubectl lagscaler price shop/orders",
		Args:    oneName("a scaler"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	o.outputFlag(cmd)
	return cmd
}
