package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// validator checks the rules that the types cannot express, and reads the files that fields refer to.
type validator struct {
	env      Env
	fields   map[string]written // by path
	problems []Problem
	files    []string // the files that fields refer to
	interval Duration // between polls, as the whole file says
	samples  Samples  // the same, between samples; 0: not known
	names    []string // of clusters that are configured elsewhere
	anyName  bool     // clusters are configured elsewhere, and it is not known which
}

// addProblem reports a mistake in a field. If the field is missing, the line is that of the mapping or list around it. A
// second problem of the same field is ignored.
func (v *validator) addProblem(path, format string, args ...any) {
	if slices.ContainsFunc(v.problems, func(p Problem) bool { return p.Path == path }) {
		return
	}
	p := Problem{Path: path, Message: fmt.Sprintf(format, args...)}
	if f, ok := v.fields[path]; ok {
		p.Line, p.Value = f.line, f.value
	}
	for parent := path; p.Line == 0 && parent != ""; {
		parent = parent[:max(0, strings.LastIndexAny(parent, ".["))]
		p.Line = v.fields[parent].line
	}
	v.problems = append(v.problems, p)
}

func (v *validator) has(path string) bool { _, ok := v.fields[path]; return ok }

// require reports a problem if a field has neither a value nor a default.
func (v *validator) require(path string, empty bool, why string) {
	if empty {
		v.addProblem(path, "is missing: %s", why)
	}
}

// forbid reports a problem for every field that is present but has no effect together with the others.
func (v *validator) forbid(why string, paths ...string) {
	for _, p := range paths {
		if v.has(p) {
			v.addProblem(p, "must not be set %s", why)
		}
	}
}

// requirePositive reports a problem if a field is present and not greater than 0.
func requirePositive[T int | int64 | float64 | Duration](v *validator, path string, n T) {
	if v.has(path) && n <= 0 {
		v.addProblem(path, "must be greater than 0")
	}
}

func (v *validator) config(c *Config) {
	v.anyName = c.directory != "" && v.names == nil || len(c.Strimzi) > 0
	if len(c.Clusters) == 0 && c.directory == "" && len(c.Strimzi) == 0 {
		v.addProblem("clusters", "is missing: at least one Kafka cluster with its name and brokers")
	}
	names := slices.Clone(v.names)
	v.interval, v.samples = c.Interval, c.SampleInterval
	for i := range c.Clusters {
		v.cluster(fmt.Sprintf("clusters[%d]", i), &c.Clusters[i], names)
		names = append(names, c.Clusters[i].Name)
	}
	v.clusterDefaults(&c.ClusterDefaults)
	v.strimzi(c)
	v.owners(c)
	for i := range c.Groups {
		v.group(fmt.Sprintf("groups[%d]", i), &c.Groups[i], names)
	}
	for i := range c.Namespaces {
		at := fmt.Sprintf("namespaces[%d]", i)
		v.require(at+".match", c.Namespaces[i].Match.IsZero(), "a pattern of namespaces; .* is every one")
	}
	v.scalers(c, names)
	v.bill(&c.Bill)
	v.brakes(&c.Brakes)
	if !slices.Contains(scaler.Modes, c.Mode) {
		v.addProblem("mode", "must be %s", oneOf(scaler.Modes))
	}
	v.intervals(c)
	v.address("listen", c.Listen)
	if c.HealthListen != "" {
		v.address("healthListen", c.HealthListen)
	}
	v.requireReadable("webConfigFile", &c.WebConfigFile)
	v.externalScaler(c)
	v.customMetrics(c)
	requirePositive(v, "metrics.maxGroups", c.Metrics.MaxGroups)
	requirePositive(v, "metrics.maxSeries", c.Metrics.MaxSeries)
	requirePositive(v, "metrics.partitions.top", c.Metrics.Partitions.Top)
	if c.Metrics.Partitions.Match.IsZero() {
		v.forbid("without metrics.partitions.match", "metrics.partitions.overThreshold", "metrics.partitions.top")
	}
	v.otlp(c.OTLP)
	v.history(c.History)
	v.messages(c)
	requirePositive(v, "record.maxMiB", c.Record.MaxMiB)
	requirePositive(v, "record.keep", c.Record.Keep)
	requirePositive(v, "audit.maxMiB", c.Audit.MaxMiB)
	requirePositive(v, "audit.keep", c.Audit.Keep)
	v.kubernetes(c)
	c.Record.Path, c.Memory.File, c.Audit.Path = v.resolve(c.Record.Path), v.resolve(c.Memory.File), v.resolve(c.Audit.Path)
}

func (v *validator) externalScaler(c *Config) {
	e := c.ExternalScaler
	if e == nil {
		return
	}
	if v.require("externalScaler.listen", e.Listen == "", "the address of the endpoint, such as :9092"); e.Listen != "" {
		v.address("externalScaler.listen", e.Listen)
	}
	if e.Advertise != "" {
		if msg := addressMistake(e.Advertise, true); msg != "" {
			v.addProblem("externalScaler.advertise", "%s", msg)
		}
	}
	if t := e.TLS; t != nil {
		v.require("externalScaler.tls.certFile", t.CertFile == "", "a file with the certificate of the port")
		v.require("externalScaler.tls.keyFile", t.KeyFile == "", "a file with the private key of the certificate")
		v.requireReadable("externalScaler.tls.certFile", &t.CertFile)
		v.requireReadable("externalScaler.tls.keyFile", &t.KeyFile)
		v.requireReadable("externalScaler.tls.clientCAFile", &t.ClientCAFile)
	}
	if c.Kubernetes.Enabled == Off {
		v.forbid("when kubernetes.enabled is false", "externalScaler")
	}
}

func (v *validator) customMetrics(c *Config) {
	m := c.CustomMetrics
	if m == nil {
		return
	}
	if v.require("customMetrics.listen", m.Listen == "", "the address of the endpoint, such as :9093"); m.Listen != "" {
		v.address("customMetrics.listen", m.Listen)
	}
	v.require("customMetrics.certFile", m.CertFile == "", "a file with the certificate of the port: the API server asks over TLS only")
	v.require("customMetrics.keyFile", m.KeyFile == "", "a file with the private key of the certificate")
	v.requireReadable("customMetrics.certFile", &m.CertFile)
	v.requireReadable("customMetrics.keyFile", &m.KeyFile)
	v.require("externalScaler", c.ExternalScaler == nil, "customMetrics needs it: a replica that does not lead asks the leader there")
	if c.Kubernetes.Enabled == Off {
		v.forbid("when kubernetes.enabled is false", "customMetrics")
	}
}

func (v *validator) intervals(c *Config) {
	if c.Interval < Duration(time.Second) {
		v.addProblem("interval", "must be at least 1s")
	}
	v.sampleInterval("sampleInterval", c.SampleInterval, c.Interval)
}

func (v *validator) kubernetes(c *Config) {
	v.requireReadable("kubernetes.kubeconfig", &c.Kubernetes.Kubeconfig)
	if c.Kubernetes.LeaseName == "" {
		v.addProblem("kubernetes.leaseName", "is empty")
	}
	for i, n := range c.Kubernetes.WatchNamespaces {
		if n == "" {
			v.addProblem(fmt.Sprintf("kubernetes.watchNamespaces[%d]", i), "is empty")
		}
	}
	if c.Kubernetes.Enabled == Off {
		v.forbid("when kubernetes.enabled is false", "kubernetes.kubeconfig", "kubernetes.watchNamespaces")
	}
}

func (v *validator) group(at string, g *Group, clusters []string) {
	v.require(at+".match", g.Match.IsZero(), "a pattern of group names; .* is every one")
	if v.has(at+".cluster") && !v.anyName && !slices.Contains(clusters, g.Cluster) {
		v.addProblem(at+".cluster", "is not a cluster of this file; the clusters are %s", oneOf(clusters))
	}
	if g.Isolation != seen.ReadUncommitted && g.Isolation != seen.ReadCommitted {
		v.addProblem(at+".isolation", "must be read_uncommitted or read_committed")
	}
	requirePositive(v, at+".commitInterval", g.CommitInterval)
	requirePositive(v, at+".commitsWithin", g.CommitsWithin)
	requirePositive(v, at+".leavesBehind", g.LeavesBehind)
	v.slo(at+".slo", g.SLO)
}

func (v *validator) slo(at string, s SLO) {
	requirePositive(v, at+".lag", s.Lag)
	requirePositive(v, at+".lagTime", s.LagTime)
	requirePositive(v, at+".rebalancesPerHour", s.RebalancesPerHour)
	requirePositive(v, at+".rebalanceTime", s.RebalanceTime)
	v.requireFraction(at+".churn", s.Churn)
	v.requireFraction(at+".skew", s.Skew)
}

// requireFraction reports a problem if a field is present and not greater than 0 and at most 1. NaN is also a problem.
func (v *validator) requireFraction(path string, x float64) {
	if v.has(path) && !(x > 0 && x <= 1) {
		v.addProblem(path, "must be greater than 0 and at most 1")
	}
}
