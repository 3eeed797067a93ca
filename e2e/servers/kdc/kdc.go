// Package kdc runs a real key distribution center of MIT Kerberos for tests: Debian's krb5-kdc, on a free port of 127.0.0.1.
package kdc

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Realm is the one realm.
const Realm = "LAG.TEST"

// KDC is a running KDC.
type KDC struct {
	Address  string // HOST:PORT, TCP
	Krb5Conf string // for other programs

	t       testing.TB
	dir     string
	process *child.Process
}

// Start starts a KDC without principals, which ends with the test.
func Start(t testing.TB) *KDC {
	t.Helper()
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	k := &KDC{t: t, dir: t.TempDir(), Address: fmt.Sprintf("127.0.0.1:%d", port)}
	k.Krb5Conf = k.path("krb5.conf")
	k.write("krb5.conf", `[libdefaults]
default_realm = `+Realm+`
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
`+Realm+` = { kdc = `+k.Address+` }
`)
	k.write("kdc.conf", fmt.Sprintf(`[kdcdefaults]
kdc_listen = ""
kdc_tcp_listen = %s
[realms]
%s = {
  database_name = %s
  key_stash_file = %s
  max_life = 1h
}
[logging]
kdc = FILE:%s
`, k.Address, Realm, k.path("principal"), k.path("stash"), k.path("kdc.log")))
	k.run("kdb5_util", "create", "-s", "-r", Realm, "-P", "master")
	k.Begin()
	return k
}

func (k *KDC) path(name string) string { return filepath.Join(k.dir, name) }

func (k *KDC) write(name, text string) {
	k.t.Helper()
	if err := os.WriteFile(k.path(name), []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k *KDC) environment() []string {
	return []string{"KRB5_CONFIG=" + k.Krb5Conf, "KRB5_KDC_PROFILE=" + k.path("kdc.conf")}
}

// tool finds a program of krb5-kdc, which Debian keeps where only root looks.
func (k *KDC) tool(name string) string {
	k.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			k.t.Fatalf("%v: make kdc installs it", err)
		}
	}
	return path
}

func (k *KDC) run(name string, args ...string) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.tool(name), args...)
	cmd.Env = append(os.Environ(), k.environment()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		k.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// Begin starts the KDC, and waits until it listens.
func (k *KDC) Begin() {
	k.t.Helper()
	var err error
	k.process, err = child.Start(child.Command{Path: k.tool("krb5kdc"), Args: []string{"-n", "-r", Realm}, Env: k.environment(), Log: k.path("output")})
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(k.process.Kill)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", k.Address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			k.t.Fatalf("the KDC does not listen: %v\n%s", err, k.Log())
		}
	}
}

// End kills the KDC. Its principals stay.
func (k *KDC) End() { k.process.Kill() }

// Log is what the KDC has logged.
func (k *KDC) Log() string {
	text, _ := os.ReadFile(k.path("kdc.log")) // it may not have begun
	return string(text)
}

// Administer runs a command of kadmin, such as `addprinc -pw secret reader`.
func (k *KDC) Administer(command string) {
	k.t.Helper()
	k.run("kadmin.local", "-r", Realm, "-q", command)
}

// Service makes a principal with random keys, and returns its keytab.
func (k *KDC) Service(principal string) (keytab string) {
	k.t.Helper()
	k.Administer("addprinc -randkey " + principal)
	keytab = k.path(strings.ReplaceAll(principal, "/", "_") + ".keytab")
	k.Keytab(principal, keytab)
	return keytab
}

// Keytab gives a principal new random keys, and writes them into a keytab, which is replaced in one step. Tickets that were given out stay valid.
func (k *KDC) Keytab(principal, keytab string) {
	k.t.Helper()
	fresh := keytab + ".new"
	k.Administer("ktadd -k " + fresh + " " + principal)
	if err := os.Rename(fresh, keytab); err != nil {
		k.t.Fatal(err)
	}
}
