package kube

import "testing"

// The password of whoever reads the pages is sent to the URL that another shard's Lease has: whoever may edit that Lease must not be able
// to send it out of the cluster, or over a connection without TLS.
func TestAPasswordIsSentToShardsOnly(t *testing.T) {
	for _, c := range []struct {
		own, other string
		allowed    bool
	}{
		{"http://[10.0.0.7]:9090", "http://10.0.0.8:9090", false}, // no valid host of a URL: nothing is known of the own one
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090", true},
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090/", true},
		{"https://10.0.0.7:9090", "https://10.0.0.8:9090", true},
		{"http://[fd00::7]:9090", "http://[fd00::8]:9090", true},
		{"https://10.0.0.7:9090", "http://10.0.0.8:9090", false},
		{"http://10.0.0.7:9090", "https://10.0.0.8:9090", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8:8080", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8", false},
		{"http://10.0.0.7:9090", "http://evil.example.com:9090", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090@evil.example.com:9090", false},
		{"http://10.0.0.7:9090", "http://user:word@10.0.0.8:9090", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090/take?", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090/take", false},
		{"http://10.0.0.7:9090", "http://10.0.0.8:9090?x=", false},
		{"http://10.0.0.7:9090", "http://169.254.169.254:9090", false},
		{"http://10.0.0.7:9090", "http://[fe80::1]:9090", false},
		{"http://10.0.0.7:9090", "http://[::ffff:169.254.169.254]:9090", false},
		{"http://10.0.0.7:9090", "http://127.0.0.1:9090", false},
		{"http://10.0.0.7:9090", "http://0.0.0.0:9090", false},
		{"http://127.0.0.1:9090", "http://127.0.0.1:9090", true},
		{"http://127.0.0.1:9090", "http://127.0.0.1:9091", true},
		{"http://127.0.0.1:9090", "http://10.0.0.8:9091", false},
		{"https://127.0.0.1:9090", "http://127.0.0.1:9091", false},
		{"http://shard-0:9090", "http://127.0.0.1:9090", false},
		{"http://shard-0:9090", "http://shard-1:9090", true},
		{"http://10.0.0.7:9090", "ftp://10.0.0.8:9090", false},
		{"http://10.0.0.7:9090", "10.0.0.8:9090", false},
		{"http://10.0.0.7:9090", "", false},
		{"http://10.0.0.7:9090", "%", false},
		{"", "http://10.0.0.8:9090", false},
	} {
		if err := checkPages(c.own, c.other); (err == nil) != c.allowed {
			t.Errorf("from %s to %s: %v; allowed is %v", c.own, c.other, err, c.allowed)
		}
	}
}
