package messages

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Saved is what outlives a leader.
type Saved struct {
	Version int    `json:"version"`
	Told    *Told  `json:"told"`
	Outbox  Outbox `json:"outbox"`
}

const (
	version = 1
	// mostSaved is what one save may have, in bytes: a ConfigMap has 1 MiB at most.
	mostSaved = 900 << 10
	// mostLoaded is what it may have without compression.
	mostLoaded = 64 << 20
)

// Encode is the compressed form. When it has too much, the oldest messages are dropped from the outbox until it has not.
func Encode(told *Told, o *Outbox) (data []byte, dropped []Item, err error) {
	for {
		if data, err = compress(Saved{Version: version, Told: told, Outbox: *o}); err != nil || len(data) <= mostSaved {
			return data, dropped, err
		}
		if len(o.Items) == 0 {
			return nil, dropped, fmt.Errorf("what was told has %d bytes, more than the %d that can be saved", len(data), mostSaved)
		}
		dropped = append(dropped, o.drop((len(o.Items)+3)/4)...)
	}
}

func compress(s Saved) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(w).Encode(s), w.Close()); err != nil {
		return nil, fmt.Errorf("encoding what was told: %w", err)
	}
	return out.Bytes(), nil
}

// Decode is the reverse of Encode. Nothing at all is the zero value.
func Decode(data []byte) (Told, Outbox, error) {
	if len(data) == 0 {
		return Told{}, Outbox{}, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return Told{}, Outbox{}, fmt.Errorf("what was told: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, mostLoaded+1))
	if err == nil && len(text) > mostLoaded {
		err = fmt.Errorf("it has more than %d bytes", mostLoaded)
	}
	var s Saved
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	switch {
	case err != nil:
		return Told{}, Outbox{}, fmt.Errorf("what was told: %w", err)
	case s.Version != version || s.Told == nil:
		return Told{}, Outbox{}, fmt.Errorf("what was told: version %d is not known, only %d", s.Version, version)
	}
	for _, i := range s.Outbox.Items {
		if i.ID == "" || i.Number >= s.Outbox.Next {
			return Told{}, Outbox{}, fmt.Errorf("what was told: a message with id %q and number %d of %d", i.ID, i.Number, s.Outbox.Next)
		}
	}
	return *s.Told, s.Outbox, nil
}
