package config

import (
	"cmp"
	"time"
)

// leastConnections are one for the requests to a broker and one for the list of brokers, which kafka-go keeps apart.
const leastConnections = 2

// pace checks how often a cluster is read, and within which limits.
func (v *validator) pace(at string, c *Cluster) {
	if v.has(at+".interval") && c.Interval < Duration(time.Second) {
		v.addProblem(at+".interval", "must be at least 1s")
	}
	interval := cmp.Or(c.Interval, v.interval)
	if v.has(at + ".sampleInterval") {
		v.sampleInterval(at+".sampleInterval", c.SampleInterval, interval)
	}
	v.limits(at, c.RequestsPerSecond, c.Connections, c.Quota)
	// One broker is asked once for a sample, so that nothing would be left for polls.
	samples := cmp.Or(c.SampleInterval, v.samples)
	if c.RequestsPerSecond > 0 && samples > 0 && c.RequestsPerSecond*time.Duration(min(samples, Samples(interval))).Seconds() <= 1 {
		v.addProblem(at+".requestsPerSecond", "is not more than the samples of one broker take; set sampleInterval to none, or longer")
	}
}

func (v *validator) clusterDefaults(d *ClusterDefaults) {
	if d.Timeout != 0 && d.Timeout < Duration(100*time.Millisecond) {
		v.addProblem("clusterDefaults.timeout", "must be at least 100ms")
	}
	v.limits("clusterDefaults", d.RequestsPerSecond, d.Connections, d.Quota)
}

func (v *validator) limits(at string, perSecond float64, connections int, q *Quota) {
	v.requireRate(at+".requestsPerSecond", perSecond)
	if v.has(at+".connections") && connections < leastConnections {
		v.addProblem(at+".connections", "must be at least %d: one for requests, and one for the list of brokers", leastConnections)
	}
	if q != nil {
		v.requireRate(at+".quota.requestsPerSecond", q.RequestsPerSecond)
		v.requireRate(at+".quota.connectionsPerSecond", q.ConnectionsPerSecond)
		requirePositive(v, at+".quota.connections", q.Connections)
	}
}

// requireRate reports a problem if a field is present and no positive number. Infinity and NaN are also problems.
func (v *validator) requireRate(path string, x float64) {
	if v.has(path) && !(x > 0 && x <= mostPerSecond) {
		v.addProblem(path, "must be greater than 0 and at most %d", mostPerSecond)
	}
}

// mostPerSecond is more than any broker answers.
const mostPerSecond = 1_000_000

func (v *validator) sampleInterval(path string, s Samples, interval Duration) {
	switch {
	case s == NoSamples:
	case s < Samples(100*time.Millisecond):
		v.addProblem(path, "must be at least 100ms, or none")
	case s > Samples(interval):
		v.addProblem(path, "must not be longer than interval")
	}
}

// InForce is a cluster with what the whole file says where it says nothing itself. Interval and SampleInterval are set then, too.
func (c *Config) InForce(cluster Cluster) Cluster {
	d := &c.ClusterDefaults
	cluster.Interval = cmp.Or(cluster.Interval, c.Interval)
	if cluster.SampleInterval == 0 {
		cluster.SampleInterval = min(c.SampleInterval, Samples(cluster.Interval))
	}
	if cluster.Timeout == 0 {
		cluster.Timeout = min(d.Timeout, cluster.Interval*8/10)
	}
	cluster.RequestsPerSecond = cmp.Or(cluster.RequestsPerSecond, d.RequestsPerSecond)
	cluster.Connections = cmp.Or(cluster.Connections, d.Connections)
	cluster.Quota = cmp.Or(cluster.Quota, d.Quota)
	cluster.Groups, cluster.Topics = cluster.Groups.or(d.Groups), cluster.Topics.or(d.Topics)
	return cluster
}

func (f Filter) or(other Filter) Filter {
	if len(f.Include) == 0 && len(f.Exclude) == 0 {
		return other
	}
	return f
}
