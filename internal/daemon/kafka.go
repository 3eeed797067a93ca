package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// checkTimeout is for one cluster, whose bootstrap addresses are tried one after another.
const checkTimeout = time.Minute

// ClusterCheck is what was tried in a cluster.
type ClusterCheck struct {
	Findings []kafkasource.Finding

	Style   rights.Style // what grants rights there
	Needed  Lacking      // without these, some lag is not known
	Details Lacking      // it works without these
}

// CheckCluster tries everything that a poll of a cluster, as it is in force, needs. An error means that the configuration is wrong; what failed in Kafka is in
// the findings.
func CheckCluster(ctx context.Context, c config.Cluster, o GrantOptions) (ClusterCheck, error) {
	s, err := kafkasource.New(kafkaConfig(c, slog.New(slog.DiscardHandler)))
	if err != nil {
		return ClusterCheck{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(ctx, max(checkTimeout, time.Duration(c.Interval)))
	defer cancel()
	checked := s.Check(ctx)
	check := ClusterCheck{Findings: checked.Findings}
	check.Style, check.Needed, check.Details = lacking(c, checked, o)
	return check, nil
}

// kafkaConfig says how to connect to a cluster, as it is in force, and what to read from it, within which limits.
func kafkaConfig(c config.Cluster, log *slog.Logger) kafkasource.Config {
	var advertised func(host string) bool
	if len(c.Advertised) > 0 {
		advertised = func(host string) bool { return config.AnyMatch(c.Advertised, host) }
	}
	k := kafkasource.Config{
		Cluster: c.Name, Brokers: c.Brokers, ClientID: c.ClientID,
		ClusterID: c.ClusterID, Advertised: advertised,
		TLS: tlsOf(c.TLS), SASL: saslOf(c.SASL),
		Group: c.Groups.Allows, Topic: c.Topics.Allows,
		OffsetsRetention: time.Duration(c.OffsetsRetention),
		Log:              log.With("kafka_cluster", c.Name),
	}
	k.Limits = kafkasource.LimitsOf(time.Duration(c.Interval), time.Duration(c.Timeout))
	k.Limits.PerSecond, k.Limits.Connections = c.RequestsPerSecond, c.Connections
	k.Pace = paceOf(&c)
	if c.BatchHeaders != nil {
		k.Headers = c.BatchHeaders.Allows
	}
	return k
}

func paceOf(c *config.Cluster) kafkasource.Pace {
	p := kafkasource.Pace{Interval: time.Duration(c.Interval), Samples: time.Duration(max(0, c.SampleInterval))}
	if q := c.Quota; q != nil {
		p.RequestsPerSecond, p.ConnectionsPerSecond, p.Connections = q.RequestsPerSecond, q.ConnectionsPerSecond, q.Connections
	}
	return p
}

func tlsOf(t *config.TLS) *kafkasource.TLS {
	if t == nil {
		return nil
	}
	pem := t.PEM()
	return &kafkasource.TLS{
		CAFile: t.CAFile, CertFile: t.CertFile, KeyFile: t.KeyFile,
		ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify,
		CAPEM: pem.CA, CertPEM: pem.Cert, KeyPEM: pem.Key.Reveal(),
	}
}

func saslOf(s *config.SASL) *kafkasource.SASL {
	if s == nil {
		return nil
	}
	out := &kafkasource.SASL{
		Mechanism: string(s.Mechanism), Region: s.Region, TokenFile: s.TokenFile, Extensions: s.Extensions,
		Username: s.Username, UsernameFile: s.UsernameFile,
		Password: s.Password.Reveal(), PasswordFile: s.PasswordFile,
	}
	if o := s.OAuth; o != nil {
		out.OAuth = &kafkasource.OAuth{
			TokenURL: string(o.TokenURL), ClientID: o.ClientID, Scopes: o.Scopes,
			ClientSecret: o.ClientSecret.Reveal(), ClientSecretFile: o.ClientSecretFile, ClientAssertionFile: o.ClientAssertionFile, Audience: o.Audience,
		}
	}
	if a := s.AWS; a != nil {
		out.AWS = kafkasource.AWS{
			Profile: a.Profile, RoleARN: a.RoleARN, ExternalID: a.ExternalID, SessionName: a.SessionName, WebIdentityTokenFile: a.WebIdentityTokenFile,
		}
	}
	if k := s.Kerberos; k != nil {
		out.Kerberos = kafkasource.Kerberos{Realm: k.Realm, KDC: k.KDC, ConfigFile: k.ConfigFile, KeytabFile: k.KeytabFile, ServiceName: k.ServiceName}
	}
	return out
}
