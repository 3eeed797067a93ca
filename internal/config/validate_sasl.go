package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// sasl checks that the fields of the mechanism are present, and no others.
//
//	PLAIN, SCRAM-*   username and password, each as a value or as a file name
//	OAUTHBEARER      tokenFile, or oauth with client credentials; extensions
//	AWS_MSK_IAM      region; aws
//	GSSAPI           username; kerberos with its keytab, or a password
func (v *validator) sasl(at string, s *SASL) {
	passwords := []string{at + ".username", at + ".usernameFile", at + ".password", at + ".passwordFile"}
	tokens := []string{at + ".tokenFile", at + ".oauth", at + ".extensions"}
	amazon := []string{at + ".region", at + ".aws"}
	tickets := []string{at + ".kerberos"}
	with := fmt.Sprintf("with mechanism %s", s.Mechanism)
	switch s.Mechanism {
	case Plain, Scram256, Scram512:
		v.password(at, s)
		v.forbid(with, slices.Concat(tokens, amazon, tickets)...)
	case OAuthBearer:
		v.bearer(at, s)
		v.forbid(with, slices.Concat(passwords, amazon, tickets)...)
	case MSKIAM:
		v.require(at+".region", s.Region == "", "the cluster's AWS region")
		if s.AWS != nil {
			v.aws(at+".aws", s.AWS)
		}
		v.forbid(with, slices.Concat(passwords, tokens, tickets)...)
	case GSSAPI:
		v.kerberos(at, s)
		v.forbid(with, slices.Concat(tokens, amazon, []string{at + ".usernameFile"})...)
	default:
		v.require(at+".mechanism", true, "how to authenticate, such as SCRAM-SHA-512")
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
		v.addProblem(at+".tokenFile", "must not be set together with oauth")
	case s.OAuth != nil:
		v.oauth(at+".oauth", s.OAuth)
	case s.TokenFile == "":
		v.addProblem(at+".tokenFile", "is missing: OAUTHBEARER needs tokenFile or oauth")
	default:
		v.requireReadable(at+".tokenFile", &s.TokenFile)
	}
	v.extensions(at+".extensions", s.Extensions)
}

// The grammar of RFC 7628, 3.1. The key auth is the token itself.
var (
	extensionKey   = regexp.MustCompile(`^[A-Za-z]+$`)
	extensionValue = regexp.MustCompile(`^[\x21-\x7E \t\r\n]*$`)
)

func (v *validator) extensions(at string, all map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case !extensionKey.MatchString(key) || key == "auth":
			v.addProblem(at, "the name %q must be letters only, and not auth", key)
		case !extensionValue.MatchString(all[key]):
			v.addProblem(at, "the value of %s, %q, must be printable ASCII characters", key, all[key])
		}
	}
}

func (v *validator) oauth(at string, o *OAuth) {
	v.require(at+".tokenURL", o.TokenURL == "", "the token endpoint")
	if u, err := url.Parse(string(o.TokenURL)); v.has(at+".tokenURL") && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		v.addProblemOf(at+".tokenURL", o.TokenURL.String(), "must be a URL such as https://login.example.com/oauth2/token") // its query may be one
	}
	v.require(at+".clientId", o.ClientID == "", "the client's id")
	if v.has(at + ".clientAssertionFile") {
		v.requireReadable(at+".clientAssertionFile", &o.ClientAssertionFile)
		v.forbid("with clientAssertionFile", at+".clientSecret", at+".clientSecretFile")
		return
	}
	v.fromFile(at+".clientSecret", at+".clientSecretFile", &o.ClientSecretFile, o.ClientSecret.IsZero(), &o.ClientSecret)
}

func (v *validator) kerberos(at string, s *SASL) {
	v.require(at+".username", s.Username == "", "the principal without its realm, such as lagscaler")
	if v.require(at+".kerberos", s.Kerberos == nil, "the realm and where the tickets come from, such as {realm: EXAMPLE.COM}"); s.Kerberos == nil {
		return
	}
	k, in := s.Kerberos, at+".kerberos"
	v.require(in+".realm", k.Realm == "", "the realm of the principal, such as EXAMPLE.COM")
	if v.has(at+".username") && strings.ContainsAny(s.Username, "@ ") {
		v.addProblem(at+".username", "must be the principal without its realm, which is kerberos.realm")
	}
	for i, address := range k.KDC {
		if msg := addressMistake(address, true); msg != "" {
			v.addProblem(fmt.Sprintf("%s.kdc[%d]", in, i), "%s", msg)
		}
	}
	v.requireReadable(in+".configFile", &k.ConfigFile)
	if len(k.KDC) > 0 {
		v.forbid("together with kdc", in+".configFile")
	}
	if k.ServiceName == "" {
		v.addProblem(in+".serviceName", "is empty")
	}
	if !v.has(in + ".keytabFile") {
		v.fromFile(at+".password", at+".passwordFile", &s.PasswordFile, s.Password.IsZero(), &s.Password)
		return
	}
	v.requireReadable(in+".keytabFile", &k.KeytabFile)
	v.forbid("with kerberos.keytabFile", at+".password", at+".passwordFile")
}

// roleARN is the form of a role's Amazon Resource Name, in every partition of AWS.
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)

func (v *validator) aws(at string, a *AWS) {
	if v.has(at+".roleArn") && !roleARN.MatchString(a.RoleARN) {
		v.addProblem(at+".roleArn", "must be such as arn:aws:iam::123456789012:role/lagscaler, not %q", a.RoleARN)
	}
	for _, field := range []string{".externalId", ".sessionName", ".webIdentityTokenFile"} {
		if v.has(at+field) && a.RoleARN == "" {
			v.addProblem(at+field, "has no effect without roleArn")
		}
	}
	if v.has(at + ".webIdentityTokenFile") {
		v.requireReadable(at+".webIdentityTokenFile", &a.WebIdentityTokenFile)
		v.forbid("with webIdentityTokenFile, which needs no other credentials", at+".profile", at+".externalId")
	}
}
