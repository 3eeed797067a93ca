package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
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

func (v *validator) cluster(at string, c *Cluster, before []string) {
	v.need(at+".name", c.Name == "", "a name for the cluster")
	switch {
	case c.Name != "" && !clusterName.MatchString(c.Name):
		v.add(at+".name", "may hold letters, digits, dots, dashes and underscores only")
	case c.Name != "" && slices.Contains(before, c.Name):
		v.add(at+".name", "is the name of clusters[%d] too", slices.Index(before, c.Name))
	}
	v.brokers(at+".brokers", c.Brokers)
	if c.ClientID == "" {
		v.add(at+".clientId", "is empty")
	}
	if c.TLS != nil {
		v.tls(at+".tls", c.TLS)
	}
	if c.SASL != nil {
		v.sasl(at+".sasl", c.SASL)
	}
}

func (v *validator) brokers(at string, brokers []string) {
	if len(brokers) == 0 {
		v.add(at, "is missing: at least one HOST:PORT")
	}
	for i, b := range brokers {
		path := fmt.Sprintf("%s[%d]", at, i)
		if msg := wrongAddress(b, true); msg != "" {
			v.addValue(path, b, msg)
		}
	}
}

// addValue is add for a value that may have come from no file.
func (v *validator) addValue(path, value, msg string) {
	n := len(v.problems)
	v.add(path, "%s", msg)
	if len(v.problems) > n {
		v.problems[n].Value = value
	}
}

func (v *validator) address(path, address string) {
	if msg := wrongAddress(address, false); msg != "" {
		v.add(path, "%s", msg)
	}
}

// wrongAddress says what is wrong with HOST:PORT, or nothing.
func wrongAddress(address string, needHost bool) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "want HOST:PORT"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil:
		return "want HOST:PORT with a port from 1 to 65535"
	case needHost && host == "":
		return "want HOST:PORT; the host is missing"
	case needHost && n == 0:
		return "want HOST:PORT with a port from 1 to 65535"
	}
	return ""
}

func (v *validator) tls(at string, t *TLS) {
	v.readable(at+".caFile", &t.CAFile)
	v.readable(at+".certFile", &t.CertFile)
	v.readable(at+".keyFile", &t.KeyFile)
	if v.has(at+".certFile") != v.has(at+".keyFile") {
		v.add(at+".certFile", "a client certificate needs both certFile and keyFile")
	}
	if t.InsecureSkipVerify {
		v.refuse("with insecureSkipVerify", at+".caFile", at+".serverName")
	}
}

// sasl checks that exactly what the mechanism needs is there.
//
//	PLAIN, SCRAM-*   username and password, each in the file or in a file of its own
//	OAUTHBEARER      tokenFile, or oauth with client credentials
//	AWS_MSK_IAM      region
func (v *validator) sasl(at string, s *SASL) {
	passwords := []string{at + ".username", at + ".usernameFile", at + ".password", at + ".passwordFile"}
	tokens := []string{at + ".tokenFile", at + ".oauth"}
	with := fmt.Sprintf("with mechanism %s", s.Mechanism)
	switch s.Mechanism {
	case Plain, Scram256, Scram512:
		v.password(at, s)
		v.refuse(with, append(tokens, at+".region")...)
	case OAuthBearer:
		v.bearer(at, s)
		v.refuse(with, append(passwords, at+".region")...)
	case MSKIAM:
		v.need(at+".region", s.Region == "", "the cluster's AWS region")
		v.refuse(with, append(passwords, tokens...)...)
	default:
		v.need(at+".mechanism", true, "how to authenticate, such as SCRAM-SHA-512")
	}
}

func (v *validator) password(at string, s *SASL) {
	var user Secret
	v.fromFile(at+".username", at+".usernameFile", &s.UsernameFile, s.Username == "", &user)
	if !user.IsZero() {
		s.Username = user.Reveal()
	}
	v.fromFile(at+".password", at+".passwordFile", &s.PasswordFile, s.Password.IsZero(), &s.Password)
}

func (v *validator) bearer(at string, s *SASL) {
	switch {
	case s.OAuth != nil && s.TokenFile != "":
		v.add(at+".tokenFile", "stands beside oauth; keep one of them")
	case s.OAuth != nil:
		v.oauth(at+".oauth", s.OAuth)
	case s.TokenFile == "":
		v.add(at+".tokenFile", "is missing: OAUTHBEARER needs tokenFile or oauth")
	default:
		v.readable(at+".tokenFile", &s.TokenFile)
	}
}

func (v *validator) oauth(at string, o *OAuth) {
	v.need(at+".tokenURL", o.TokenURL == "", "the token endpoint")
	if u, err := url.Parse(o.TokenURL); v.has(at+".tokenURL") && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		v.add(at+".tokenURL", "want an address such as https://login.example.com/oauth2/token")
	}
	v.need(at+".clientId", o.ClientID == "", "the client's id")
	v.fromFile(at+".clientSecret", at+".clientSecretFile", &o.ClientSecretFile, o.ClientSecret.IsZero(), &o.ClientSecret)
}

// fromFile fills a value from the file that another field names, and makes that name whole.
// Exactly one of the two fields must be there.
func (v *validator) fromFile(plain, ref string, file *string, empty bool, to *Secret) {
	switch {
	case v.has(plain) && v.has(ref):
		v.add(ref, "stands beside %s; keep one of them", plain[strings.LastIndex(plain, ".")+1:])
	case !v.has(ref):
		v.need(plain, empty, "give it or "+ref[strings.LastIndex(ref, ".")+1:])
	default:
		*file = v.env.path(*file)
		v.files = append(v.files, *file)
		text, err := v.env.secretFile(*file)
		if err != nil {
			v.add(ref, "%s", err)
			return
		}
		*to = NewSecret(text)
	}
}

// readable checks that a file that a field names can be read, and makes its name whole.
func (v *validator) readable(path string, file *string) {
	if !v.has(path) {
		return
	}
	*file = v.env.path(*file)
	v.files = append(v.files, *file)
	if _, err := v.env.ReadFile(*file); err != nil {
		v.add(path, "%s", err)
	}
}

func (v *validator) relative(file string) string {
	if file == "" {
		return ""
	}
	return v.env.path(file)
}

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
