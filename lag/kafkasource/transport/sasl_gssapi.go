package transport

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	krbconfig "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/spnego"
	"github.com/jcmturner/gokrb5/v8/types"
	"github.com/segmentio/kafka-go/sasl"
	"golang.org/x/sync/singleflight"
)

// Kerberos is where tickets come from. The user and the password, if there is no keytab, are those of SASL.
type Kerberos struct {
	Realm       string
	KDC         []string // HOST:PORT, in the order in which they are asked; empty: those that ConfigFile has for the realm
	ConfigFile  string   // krb5.conf; empty: $KRB5_CONFIG or /etc/krb5.conf, unless KDC is set
	KeytabFile  string
	ServiceName string // of the brokers; empty: kafka
}

// servicePrincipal is that of a broker: kafka/kafka-0.example.com.
func (k Kerberos) servicePrincipal(host string) types.PrincipalName {
	return types.NewPrincipalName(nametype.KRB_NT_SRV_INST, cmp.Or(k.ServiceName, "kafka")+"/"+host)
}

// krb5 reads the configuration of the realm. With KDC no file is needed. KDCs are asked over TCP: a ticket need not fit into a datagram.
func (k Kerberos) krb5() (*krbconfig.Config, error) {
	if len(k.KDC) > 0 {
		c := krbconfig.New()
		c.LibDefaults.DefaultRealm, c.LibDefaults.UDPPreferenceLimit, c.LibDefaults.DNSLookupKDC = k.Realm, 1, false
		c.Realms = []krbconfig.Realm{{Realm: k.Realm, KDC: slices.Clone(k.KDC)}}
		return c, nil
	}
	file := cmp.Or(k.ConfigFile, os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")
	c, err := krbconfig.Load(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	c.LibDefaults.UDPPreferenceLimit = 1
	return c, nil
}

// tickets gets tickets for the services of brokers, and keeps each of them until shortly before it expires, or until the password or the
// keytab changes. All connections that need the same ticket at the same time wait for the same requests, each as long as its own handshake may
// take: the library does not know contexts, and waits at most 5 s for each step.
type tickets struct {
	sasl    SASL
	request singleflight.Group

	mu   sync.Mutex
	by   [sha256.Size]byte // of the secret that got them
	held map[string]ticket // by host
}

// ticket is what shows a broker who we are, until it expires.
type ticket struct {
	client  *client.Client // with our name; it holds no connection
	ticket  messages.Ticket
	key     types.EncryptionKey
	expires time.Time
}

// early is how long before its end a ticket is not used any more: a broker's clock may differ.
const early = 30 * time.Second

// kerberos authenticates with Kerberos 5 (RFC 4752, with the tokens of RFC 4121), without a security layer: Kafka's brokers have none. The
// broker is authenticated, too: it can only sign its offer if it can decrypt the ticket.
func (s SASL) kerberos() authenticator {
	all := &tickets{sasl: s, held: map[string]ticket{}}
	return func(ctx context.Context) (sasl.StateMachine, []byte, error) {
		meta := sasl.MetadataFromContext(ctx)
		if meta == nil {
			return nil, nil, errors.New("the host of the broker is not known")
		}
		t, err := all.of(ctx, meta.Host)
		if err != nil {
			return nil, nil, err
		}
		token, err := spnego.NewKRB5TokenAPREQ(t.client, t.ticket, t.key, []int{gssapi.ContextFlagInteg}, nil)
		if err != nil {
			return nil, nil, fmt.Errorf("making a token of the ticket: %w", err)
		}
		first, err := token.Marshal()
		if err != nil {
			return nil, nil, fmt.Errorf("making a token of the ticket: %w", err)
		}
		return &kerberosState{key: t.key}, first, nil
	}
}

// of is a ticket for the broker at a host.
func (t *tickets) of(ctx context.Context, host string) (ticket, error) {
	select {
	case r := <-t.request.DoChan(host, func() (any, error) { return t.get(host) }):
		found, _ := r.Val.(ticket)
		return found, r.Err
	case <-ctx.Done():
		return ticket{}, fmt.Errorf("%s: %w", t.asking(host), ctx.Err())
	}
}

// asking says which ticket is asked for, and where.
func (t *tickets) asking(host string) string {
	k := t.sasl.Kerberos
	return fmt.Sprintf("getting a ticket of %s@%s for %s from %s", t.sasl.Username, k.Realm, k.servicePrincipal(host).PrincipalNameString(),
		cmp.Or(strings.Join(k.KDC, ", "), "the KDC of the realm"))
}

// get is called once at a time for each host.
func (t *tickets) get(host string) (ticket, error) {
	k := t.sasl.Kerberos
	secretNow, err := secret(t.sasl.Password, t.sasl.PasswordFile)
	if k.KeytabFile != "" {
		var keys []byte
		keys, err = os.ReadFile(k.KeytabFile) // as it is: its last byte may be that of a line break
		secretNow = string(keys)
	}
	if err != nil {
		return ticket{}, fmt.Errorf("%s: %w", t.asking(host), err)
	}
	by := sha256.Sum256([]byte(secretNow))
	t.mu.Lock()
	if t.by != by {
		t.by, t.held = by, map[string]ticket{}
	}
	held, ok := t.held[host]
	t.mu.Unlock()
	if ok && time.Until(held.expires) > early {
		return held, nil
	}
	fresh, err := t.ask(host, secretNow)
	if err != nil {
		return ticket{}, fmt.Errorf("%s: %w", t.asking(host), err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == by {
		t.held[host] = fresh
	}
	return fresh, nil
}

// ask asks the KDC for a ticket to ask for tickets, and with it for the one of the broker. Client.Login would do the same, and start a goroutine
// that renews it until the process ends.
func (t *tickets) ask(host, secret string) (ticket, error) {
	k := t.sasl.Kerberos
	config, err := k.krb5()
	if err != nil {
		return ticket{}, err
	}
	realm := cmp.Or(k.Realm, config.LibDefaults.DefaultRealm)
	var c *client.Client
	if k.KeytabFile != "" {
		keys := keytab.New()
		if err := keys.Unmarshal([]byte(secret)); err != nil {
			return ticket{}, fmt.Errorf("%s is not a keytab", k.KeytabFile) // the error may have a part of a key
		}
		c = client.NewWithKeytab(t.sasl.Username, realm, keys, config, client.DisablePAFXFAST(true))
	} else {
		c = client.NewWithPassword(t.sasl.Username, realm, secret, config, client.DisablePAFXFAST(true))
	}
	if ok, err := c.IsConfigured(); !ok {
		return ticket{}, err
	}
	request, err := messages.NewASReqForTGT(realm, config, c.Credentials.CName())
	if err != nil {
		return ticket{}, err
	}
	granting, err := c.ASExchange(realm, request, 0)
	if err != nil {
		return ticket{}, err
	}
	_, granted, err := c.TGSREQGenerateAndExchange(k.servicePrincipal(host), realm, granting.Ticket, granting.DecryptedEncPart.Key, false)
	if err != nil {
		return ticket{}, err
	}
	return ticket{client: c, ticket: granted.Ticket, key: granted.DecryptedEncPart.Key, expires: granted.DecryptedEncPart.EndTime}, nil
}

// kerberosState answers the one challenge of a broker: which security layers it offers.
type kerberosState struct {
	key             types.EncryptionKey
	asked, answered bool
}

// noLayer is the security layer that Kafka's brokers offer: none (RFC 4752, 3.3).
const noLayer = 1

// Next answers the offer, which the broker has signed. The broker ends with an empty challenge.
func (k *kerberosState) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	switch {
	case k.answered:
		return true, nil, nil
	case len(challenge) == 0 && !k.asked:
		k.asked = true
		return false, []byte{}, nil // its context is ready, and it waits to be asked for its offer
	}
	var offer gssapi.WrapToken
	if err := offer.Unmarshal(challenge, true); err != nil {
		return false, nil, fmt.Errorf("the broker's offer of security layers: %w", err)
	}
	if ok, err := offer.Verify(k.key, keyusage.GSSAPI_ACCEPTOR_SEAL); !ok || err != nil {
		return false, nil, errors.Join(errors.New("the broker's offer of security layers is not signed with the key of the ticket"), err)
	}
	if len(offer.Payload) != 4 || offer.Payload[0]&noLayer == 0 {
		return false, nil, fmt.Errorf("the broker offers the security layers %x, and not to have none", offer.Payload)
	}
	answer, err := gssapi.NewInitiatorWrapToken([]byte{noLayer, 0, 0, 0}, k.key)
	if err != nil {
		return false, nil, fmt.Errorf("answering the offer of security layers: %w", err)
	}
	text, err := answer.Marshal()
	if err != nil {
		return false, nil, fmt.Errorf("answering the offer of security layers: %w", err)
	}
	k.answered = true
	return false, text, nil
}
