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
	Response     []byte        // without the header
	APIs         []APIVersions // that the broker supports, by key
}

// APIVersions is the range of versions of one API.
type APIVersions struct{ Key, Low, High int16 }

// exchangeOf is the exchange of a request, with memory of its own.
func exchangeOf(broker int32, req kmsg.Request, a *rawResponse) Exchange {
	e := Exchange{Broker: broker, Key: a.key, Version: a.version, Unsupported: a.unsupported, Response: slices.Clone(a.body)}
	if !a.unsupported {
		e.Request = req.AppendTo(nil)
	}
	for _, key := range slices.Sorted(maps.Keys(a.versions)) {
		e.APIs = append(e.APIs, APIVersions{key, a.versions[key].low, a.versions[key].high})
	}
	return e
}
