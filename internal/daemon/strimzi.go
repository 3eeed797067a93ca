package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
)

// discover makes the discovery of the clusters that Strimzi runs. It hands them to the Reloader, which puts them into force as it does with
// files. Without Kubernetes, or without a file that could name them, there is none.
func (d *Daemon) discover(of func(changed func([]strimzi.Found)) *strimzi.Discovery) {
	if d.opts.Reloader == nil {
		return
	}
	d.strimzi = of(func(all []strimzi.Found) {
		d.opts.Reloader.Discovered(func(c *config.Config) []config.Part { return partsOf(c, all) })
	})
	d.strimzi.Configure(selectionsOf(d.config.Load()))
}

// selectionsOf are the selections of a configuration.
func selectionsOf(c *config.Config) (out []strimzi.Selection) {
	for i := range c.Strimzi {
		out = append(out, selectionOf(&c.Strimzi[i]))
	}
	return out
}

func selectionOf(s *config.Strimzi) strimzi.Selection {
	return strimzi.Selection{Namespace: s.Namespace, Labels: s.Selects(), Listener: s.Listener, User: s.User}
}

// partsOf are the clusters of what was found, by what the configuration says of them. What no entry selects any more is left out.
func partsOf(c *config.Config, all []strimzi.Found) (parts []config.Part) {
	for _, f := range all {
		i := slices.IndexFunc(c.Strimzi, func(s config.Strimzi) bool { return selectionOf(&s) == f.By })
		switch {
		case i < 0:
		case f.Err != nil:
			parts = append(parts, config.Part{Origin: f.Origin(), Err: fmt.Errorf("%s: %w", f.Origin(), f.Err)})
		default:
			parts = append(parts, c.Strimzi[i].Part(config.Materials{
				Origin: f.Origin(), Namespace: f.Namespace, Name: f.Name, Brokers: f.Brokers, ClusterID: f.ClusterID, TLS: f.TLS, CA: f.CA,
				Username: f.Username, Password: config.NewSecret(f.Password), Cert: f.Cert, Key: config.NewSecret(f.Key),
			}, c.Interval))
		}
	}
	return parts
}

// FindClusters adds the clusters that Strimzi runs now to a configuration, as the daemon would read them. Findings say what became of each
// Kafka resource, and what else was tried. Without an entry of strimzi, or without Kubernetes, there are none. An error means that the
// configuration is wrong.
func FindClusters(ctx context.Context, c *config.Config, version string) (*config.Config, []kube.Finding, error) {
	if len(c.Strimzi) == 0 || withoutKubernetes(c.Kubernetes) {
		return c, nil, nil
	}
	clients, err := connectOnce(c.Kubernetes.Kubeconfig, version)
	if err != nil {
		return nil, nil, fmt.Errorf("kubernetes: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkKubernetesTimeout)
	defer cancel()
	found, findings := kube.CheckStrimzi(ctx, clients, selectionsOf(c))
	next, became := join(c, found)
	return next, append(became, findings...), nil
}

// join adds the clusters that were found and can be opened. The findings have all that were found.
func join(c *config.Config, found []strimzi.Found) (*config.Config, []kube.Finding) {
	var findings []kube.Finding
	next, states := c.With(partsOf(c, found))
	unusable := config.Unusable{}
	for _, s := range states {
		if s.Err == nil {
			s.Err = openable(next, s.Origin)
		}
		if s.Err != nil {
			unusable[s.Origin] = s.Err
		}
		findings = append(findings, discovered(next, s))
	}
	return next.Without(unusable), findings
}

// openable says why a cluster that was discovered cannot be opened; nil: it can. Nothing is sent.
func openable(c *config.Config, origin string) error {
	i := slices.IndexFunc(c.Clusters, func(k config.Cluster) bool { return k.Origin() == origin })
	s, err := kafkasource.New(kafkaConfig(c.InForce(c.Clusters[i]), slog.New(slog.DiscardHandler)))
	if err == nil {
		s.Close()
	}
	return err
}

// discovered is the finding of a Kafka resource, or of an entry of which none can be read.
func discovered(c *config.Config, s config.PartState) kube.Finding {
	f := kube.Finding{Subject: s.Origin}
	if s.Err != nil {
		f.Problem, f.Text = "Refused", strings.ReplaceAll(strings.TrimPrefix(s.Err.Error(), s.Origin+": "), "\n", "; ")
		return f
	}
	i := slices.IndexFunc(c.Clusters, func(k config.Cluster) bool { return k.Origin() == s.Origin })
	k := &c.Clusters[i]
	f.Text = "is the cluster " + k.Name + ", at " + strings.Join(k.Brokers, ",")
	switch {
	case k.SASL != nil:
		f.Text += fmt.Sprintf(", as %s by %s", k.SASL.Username, k.SASL.Mechanism)
	case k.TLS != nil && k.TLS.PEM().Cert != "":
		f.Text += ", with the certificate of its user"
	}
	return f
}
