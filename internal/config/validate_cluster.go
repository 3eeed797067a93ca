package config

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

var clusterName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (v *validator) cluster(at string, c *Cluster, before []string) {
	v.nameAndBrokers(at, c, before)
	v.clusterSettings(at, c)
}

func (v *validator) nameAndBrokers(at string, c *Cluster, before []string) {
	v.require(at+".name", c.Name == "", "a name for the cluster")
	switch {
	case c.Name != "" && !clusterName.MatchString(c.Name):
		v.addProblem(at+".name", "may only have letters, digits, dots, dashes and underscores")
	case c.Name != "" && slices.Contains(before, c.Name):
		v.addProblem(at+".name", "is also the name of clusters[%d]", slices.Index(before, c.Name))
	}
	v.brokers(at+".brokers", c.Brokers)
}

// clusterSettings checks what is not the name and the address of a cluster.
func (v *validator) clusterSettings(at string, c *Cluster) {
	if c.ClientID == "" {
		v.addProblem(at+".clientId", "is empty")
	}
	v.timeout(at+".timeout", c.Timeout, cmp.Or(c.Interval, v.interval))
	v.pace(at, c)
	requirePositive(v, at+".offsetsRetention", c.OffsetsRetention)
	for i, id := range c.ClusterID {
		switch at := fmt.Sprintf("%s.clusterId[%d]", at, i); {
		case strings.TrimSpace(id) == "" || slices.Contains(c.ClusterID[:i], id):
			v.addProblem(at, "is empty, or there twice")
		case !lag.IsClusterID(id):
			v.addProblem(at, "is what a broker says while it does not know the id of its cluster")
		case strings.ContainsAny(id, " \t\r\n"):
			v.addProblem(at, "must not have blanks")
		}
	}
	if c.BatchHeaders != nil && len(c.BatchHeaders.Include) == 0 {
		v.addProblem(at+".batchHeaders", "needs include: the topics whose batch headers may be read, for all of them ['.*']")
	}
	if c.TLS != nil {
		v.tls(at+".tls", c.TLS)
	}
	if c.SASL != nil {
		v.sasl(at+".sasl", c.SASL)
	}
}

// timeout checks that a request can be answered within a poll: kafkasource.LimitsOf gives a poll 8/10 of the interval.
func (v *validator) timeout(at string, d, interval Duration) {
	switch most := interval * 8 / 10; {
	case d == 0:
	case d < Duration(100*time.Millisecond):
		v.addProblem(at, "must be at least 100ms")
	case most > 0 && d > most:
		v.addProblem(at, "must be at most %v, 8/10 of interval: increase interval for a slower cluster", time.Duration(most))
	}
}

func (v *validator) brokers(at string, brokers []string) {
	if len(brokers) == 0 {
		v.addProblem(at, "is missing: at least one HOST:PORT")
	}
	for i, b := range brokers {
		path := fmt.Sprintf("%s[%d]", at, i)
		if msg := addressMistake(b, true); msg != "" {
			v.addProblemOf(path, b, msg)
		}
	}
}

// addProblemOf is addProblem for a value that may come from the command line instead of a file.
func (v *validator) addProblemOf(path, value, msg string) {
	n := len(v.problems)
	v.addProblem(path, "%s", msg)
	if len(v.problems) > n {
		v.problems[n].Value = value
	}
}

func (v *validator) address(path, address string) {
	if msg := addressMistake(address, false); msg != "" {
		v.addProblem(path, "%s", msg)
	}
}

// addressMistake describes what is wrong with HOST:PORT; empty if it is valid.
func addressMistake(address string, needHost bool) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "must be HOST:PORT"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil:
		return "must be HOST:PORT with a port from 1 to 65535"
	case strings.Contains(host, ","):
		return "must be one HOST:PORT; several are a list"
	case needHost && host == "":
		return "must be HOST:PORT; the host is missing"
	case needHost && n == 0:
		return "must be HOST:PORT with a port from 1 to 65535"
	}
	return ""
}

func (v *validator) tls(at string, t *TLS) {
	v.requireReadable(at+".caFile", &t.CAFile)
	v.requireReadable(at+".certFile", &t.CertFile)
	v.requireReadable(at+".keyFile", &t.KeyFile)
	if v.has(at+".certFile") != v.has(at+".keyFile") {
		v.addProblem(at+".certFile", "a client certificate needs both certFile and keyFile")
	}
	if t.InsecureSkipVerify {
		v.forbid("with insecureSkipVerify", at+".caFile", at+".serverName")
	}
}

// fromFile reads a secret from the file that another field names, and resolves the file name. Exactly one of the two
// fields must be present.
func (v *validator) fromFile(plain, ref string, file *string, empty bool, to *Secret) {
	switch {
	case v.has(plain) && v.has(ref):
		v.addProblem(ref, "must not be set together with %s", plain[strings.LastIndex(plain, ".")+1:])
	case !v.has(ref):
		v.require(plain, empty, "set it or "+ref[strings.LastIndex(ref, ".")+1:])
	default:
		*file = v.env.path(*file)
		v.files = append(v.files, *file)
		text, err := v.env.secretFile(*file)
		if err != nil {
			v.addProblem(ref, "%s", err)
			return
		}
		*to = NewSecret(text)
	}
}

// requireReadable checks that the file of a field can be read, and resolves its name.
func (v *validator) requireReadable(path string, file *string) {
	if !v.has(path) {
		return
	}
	*file = v.env.path(*file)
	v.files = append(v.files, *file)
	if _, err := v.env.ReadFile(*file); err != nil {
		v.addProblem(path, "%s", err)
	}
}

// resolve makes a relative file name start at the folder of the configuration file. An empty name stays empty.
func (v *validator) resolve(file string) string {
	if file == "" {
		return ""
	}
	return v.env.path(file)
}
