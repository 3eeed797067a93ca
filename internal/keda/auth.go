package keda

// The connections that KEDA 2.21 refuses, and the windows. Values that are not here may be in a TriggerAuthentication, which
// convert does not read: a trigger with an authenticationRef is refused only for what it says itself.
//
//	trigger        sasl                                     refused
//	kafka          aws_msk_iam                              always: it is a saslTokenProvider there
//	apache-kafka   oauthbearer, gssapi                      always: not implemented
//	kafka          oauthbearer with aws_msk_iam             without tls; without awsRegion; without AWS credentials
//	apache-kafka   aws_msk_iam                              the same
//	kafka          plaintext, scram, oauthbearer, gssapi    without an authenticationRef: nothing else has a username
//	apache-kafka   plaintext                                the same
//
// Sources: kafkaMetadata.Validate, apacheKafkaMetadata.Validate, getApacheKafkaClient, GetAwsAuthorization, cronMetadata.Validate.

// authentication checks the TLS and SASL fields of a trigger.
func (c *conversion) authentication(at string, t trigger, m map[string]string) {
	sasl, elsewhere := m["sasl"], len(t.AuthenticationRef) > 0
	switch {
	case t.Type == "kafka" && sasl == "aws_msk_iam":
		c.fail("%s: sasl: KEDA refuses %q in a trigger kafka: set sasl oauthbearer and saslTokenProvider aws_msk_iam", at, sasl)
	case t.Type == "apache-kafka" && (sasl == "oauthbearer" || sasl == "gssapi"):
		c.fail("%s: sasl: KEDA refuses %q in a trigger apache-kafka", at, sasl)
	case sasl == "aws_msk_iam", t.Type == "kafka" && sasl == "oauthbearer" && m["saslTokenProvider"] == "aws_msk_iam":
		c.msk(at, m, elsewhere)
	case sasl == "" || sasl == "none" || elsewhere || mechanisms[sasl] == "":
	case sasl == "oauthbearer" && m["saslTokenProvider"] == "":
		c.fail("%s: sasl: KEDA refuses %q without an authenticationRef: it has the username, the password and the oauthTokenEndpointUri, or the saslTokenProvider", at, sasl)
	case t.Type == "kafka" || sasl == "plaintext":
		c.fail("%s: sasl: KEDA refuses %q without an authenticationRef: it has the username and the password", at, sasl)
	}
}

// msk checks what AWS_MSK_IAM needs; elsewhere: a TriggerAuthentication may have a part of it.
func (c *conversion) msk(at string, m map[string]string, elsewhere bool) {
	if m["awsRegion"] == "" {
		c.fail("%s: awsRegion: KEDA refuses AWS_MSK_IAM without it", at)
	}
	if m["tls"] == "disable" || m["tls"] == "" && !elsewhere {
		c.fail("%s: tls: KEDA refuses AWS_MSK_IAM without tls enable", at)
	}
	key := m["awsAccessKeyID"] != "" || m["awsAccessKeyIDFromEnv"] != ""
	if owner := m["identityOwner"]; !elsewhere && (owner == "" || owner == "pod") && (!key || m["awsSecretAccessKeyFromEnv"] == "") {
		c.fail("%s: sasl: KEDA refuses AWS_MSK_IAM without credentials: an authenticationRef, identityOwner operator, or awsAccessKeyID and awsSecretAccessKeyFromEnv", at)
	}
}
