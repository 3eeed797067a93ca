package main

import (
	"strings"
	"testing"
)

// The chart writes brackets around the address of the pod, of whichever kind it is: a URL has them around an IPv6 address only.
func TestAdvertisedAddressOfAPod(t *testing.T) {
	for given, want := range map[string]string{
		"http://[10.0.0.7]:9090": "http://10.0.0.7:9090",
		"https://[fd00::7]:9090": "https://[fd00::7]:9090",
		"http://10.0.0.7:9090":   "http://10.0.0.7:9090",
		"":                       "",
	} {
		o := runOptions{advertise: given}
		if _, err := o.ownShard(); err != nil || o.advertise != want {
			t.Errorf("--advertise=%s is %q, %v; want %q", given, o.advertise, err, want)
		}
	}
	for _, given := range []string{"http://[10.0.0]:9090", "http://[$(POD_IP)]:9090", "10.0.0.7:9090", "http://"} {
		o := runOptions{advertise: given}
		if _, err := o.ownShard(); err == nil || !strings.Contains(err.Error(), "--advertise") {
			t.Errorf("--advertise=%s: %v", given, err)
		}
	}
}
