package config

// SASL is the authentication to the brokers.
type SASL struct {
	// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, `OAUTHBEARER`, `AWS_MSK_IAM` or `GSSAPI` (Kerberos).
	Mechanism Mechanism `yaml:"mechanism"`

	// The user name, for PLAIN and SCRAM; for GSSAPI the principal without its realm, such as `lagscaler`.
	Username string `yaml:"username"`

	// A file with the user name.
	UsernameFile string `yaml:"usernameFile"`

	// The password, for PLAIN and SCRAM, and for GSSAPI without a keytab. Write `${VAR}` to read it from the environment.
	Password Secret `yaml:"password"`

	// A file with the password. It is read again when it changes.
	PasswordFile string `yaml:"passwordFile"`

	// OAUTHBEARER: a file with a token, such as a projected service account token. It is read for every connection.
	TokenFile string `yaml:"tokenFile"`

	// OAUTHBEARER: get tokens with client credentials, instead of tokenFile.
	OAuth *OAuth `yaml:"oauth"`

	// OAUTHBEARER: the extensions that are sent with the token (KIP-342), for example
	// `{logicalCluster: lkc-abc123, identityPoolId: pool-xyz}` for Confluent Cloud.
	Extensions map[string]string `yaml:"extensions"`

	// AWS_MSK_IAM: the region of the cluster. lagscaler finds the credentials as every AWS tool does, unless `aws` says which.
	Region string `yaml:"region"`

	// AWS_MSK_IAM: the credentials for this cluster.
	AWS *AWS `yaml:"aws"`

	// GSSAPI: the realm and the keytab.
	Kerberos *Kerberos `yaml:"kerberos"`
}

// Kerberos says where the tickets of GSSAPI come from. A ticket is used until shortly before it expires.
type Kerberos struct {
	// The realm of `username`, such as EXAMPLE.COM.
	Realm string `yaml:"realm"`

	// The key distribution centers of the realm, each as HOST:PORT, which are asked over TCP. Default: those that configFile has for the realm.
	KDC []string `yaml:"kdc"`

	// A krb5.conf, for realms that trust each other. Default: `$KRB5_CONFIG` or /etc/krb5.conf; none is read if kdc is set.
	ConfigFile string `yaml:"configFile"`

	// A keytab with the keys of `username`, instead of a password. It is read again when it changes.
	KeytabFile string `yaml:"keytabFile"`

	// The name of the service in the principals of the brokers: `kafka` in kafka/HOST@REALM. HOST is the one that the broker advertises.
	ServiceName string `yaml:"serviceName"`
}

func (k *Kerberos) setDefaults() { k.ServiceName = "kafka" }

// AWS says which credentials a cluster has. Without a field, they come from the environment: a profile, the role of the pod or of the machine.
type AWS struct {
	// A profile of the shared files of the AWS tools (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`).
	Profile string `yaml:"profile"`

	// The role to assume, for example in the account of the cluster. The credentials of the environment, of profile or of
	// webIdentityTokenFile must be allowed to assume it.
	RoleARN string `yaml:"roleArn"`

	// The external id that the role demands.
	ExternalID string `yaml:"externalId"`

	// The name of the session, which CloudTrail shows. Default `lagscaler`.
	SessionName string `yaml:"sessionName"`

	// A file with a web identity token, such as a projected service account token: it assumes roleArn, without other credentials. It is read
	// whenever the credentials are renewed.
	WebIdentityTokenFile string `yaml:"webIdentityTokenFile"`
}

// OAuth is the client credentials grant of OAuth 2.0.
type OAuth struct {
	// The URL of the token endpoint (https).
	TokenURL TokenURL `yaml:"tokenURL"`

	// The client id.
	ClientID string `yaml:"clientId"`

	// The client secret. Write `${VAR}` to read it from the environment.
	ClientSecret Secret `yaml:"clientSecret"`

	// A file with the client secret. It is read again when it changes.
	ClientSecretFile string `yaml:"clientSecretFile"`

	// Instead of a secret: a file with a signed assertion of who the client is (RFC 7523), such as a projected service account token that
	// the identity provider trusts (workload identity federation). It is read for every token.
	ClientAssertionFile string `yaml:"clientAssertionFile"`

	// The scopes to request.
	Scopes []string `yaml:"scopes"`

	// The audience to request, where the identity provider asks for one.
	Audience string `yaml:"audience"`
}
