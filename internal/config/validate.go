package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// validator checks what the types cannot say, and reads the files that fields refer to.
type validator struct {
	env      Env
	places   map[string]place
	problems []Problem
	files    []string // referenced files
}

// add notes a problem at a field, or at the part that lacks it. A field that has a problem gets no second one.
func (v *validator) add(path, format string, args ...any) {
	if slices.ContainsFunc(v.problems, func(p Problem) bool { return p.Path == path }) {
		return
	}
	p := Problem{Path: path, Message: fmt.Sprintf(format, args...)}
	if at, ok := v.places[path]; ok {
		p.Line, p.Value = at.line, at.value
	}
	for parent := path; p.Line == 0 && parent != ""; {
		parent = parent[:max(0, strings.LastIndexAny(parent, ".["))]
		p.Line = v.places[parent].line
	}
	v.problems = append(v.problems, p)
}

func (v *validator) has(path string) bool { _, ok := v.places[path]; return ok }

// need notes a problem when a field has neither a value nor a default.
func (v *validator) need(path string, empty bool, why string) {
	if empty {
		v.add(path, "is missing: %s", why)
	}
}

// refuse notes a problem for each field that is there but means nothing in its place.
func (v *validator) refuse(why string, paths ...string) {
	for _, p := range paths {
		if v.has(p) {
			v.add(p, "has no meaning %s", why)
		}
	}
}

// positive notes a problem when a field is there and not above zero.
func positive[T int | int64 | float64 | Duration](v *validator, path string, n T) {
	if v.has(path) && n <= 0 {
		v.add(path, "must be greater than 0")
	}
}

func (v *validator) config(c *Config) {
	if len(c.Clusters) == 0 {
		v.add("clusters", "is missing: at least one Kafka cluster with its name and brokers")
	}
	var names []string
	for i := range c.Clusters {
		v.cluster(fmt.Sprintf("clusters[%d]", i), &c.Clusters[i], names)
		names = append(names, c.Clusters[i].Name)
	}
	for i := range c.Groups {
		v.group(fmt.Sprintf("groups[%d]", i), &c.Groups[i], names)
	}
	for i := range c.Namespaces {
		at := fmt.Sprintf("namespaces[%d]", i)
		v.need(at+".match", c.Namespaces[i].Match.IsZero(), "a pattern of namespaces; .* is every one")
	}
	v.scalers(c, names)
	if !slices.Contains(scaler.Modes, c.Mode) {
		v.add("mode", "want %s", oneOf(scaler.Modes))
	}
	v.clocks(c)
	v.address("listen", c.Listen)
	v.readable("webConfigFile", &c.WebConfigFile)
	positive(v, "metrics.maxGroups", c.Metrics.MaxGroups)
	positive(v, "metrics.maxSeries", c.Metrics.MaxSeries)
	positive(v, "metrics.partitions.top", c.Metrics.Partitions.Top)
	if c.Metrics.Partitions.Match.IsZero() {
		v.refuse("without metrics.partitions.match", "metrics.partitions.overThreshold", "metrics.partitions.top")
	}
	positive(v, "record.maxMiB", c.Record.MaxMiB)
	positive(v, "record.keep", c.Record.Keep)
	v.kubernetes(c)
	c.Record.Path, c.Memory.File = v.relative(c.Record.Path), v.relative(c.Memory.File)
}

func (v *validator) clocks(c *Config) {
	if c.Interval < Duration(time.Second) {
		v.add("interval", "must be at least 1s")
	}
	switch {
	case c.SampleInterval < Duration(100*time.Millisecond):
		v.add("sampleInterval", "must be at least 100ms")
	case c.SampleInterval > c.Interval:
		v.add("sampleInterval", "must not be longer than interval")
	}
}

func (v *validator) kubernetes(c *Config) {
	v.readable("kubernetes.kubeconfig", &c.Kubernetes.Kubeconfig)
	if c.Kubernetes.LeaseName == "" {
		v.add("kubernetes.leaseName", "is empty")
	}
	for i, n := range c.Kubernetes.WatchNamespaces {
		if n == "" {
			v.add(fmt.Sprintf("kubernetes.watchNamespaces[%d]", i), "is empty")
		}
	}
	if c.Kubernetes.Enabled == Off {
		v.refuse("when kubernetes.enabled is false", "kubernetes.kubeconfig", "kubernetes.watchNamespaces")
	}
}

var clusterName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (v *validator) group(at string, g *Group, clusters []string) {
	v.need(at+".match", g.Match.IsZero(), "a pattern of group names; .* is every one")
	if v.has(at+".cluster") && !slices.Contains(clusters, g.Cluster) {
		v.add(at+".cluster", "is no cluster of this file; there are %s", oneOf(clusters))
	}
	if g.Isolation != scaler.ReadUncommitted && g.Isolation != scaler.ReadCommitted {
		v.add(at+".isolation", "want read_uncommitted or read_committed")
	}
	v.slo(at+".slo", g.SLO)
}

func (v *validator) slo(at string, s SLO) {
	positive(v, at+".lag", s.Lag)
	positive(v, at+".lagTime", s.LagTime)
	positive(v, at+".rebalancesPerHour", s.RebalancesPerHour)
	positive(v, at+".rebalanceTime", s.RebalanceTime)
	v.share(at+".churn", s.Churn)
	v.share(at+".skew", s.Skew)
}

// share notes a problem when a field is there and not a share of a whole. Not a number is none either.
func (v *validator) share(path string, x float64) {
	if v.has(path) && !(x > 0 && x <= 1) {
		v.add(path, "must be greater than 0 and at most 1")
	}
}
