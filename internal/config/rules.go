package config

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// SLO returns the thresholds of the alerts of a group: those of the first matching entry of groups, with the values of
// [lag.DefaultSLO] for thresholds that are not set. The group is declared only if an entry matches.
func (c *Config) SLO(cluster, group string) lag.SLO {
	g, ok := c.group(cluster, group)
	if !ok {
		return lag.DefaultSLO
	}
	slo := g.SLO.lag().Or(lag.DefaultSLO)
	slo.Declared = true
	slo.CommitInterval, slo.CommitsWithin = time.Duration(g.CommitInterval), time.Duration(g.CommitsWithin)
	slo.LeavesBehind = g.LeavesBehind
	return slo
}

// Labels are the labels of a group from the configuration that say whose it is; nil if no entry matches.
func (c *Config) Labels(cluster, group string) map[string]string {
	if g, ok := c.group(cluster, group); ok {
		return g.Labels
	}
	return nil
}

// Isolation returns the isolation level of a group's consumers from the configuration; read_uncommitted if no entry matches.
func (c *Config) Isolation(cluster, group string) seen.Isolation {
	if g, ok := c.group(cluster, group); ok {
		return g.Isolation
	}
	return seen.ReadUncommitted
}

// group is the first matching entry of groups.
func (c *Config) group(cluster, group string) (*Group, bool) {
	for i := range c.Groups {
		g := &c.Groups[i]
		if (g.Cluster == "" || g.Cluster == cluster) && g.Match.Match(group) {
			return g, true
		}
	}
	return nil, false
}

// Cluster finds a cluster by name.
func (c *Config) Cluster(name string) (*Cluster, bool) {
	for i := range c.Clusters {
		if c.Clusters[i].Name == name {
			return &c.Clusters[i], true
		}
	}
	return nil, false
}
