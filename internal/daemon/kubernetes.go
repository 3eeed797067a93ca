package daemon

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"regexp"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// connectKubernetes makes the controller. It is nil if Kubernetes is disabled or absent.
func connectKubernetes(o Options, log *slog.Logger) (*kube.Controller, error) {
	c, k := o.Config, o.Config.Kubernetes
	if k.Enabled == config.Off || k.Enabled == config.Auto && k.Kubeconfig == "" && !access.InCluster() {
		if len(c.Scalers) > 0 {
			log.Warn("scalers are declared, but there is no Kubernetes to scale in: see kubernetes.enabled")
		}
		return nil, nil
	}
	access.LogTo(log)
	clients, err := access.Connect(k.Kubeconfig, "lagscaler/"+o.Build.Version)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	identity := o.Identity
	if identity == "" {
		if identity, err = ownIdentity(); err != nil {
			return nil, err
		}
	}
	controller := kube.New(clients, kube.Options{
		Namespace: cmp.Or(k.Namespace, clients.Namespace), Lease: k.LeaseName, Identity: identity,
		Watch: k.WatchNamespaces, Log: log,
	})
	controller.Configure(kubernetesSettings(c))
	if c.Memory.File != "" {
		log.Warn("memory.file is not used: in Kubernetes ConfigMaps hold what was learned")
	}
	return controller, nil
}

// ownIdentity is the identity of this process in the Lease. In a cluster it is the name of the pod: a restarted container has
// the same name, so it stays the leader without waiting. Outside, two processes may run on one host, so the process id is
// added.
func ownIdentity() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("naming this replica: %w", err)
	}
	if !access.InCluster() {
		host = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return host, nil
}

// kubernetesSettings are the settings of the controller.
func kubernetesSettings(c *config.Config) kube.Settings {
	s := kube.Settings{Mode: c.Mode}
	for _, cluster := range c.Clusters {
		s.Clusters = append(s.Clusters, cluster.Name)
	}
	for _, r := range c.Namespaces {
		s.Namespaces = append(s.Namespaces, kube.NamespaceRule{
			Match: r.Match.Regexp(), Clusters: regexps(r.Clusters), Groups: regexps(r.Groups), Topics: regexps(r.Topics),
		})
	}
	for i := range c.Scalers {
		d := &c.Scalers[i]
		s.Declared = append(s.Declared, kube.Declared{Name: d.Namespace + "/" + d.Name, Target: d.Target(), Spec: d.Spec.Scaler()})
	}
	return s
}

func regexps(patterns []config.Regexp) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range patterns {
		out = append(out, p.Regexp())
	}
	return out
}

// outcomesOf returns the part of a Report that is written to status and Events.
func outcomesOf(r *engine.Report) []scaler.Outcome {
	outcomes := make([]scaler.Outcome, len(r.Scalers))
	for i, s := range r.Scalers {
		outcomes[i] = s.Outcome
	}
	return outcomes
}
