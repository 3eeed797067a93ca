package transport

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Exchange is one request and what was answered.
type Exchange struct {
	Broker       int32 // that was asked; [AnyBroker]: a bootstrap address
	Key, Version int16
	Unsupported  bool          // the broker supports no version of the API that we do: nothing was sent
	Request      []byte        // without the header
	Response     []byte        // without the header; nil if it could not be decoded
	APIs         []APIVersions // that the broker supports, by key
}

// APIVersions is the range of versions of one API.
type APIVersions struct{ Key, Low, High int16 }

// tap tells an exchange, with memory of its own. A response that could not be decoded is left out: nobody should try it again.
func (c *Client) tap(broker int32, req kmsg.Request, a *rawResponse, err error) {
	if c.cfg.Tap == nil {
		return
	}
	e := Exchange{Broker: broker, Key: a.key, Version: a.version, Unsupported: a.unsupported}
	if err == nil {
		e.Response = slices.Clone(a.body)
	}
	if !a.unsupported {
		e.Request = req.AppendTo(nil)
	}
	for _, key := range slices.Sorted(maps.Keys(a.versions)) {
		e.APIs = append(e.APIs, APIVersions{key, a.versions[key].low, a.versions[key].high})
	}
	c.cfg.Tap(e)
}
