package transport

import (
	"context"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/lagscaler/lagscaler/lag"
)

// startKDC answers each request over TCP with what answer says; nil: with nothing. It counts the requests.
func startKDC(t *testing.T, answer func() []byte) (address string, asked *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	asked = new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				var size [4]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size[:]))); err != nil {
					return
				}
				asked.Add(1)
				text := answer()
				if text == nil {
					_, _ = c.Read(size[:]) // until the client gives up
					return
				}
				_, _ = c.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
				_, _ = c.Write(text)
			}()
		}
	}()
	return l.Addr().String(), asked
}

// refusal is a KRB-ERROR that repeats what it should not.
func refusal(t *testing.T, code int32, text string) []byte {
	t.Helper()
	e := messages.NewKRBError(types.NewPrincipalName(2, "krbtgt/EXAMPLE.COM"), "EXAMPLE.COM", code, text)
	info, err := asn1.Marshal([]types.ETypeInfo2Entry{{EType: 18, Salt: "EXAMPLE.COMlagscaler"}})
	if err != nil {
		t.Fatal(err)
	}
	if e.EData, err = asn1.Marshal([]types.PAData{{PADataType: 19, PADataValue: info}}); err != nil { // how a key is made of the password
		t.Fatal(err)
	}
	out, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Each way in which no ticket can be had is an error that names the principal, the service and the KDC, and what it said, without the password.
func TestKerberosErrors(t *testing.T) {
	const password = "hunter2-secret"
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	answers := func(text []byte) string { at, _ := startKDC(t, func() []byte { return text }); return at }
	for name, c := range map[string]struct {
		kdc, keytab, want string
	}{
		"wrong password":    {kdc: answers(refusal(t, errorcode.KDC_ERR_PREAUTH_FAILED, password+" is wrong")), want: "KDC_ERR_PREAUTH_FAILED"},
		"unknown principal": {kdc: answers(refusal(t, errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN, "")), want: "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
		"expired":           {kdc: answers(refusal(t, errorcode.KDC_ERR_KEY_EXPIRED, "")), want: "KDC_ERR_KEY_EXPIRED"},
		"clocks differ":     {kdc: answers(refusal(t, errorcode.KRB_AP_ERR_SKEW, "")), want: "KRB_AP_ERR_SKEW"},
		"not a KDC":         {kdc: answers([]byte("HTTP/1.1 400 Bad Request " + password)), want: "error"},
		"nobody there":      {kdc: closed.Addr().String(), want: "connection refused"},
		"no keytab":         {kdc: closed.Addr().String(), keytab: filepath.Join(t.TempDir(), "none"), want: "no such file"},
		"not a keytab":      {kdc: closed.Addr().String(), keytab: write(t, "keytab", password), want: "is not a keytab"},
		"of another user":   {kdc: answers(refusal(t, errorcode.KDC_ERR_PREAUTH_REQUIRED, "")), keytab: write(t, "keytab", "\x05\x02"), want: "getting a ticket"},
	} {
		t.Run(name, func(t *testing.T) {
			s := SASL{Mechanism: "GSSAPI", Username: "lagscaler", Password: password, Kerberos: Kerberos{Realm: "EXAMPLE.COM", KDC: []string{c.kdc}, KeytabFile: c.keytab}}
			_, err := firstMessage(t, s)(t.Context())
			if err == nil || Code(err) != lag.AuthenticationError {
				t.Fatalf("%v", err)
			}
			for _, want := range []string{c.want, "lagscaler@EXAMPLE.COM", "kafka/broker.example.com", c.kdc} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %s: %v", want, err)
				}
			}
			if text := fmt.Sprintf("%v %+v %#v %v", err, s, s, s); strings.Contains(text, password) {
				t.Errorf("it has the password: %s", text)
			}
		})
	}
}

// A KDC that hangs costs each connection the time of its handshake, and one request for all of them.
func TestAKDCThatHangs(t *testing.T) {
	at, asked := startKDC(t, func() []byte { return nil })
	run := firstMessage(t, SASL{Mechanism: "GSSAPI", Username: "lagscaler", Password: "p", Kerberos: Kerberos{Realm: "EXAMPLE.COM", KDC: []string{at}}})
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := run(ctx); err == nil || Code(err) != lag.AuthenticationError || !strings.Contains(err.Error(), at) {
				t.Errorf("%v", err)
			}
		})
	}
	if all.Wait(); time.Since(began) > 4*time.Second || asked.Load() != 1 {
		t.Errorf("after %v, %d requests", time.Since(began), asked.Load())
	}
}

// offerOf is a broker's offer of security layers, signed with a key.
func offerOf(t *testing.T, key types.EncryptionKey, payload ...byte) []byte {
	t.Helper()
	kind, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	token := gssapi.WrapToken{Flags: 1, EC: uint16(kind.GetHMACBitLength() / 8), Payload: payload}
	if err := token.SetCheckSum(key, keyusage.GSSAPI_ACCEPTOR_SEAL); err != nil {
		t.Fatal(err)
	}
	text, err := token.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func keyOf(t *testing.T, fill byte) types.EncryptionKey {
	t.Helper()
	return types.EncryptionKey{KeyType: 18, KeyValue: []byte(strings.Repeat(string(fill), 32))}
}

// Only an offer that is signed with the key of the ticket, and allows to have no security layer, is answered.
func TestSecurityLayers(t *testing.T) {
	key := keyOf(t, 1)
	for name, c := range map[string]struct {
		challenge []byte
		want      string
	}{
		"none":                 {offerOf(t, key, 1, 0, 0, 0), ""},
		"any":                  {offerOf(t, key, 7, 0, 255, 255), ""},
		"another broker":       {offerOf(t, keyOf(t, 2), 1, 0, 0, 0), "not signed with the key of the ticket"},
		"encryption is a must": {offerOf(t, key, 4, 0, 255, 255), "offers the security layers 0400ffff"},
		"too short":            {offerOf(t, key, 1), "offers the security layers 01"},
		"no token":             {[]byte("\x05\x04"), "offer of security layers"},
	} {
		t.Run(name, func(t *testing.T) {
			k := &kerberosState{key: key}
			done, answer, err := k.Next(t.Context(), c.challenge)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil || done {
				t.Fatalf("done %v, %v", done, err)
			}
			var token gssapi.WrapToken
			if err := token.Unmarshal(answer, false); err != nil || string(token.Payload) != "\x01\x00\x00\x00" {
				t.Errorf("answered %x, %v", token.Payload, err)
			}
			if ok, err := token.Verify(key, keyusage.GSSAPI_INITIATOR_SEAL); !ok || err != nil {
				t.Errorf("the answer is not signed: %v", err)
			}
			if done, _, err := k.Next(t.Context(), nil); !done || err != nil {
				t.Errorf("the end: %v, %v", done, err)
			}
		})
	}
	k := &kerberosState{key: key}
	if done, answer, err := k.Next(t.Context(), nil); done || len(answer) != 0 || err != nil {
		t.Errorf("asked to go on: %v %x %v", done, answer, err)
	}
	if _, _, err := k.Next(t.Context(), nil); err == nil {
		t.Error("it goes on for ever")
	}
}

func FuzzSecurityLayers(f *testing.F) {
	f.Add([]byte("\x05\x04\x01\xff\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00123456789012"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, challenge []byte) {
		k := &kerberosState{key: keyOf(t, 1)}
		if done, _, err := k.Next(t.Context(), challenge); done || err == nil && len(challenge) > 0 {
			t.Errorf("%x is answered: %v", challenge, err)
		}
	})
}
