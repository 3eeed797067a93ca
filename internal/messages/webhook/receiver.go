package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/lagscaler/lagscaler/internal/messages"
)

// Receiver is one receiver.
type Receiver struct {
	Name    string
	URL     string            // secret
	Text    bool              // a text for chats; else a batch of CloudEvents
	Headers map[string]string // of each request; secret
	Secrets []string          // each signs: during a rotation a receiver knows one of them. Empty: nothing is signed
	Filter  messages.Filter
	Client  *http.Client
}

const (
	batchSize   = 100
	postTimeout = 10 * time.Second
	textGap     = time.Second // between posts to a chat: https://docs.slack.dev/apis/web-api/rate-limits
	mostAnswer  = 1 << 10     // bytes of an answer that are read
	mostWait    = time.Hour   // that a Retry-After may ask for
)

// answered is how a receiver answered.
type answered struct {
	status int
	after  time.Duration // that it asks to wait; 0: it does not
}

func (a answered) Error() string {
	return fmt.Sprintf("it answered %d %s", a.status, http.StatusText(a.status))
}

// refuses are the answers that say that these messages will never be taken.
var refuses = []int{
	http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
	http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusRequestedRangeNotSatisfiable, http.StatusExpectationFailed,
	http.StatusUnprocessableEntity,
}

// refused reports whether a receiver will never take what was sent.
func refused(err error) bool {
	var a answered
	return errors.As(err, &a) && slices.Contains(refuses, a.status)
}

// post sends as many of the messages as fit into one request. n is how many these are.
func (r *Receiver) post(ctx context.Context, source string, items []messages.Item, now time.Time) (n int, err error) {
	body, n, contentType, err := r.body(source, items)
	if err != nil {
		return n, err
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(body))
	if err != nil {
		return n, errors.New("its address is not valid") // the error has it
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "lagscaler")
	if err := r.sign(request, items[:n], body, now); err != nil {
		return n, err
	}
	response, err := r.Client.Do(request)
	if err != nil {
		return n, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()                          // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, mostAnswer)) // so that the connection can be used again
	if response.StatusCode/100 == 2 {
		return n, nil
	}
	return n, answered{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), now)}
}

func (r *Receiver) body(source string, items []messages.Item) (body []byte, n int, contentType string, err error) {
	if r.Text {
		body, n, err = messages.Text(items)
		return body, n, "application/json; charset=utf-8", err
	}
	body, err = messages.CloudEvents(source, items)
	return body, len(items), messages.BatchType, err
}

// sign adds the headers of Standard Webhooks. The id is that of the batch: the same messages have the same one.
func (r *Receiver) sign(request *http.Request, items []messages.Item, body []byte, now time.Time) error {
	if len(r.Secrets) == 0 {
		return nil
	}
	sum := sha256.New()
	for _, i := range items {
		_, _ = io.WriteString(sum, i.ID+"\n") // a hash never fails
	}
	id := "msg_" + hex.EncodeToString(sum.Sum(nil)[:16])
	var signatures []string
	for _, secret := range r.Secrets {
		key, err := keyOf(secret)
		if err != nil {
			return err
		}
		signature, err := key.Sign(id, now, body)
		if err != nil {
			return fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, signature)
	}
	request.Header.Set(standardwebhooks.HeaderWebhookID, id)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// keyOf is the key of a secret: of one that begins with whsec_ its base64, of any other its bytes.
func keyOf(secret string) (*standardwebhooks.Webhook, error) {
	if !strings.HasPrefix(secret, "whsec_") {
		return standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, errors.New("a secret that begins with whsec_ is not base64 after it")
	}
	return key, nil
}

// withoutURL is an error of a request without its address, which is secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter is how long a receiver asks to wait, in seconds or until a time: RFC 9110, 10.2.3.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if s, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return time.Duration(min(max(0, s), int(mostWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(now)), mostWait)
	}
	return 0
}
