package kafkasource

import "strings"

// warnings are risks of a configuration that works. They change nothing.
func (c Config) warnings() []Finding {
	var all []Finding
	warn := func(subject, detail string) {
		all = append(all, Finding{Subject: subject, Warning: true, Detail: detail})
	}
	if c.SASL == nil {
		return nil
	}
	if sends := c.SASL.Mechanism == "PLAIN" || c.SASL.Mechanism == "OAUTHBEARER"; sends && c.TLS == nil {
		to := "every address that a broker advertises; set tls, or name the hosts in the field advertised"
		if c.Advertised != nil {
			to = "the allowed hosts; set tls"
		}
		warn("credentials", c.SASL.Mechanism+" without TLS: password or token go in plain text to "+to)
	}
	if o := c.SASL.OAuth; o != nil && strings.HasPrefix(strings.ToLower(o.TokenURL), "http:") {
		warn("credentials", "the tokenURL is plain http: the client secret and the token go over the network in plain text")
	}
	return all
}
