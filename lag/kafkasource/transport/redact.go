package transport

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
)

// hidden stands in errors in the place of a secret.
const hidden = "<secret>"

// redacted is an error that prints no secret. Libraries and servers print what they got: a URL with its query, a token.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// redact returns an error that prints <secret> in the place of each of the secrets.
func redact(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return &redacted{text, err}
}

// secrets are the texts that no error may print, as they are now. Files that cannot be read have none.
func (s SASL) secrets() []string {
	all := []string{s.Password}
	files := []string{s.UsernameFile, s.PasswordFile, s.TokenFile, s.AWS.WebIdentityTokenFile, s.Kerberos.KeytabFile}
	if o := s.OAuth; o != nil {
		all, files = append(all, o.ClientSecret), append(files, o.ClientSecretFile, o.ClientAssertionFile)
		u, err := url.Parse(o.TokenURL)
		if err != nil {
			all = append(all, o.TokenURL)
		} else {
			password, _ := u.User.Password()
			all = append(all, u.RawQuery, u.User.Username(), password)
		}
	}
	for _, f := range files {
		if text, err := secret("", f); err == nil {
			all = append(all, text)
		}
	}
	for _, s := range all { // as it is in a URL or a form, and within quotation marks
		all = append(all, url.QueryEscape(s), strings.Trim(strconv.Quote(s), `"`))
	}
	return all
}

// endpoint is a URL without its user and its query, which may be secret.
func endpoint(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return hidden
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// tokenError is what a token endpoint says in the fields that RFC 6749, 5.2, has for errors. The rest of its answer is not printed.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return err
	}
	text := refused.Response.Status
	for _, more := range []string{refused.ErrorCode, refused.ErrorDescription} {
		if more != "" {
			text += ": " + more
		}
	}
	return &redacted{text, err}
}
