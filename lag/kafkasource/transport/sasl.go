package transport

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// SASL is how to authenticate. Secrets in files are read for every new connection, so that they rotate without a restart.
//
//	PLAIN, SCRAM-SHA-256, SCRAM-SHA-512   username and password, each here or in a file
//	OAUTHBEARER                           a token in a file, or OAuth; extensions (KIP-342)
//	AWS_MSK_IAM                           a region; credentials as for every AWS tool, or AWS
//	GSSAPI                                username, and a keytab or a password; Kerberos
//
// Password and ClientSecret are plain text here. String hides them from logs and messages.
type SASL struct {
	Mechanism              string
	Username, UsernameFile string
	Password, PasswordFile string
	TokenFile              string
	OAuth                  *OAuth
	Extensions             map[string]string
	Region                 string
	AWS                    AWS
	Kerberos               Kerberos
}

// OAuth is the client credentials grant of OAuth 2.0 (RFC 6749, 4.4). The client shows that it is itself by a secret, or by a signed
// assertion (RFC 7523, 2.2), which is read for every token.
type OAuth struct {
	TokenURL                       string
	ClientID                       string
	ClientSecret, ClientSecretFile string
	ClientAssertionFile            string
	Scopes                         []string
	Audience                       string
}

// AWS says which credentials sign, instead of those of the environment.
type AWS struct {
	Profile              string
	RoleARN              string // assumed by the credentials of Profile or the environment, or by the web identity token
	ExternalID           string
	SessionName          string // "": lagscaler
	WebIdentityTokenFile string
}

// String names the mechanism and the user, and no secret.
func (s SASL) String() string { return strings.TrimSpace(s.Mechanism + " " + s.Username) }

// GoString is String, for %#v.
func (s SASL) GoString() string { return s.String() }

// String names the client, and no secret.
func (o OAuth) String() string { return o.ClientID + " at " + endpoint(o.TokenURL) }

// GoString is String, for %#v.
func (o OAuth) GoString() string { return o.String() }

// authenticator begins one authentication.
type authenticator func(ctx context.Context) (sasl.StateMachine, []byte, error)

// mechanism is a sasl.Mechanism that reads its secrets for every connection. Its failures have a code of their own, so
// that they differ from a lost connection.
type mechanism struct {
	name    string
	start   authenticator
	secrets func() []string // that errors must not print
}

func newMechanism(s SASL) (*mechanism, error) {
	m := &mechanism{name: s.Mechanism, secrets: s.secrets}
	switch s.Mechanism {
	case "PLAIN":
		m.start = s.password(func(user, password string) (sasl.Mechanism, error) {
			return plain.Mechanism{Username: user, Password: password}, nil
		})
	case "SCRAM-SHA-256":
		m.start = s.password(func(user, password string) (sasl.Mechanism, error) {
			return scram.Mechanism(scram.SHA256, user, password)
		})
	case "SCRAM-SHA-512":
		m.start = s.password(func(user, password string) (sasl.Mechanism, error) {
			return scram.Mechanism(scram.SHA512, user, password)
		})
	case "OAUTHBEARER":
		m.start = s.bearer()
	case "AWS_MSK_IAM":
		m.start = mskIAM(s.Region, s.AWS)
	case "GSSAPI":
		m.start = s.kerberos()
	default:
		return nil, fmt.Errorf("SASL mechanism %q is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM, GSSAPI", s.Mechanism)
	}
	return m, nil
}

// Name is the mechanism's registered name.
func (m *mechanism) Name() string { return m.name }

// Start begins an authentication with the present secrets.
func (m *mechanism) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	state, first, err := m.start(ctx)
	if err != nil {
		return nil, nil, authenticationError(fmt.Errorf("SASL %s: %w", m.name, redact(err, m.secrets()...)))
	}
	return saslState{state, m}, first, nil
}

// saslState gives a failure in the middle of an authentication its code, for example when a SCRAM server cannot prove
// that it knows the password.
type saslState struct {
	sasl.StateMachine
	*mechanism
}

func (s saslState) Next(ctx context.Context, challenge []byte) (bool, []byte, error) {
	if err := checkChallenge(s.name, challenge); err != nil {
		return false, nil, authenticationError(fmt.Errorf("SASL %s: %w", s.name, err))
	}
	done, response, err := s.StateMachine.Next(ctx, challenge)
	if err != nil {
		err = authenticationError(fmt.Errorf("SASL %s: %w", s.name, redact(err, s.secrets()...)))
	}
	return done, response, err
}

func (s SASL) password(with func(user, password string) (sasl.Mechanism, error)) authenticator {
	return func(ctx context.Context) (sasl.StateMachine, []byte, error) {
		user, err := secret(s.Username, s.UsernameFile)
		if err != nil {
			return nil, nil, err
		}
		password, err := secret(s.Password, s.PasswordFile)
		if err != nil {
			return nil, nil, err
		}
		m, err := with(user, password)
		if err != nil {
			return nil, nil, err
		}
		return m.Start(ctx)
	}
}

// secret is the value, or the present content of its file without the newline at the end.
func secret(value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
