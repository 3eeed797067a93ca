package daemon

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/internal/config"
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
