package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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
