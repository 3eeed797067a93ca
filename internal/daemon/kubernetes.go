package daemon

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/external"
	"github.com/lagscaler/lagscaler/internal/messages/webhook"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// controller is the side of Kubernetes.
type controller interface {
	engine.Targets
	engine.Memories
	engine.Shards
	Run(ctx context.Context) error // watches, and writes statuses and Events
	Leading() bool
	Others() (own shard.Shard, others []kube.Other)
	Elect(ctx context.Context) error // stands for election; at its end another replica may lead
	Linger(ctx context.Context)      // returns when this replica may end
	Configure(s kube.Settings)
	Publish(outcomes []scaler.Outcome)
	MissingRights() []string
	Installation() string
	webhook.Store
	external.Scalers
}

// connectKubernetes makes the controller. It is nil if Kubernetes is disabled or absent.
func connectKubernetes(o Options, log *slog.Logger) (*kube.Controller, error) {
	c, k := o.Config, o.Config.Kubernetes
	if withoutKubernetes(k) {
		if len(c.Strimzi) > 0 {
			log.Warn("clusters of Strimzi are configured, but there is no Kubernetes to find them in: see kubernetes.enabled")
		}
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
		Shard: o.Shard, PagesAt: o.Advertise, AnswersAt: answersAt(c.ExternalScaler), Watch: k.WatchNamespaces, Log: log,
	})
	controller.Configure(kubernetesSettings(c))
	if c.Memory.File != "" {
		log.Warn("memory.file is not used: in Kubernetes ConfigMaps hold what was learned")
	}
	return controller, nil
}

// connectOnce is the connection of a command, which prints what it found and logs nothing.
func connectOnce(kubeconfig, version string) (access.Clients, error) {
	access.LogTo(slog.New(slog.DiscardHandler))
	return access.Connect(kubeconfig, "lagscaler/"+version)
}

// checkKubernetesTimeout is for all requests of CheckKubernetes, of FindClusters, of Inventory or of CheckTriggers.
const checkKubernetesTimeout = 30 * time.Second

// CheckKubernetes tries what the daemon needs of Kubernetes. Without a connection in the configuration it returns why there is
// none. An error means that the configuration is wrong.
func CheckKubernetes(ctx context.Context, c *config.Config, version string) (findings []kube.Finding, none string, err error) {
	switch k := c.Kubernetes; {
	case k.Enabled == config.Off:
		return nil, "kubernetes.enabled is false", nil
	case withoutKubernetes(k):
		return nil, "this is not a pod, and kubernetes.kubeconfig is not set", nil
	}
	clients, err := connectOnce(c.Kubernetes.Kubeconfig, version)
	if err != nil {
		return nil, "", fmt.Errorf("kubernetes: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkKubernetesTimeout)
	defer cancel()
	return kube.Check(ctx, clients, kube.Options{
		Namespace: cmp.Or(c.Kubernetes.Namespace, clients.Namespace), Lease: c.Kubernetes.LeaseName, Watch: c.Kubernetes.WatchNamespaces,
	}, c.Mode, besideMode(c)...), "", nil
}

// besideMode are the permissions that the configuration needs beside those of its mode.
func besideMode(c *config.Config) []access.Permission {
	var beside []access.Permission
	if len(c.Owners) > 0 && len(c.Kubernetes.WatchNamespaces) == 0 {
		beside = append(beside, access.Owners)
	}
	if c.CustomMetrics != nil {
		beside = append(beside, access.CustomMetrics...)
	}
	return beside
}

// Inventory lists the workloads and pods of the namespaces; none means all. An empty kubeconfig means the service account of the pod.
func Inventory(ctx context.Context, kubeconfig string, namespaces []string, version string) (kube.Inventory, error) {
	clients, err := connectOnce(kubeconfig, version)
	if err != nil {
		return kube.Inventory{}, ConfigError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, checkKubernetesTimeout)
	defer cancel()
	return kube.TakeInventory(ctx, clients, namespaces)
}

// InPod reports whether this process runs in a pod.
func InPod() bool { return access.InCluster() }

// withoutKubernetes reports whether there is nothing to connect to.
func withoutKubernetes(k config.Kubernetes) bool {
	return k.Enabled == config.Off || k.Enabled == config.Auto && k.Kubeconfig == "" && !access.InCluster()
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
	brakes := c.Brakes.Scaler()
	s := kube.Settings{Mode: c.Mode, Frozen: func(scaler string, now time.Time) *seen.Freeze {
		return brakes.At(now).Of(scaler, nil, nil)
	}}
	for _, cluster := range c.Clusters {
		s.Clusters = append(s.Clusters, cluster.Name)
	}
	for _, r := range c.Namespaces {
		s.Namespaces = append(s.Namespaces, kube.NamespaceRule{
			Match: r.Match.Regexp(), Clusters: regexps(r.Clusters), Groups: regexps(r.Groups), Topics: regexps(r.Topics),
		})
	}
	for _, o := range c.Owners {
		s.Labels = append(s.Labels, kube.Label{Name: o.Label, Key: o.Key()})
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
