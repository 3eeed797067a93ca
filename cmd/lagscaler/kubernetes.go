package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
)

// connectKubernetes makes the controller when there is a Kubernetes to speak of; else it is nil.
func connectKubernetes(c *config.Config, log *slog.Logger) (*kube.Controller, error) {
	k := c.Kubernetes
	if k.Enabled == config.Off || k.Enabled == config.Auto && k.Kubeconfig == "" && !kube.InCluster() {
		if len(c.Scalers) > 0 {
			log.Warn("scalers are declared, but there is no Kubernetes to scale in: see kubernetes.enabled")
		}
		return nil, nil
	}
	kube.LogTo(log)
	clients, err := kube.Connect(k.Kubeconfig, "lagscaler/"+thisBuild().version)
	if err != nil {
		return nil, wrong{fmt.Errorf("kubernetes: %w", err)}
	}
	identity, err := identity()
	if err != nil {
		return nil, err
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

// identity names this replica in the Lease: the pod's name, which a restarted container shares with the one before it,
// so that it leads on without waiting. Elsewhere two processes may share a host.
func identity() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("naming this replica: %w", err)
	}
	if !kube.InCluster() {
		host = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return host, nil
}

// kubernetesSettings are what a configuration means to the controller.
func kubernetesSettings(c *config.Config) kube.Settings {
	s := kube.Settings{Mode: c.Mode}
	for _, cluster := range c.Clusters {
		s.Clusters = append(s.Clusters, cluster.Name)
	}
	for _, r := range c.Namespaces {
		s.Namespaces = append(s.Namespaces, kube.NamespaceRule{
			Match: r.Match.Regexp(), Clusters: regexps(r.Clusters), Groups: regexps(r.Groups),
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

// targets is the controller as the engine wants it. The two rooms do not know each other; their types agree.
type targets struct{ *kube.Controller }

// Scalers are the declared scalers.
func (t targets) Scalers(now time.Time) []engine.Scaler {
	seen := t.Controller.Scalers(now)
	out := make([]engine.Scaler, len(seen))
	for i, s := range seen {
		out[i] = engine.Scaler(s)
	}
	return out
}

// Apply writes a change.
func (t targets) Apply(ctx context.Context, c scaler.Change) error {
	err := t.Controller.Apply(ctx, c)
	if errors.Is(err, kube.ErrConflict) {
		return fmt.Errorf("%w: %w", engine.ErrConflict, err)
	}
	return err
}

// publish hands what was decided to the writer of status and Events.
func (t targets) publish(r *engine.Report) {
	out := make([]kube.Outcome, 0, len(r.Scalers))
	for _, s := range r.Scalers {
		out = append(out, kube.Outcome{
			Name: s.Name, Mode: scaler.Weaker(s.Mode, cmp.Or(r.Mode, scaler.Act)), Refused: s.Refused, Workload: s.Workload,
			Decision: s.Decision, Line: s.Line, Disposition: s.Disposition, Failure: s.Failure,
		})
	}
	t.Publish(out)
}
