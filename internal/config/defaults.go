package config

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Default is the configuration with all defaults. It has no clusters, because they have no default.
func Default() *Config {
	return &Config{
		Mode:           scaler.Advise,
		Listen:         ":9090",
		Interval:       Duration(10 * time.Second),
		SampleInterval: Samples(time.Second),
		Metrics:        Metrics{MaxGroups: 10_000, MaxSeries: 500_000},
		Record:         Record{MaxMiB: 100, Keep: 5},
		Audit:          Audit{MaxMiB: 100, Keep: 5},
		Log:            Log{Level: Info, Format: Text},
		Kubernetes:     Kubernetes{Enabled: Auto, LeaseName: "lagscaler"},
	}
}

// defaulter sets the defaults of a struct that is optional or in a list, when the file has it.
type defaulter interface{ setDefaults() }

func (c *Cluster) setDefaults() { c.ClientID = "lagscaler" }

func (g *Group) setDefaults() { g.Isolation = seen.ReadUncommitted }

func (t *TargetRef) setDefaults() { t.APIVersion, t.Kind = "apps/v1", "Deployment" }
