package kafkasource

import "testing"

func TestWarnings(t *testing.T) {
	plain := &SASL{Mechanism: "PLAIN", Username: "u", Password: "p"}
	token := &SASL{Mechanism: "OAUTHBEARER", OAuth: &OAuth{TokenURL: "http://idp/token"}}
	hosts := func(string) bool { return true }
	for _, tt := range []struct {
		name string
		c    Config
		want int
	}{
		{"no authentication", Config{}, 0},
		{"a password in plain text", Config{SASL: plain}, 1},
		{"a password in plain text to known hosts", Config{SASL: plain, Advertised: hosts}, 1},
		{"a password with TLS", Config{SASL: plain, TLS: &TLS{}}, 0},
		{"SCRAM sends no password", Config{SASL: &SASL{Mechanism: "SCRAM-SHA-512"}}, 0},
		{"a token, and its endpoint, in plain text", Config{SASL: token}, 2},
		{"a token's endpoint in plain text", Config{SASL: token, TLS: &TLS{}}, 1},
	} {
		if got := tt.c.warnings(); len(got) != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}
