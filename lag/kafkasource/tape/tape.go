package tape

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// Format is the version of the files.
const Format = 1

// Header is the first line of a file.
type Header struct {
	Exchanges int    `json:"exchanges"` // the format
	Lagscaler string `json:"lagscaler"` // the version of the program that recorded
	Provider  string `json:"provider,omitempty"`
	Names     bool   `json:"names,omitempty"` // the names are those of the cluster
}

// Tape is a recording.
type Tape struct {
	Header    Header
	APIs      []APIs
	Exchanges []Exchange
	Polls     []Poll
}

// APIs are what a broker supports.
type APIs struct {
	Broker   int32      `json:"broker"`
	Versions [][3]int16 `json:"versions"` // key, lowest and highest version
}

// Exchange is one request and its answer. A request to an API that the broker does not have was not sent, and has none.
type Exchange struct {
	Poll     int    `json:"poll"`
	Broker   int32  `json:"broker"` // -1: any
	Key      int16  `json:"key"`
	Version  int16  `json:"version"`
	Request  []byte `json:"request,omitempty"`
	Response []byte `json:"response,omitempty"`
}

// Poll is what a poll read, without names.
type Poll struct {
	Groups []Group        `json:"groups"` // sorted by all of their fields
	Errors map[string]int `json:"errors,omitempty"`
}

// Group is a group without its name.
type Group struct {
	State      string `json:"state"`
	Type       string `json:"type,omitempty"`
	Members    int    `json:"members"`
	Owned      int    `json:"owned"`      // partitions that members own
	Committed  int    `json:"committed"`  // partitions with a committed offset
	Partitions int    `json:"partitions"` // of its topics
	Lag        int64  `json:"lag"`
	Complete   bool   `json:"complete"`
	Error      string `json:"error,omitempty"`
}

// PollOf is what a poll read, without names.
func PollOf(o lag.Observation) Poll {
	p := Poll{Groups: []Group{}, Errors: map[string]int{}}
	snapshot := lag.Compute(o, nil, nil)
	for i := range snapshot.Groups {
		g := &snapshot.Groups[i]
		total, complete := g.Total()
		one := Group{State: string(g.State), Type: string(g.Type), Members: len(g.Members), Lag: total, Complete: complete, Error: g.Err.String()}
		for _, m := range g.Members {
			for _, t := range m.Assigned {
				one.Owned += len(t.Partitions)
			}
		}
		for _, t := range g.Topics {
			one.Partitions += len(t.Partitions)
			for _, q := range t.Partitions {
				if q.Known.Has(lag.KnownCommitted) {
					one.Committed++
				}
			}
		}
		p.Groups = append(p.Groups, one)
	}
	slices.SortFunc(p.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Members, b.Members), cmp.Compare(a.Owned, b.Owned),
			cmp.Compare(a.Committed, b.Committed), cmp.Compare(a.Partitions, b.Partitions), cmp.Compare(a.Lag, b.Lag), cmp.Compare(a.Error, b.Error))
	})
	for _, e := range o.Errors {
		p.Errors[e.Code.String()]++
	}
	return p
}

// line is any line of a file but the first.
type line struct {
	APIs     *APIs     `json:"apis,omitempty"`
	Exchange *Exchange `json:"exchange,omitempty"`
	Poll     *Poll     `json:"poll,omitempty"`
}

// Write writes a file.
func (t *Tape) Write(w io.Writer) error {
	zip := gzip.NewWriter(w)
	lines := json.NewEncoder(zip)
	all := []any{t.Header}
	for i := range t.APIs {
		all = append(all, line{APIs: &t.APIs[i]})
	}
	rest := t.Exchanges
	for n := range t.Polls {
		for len(rest) > 0 && rest[0].Poll <= n {
			all, rest = append(all, line{Exchange: &rest[0]}), rest[1:]
		}
		all = append(all, line{Poll: &t.Polls[n]})
	}
	for _, l := range all {
		if err := lines.Encode(l); err != nil {
			return fmt.Errorf("writing a recording: %w", err)
		}
	}
	return zip.Close()
}

// The bounds of a file that is read: somebody else made it.
const (
	mostBytes = 256 << 20 // unpacked
	mostLine  = 64 << 20
)

// Read reads a file. The error names the line.
func Read(r io.Reader) (*Tape, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	limited := &io.LimitedReader{R: zip, N: mostBytes}
	scan := bufio.NewScanner(limited)
	scan.Buffer(nil, mostLine)
	t := &Tape{}
	for n := 1; scan.Scan(); n++ {
		if err := t.take(n, scan.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d of a recording: %w", n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("reading a recording: it has more than %d bytes", mostBytes)
	}
	if t.Header.Exchanges == 0 {
		return nil, errors.New("reading a recording: it is empty")
	}
	return t, nil
}

func (t *Tape) take(n int, text []byte) error {
	if n == 1 {
		if err := json.Unmarshal(text, &t.Header); err != nil {
			return err
		}
		if t.Header.Exchanges != Format {
			return fmt.Errorf("exchanges: %d: this is no recording of what brokers answer, or one of another version; %d is known", t.Header.Exchanges, Format)
		}
		return nil
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	switch {
	case l.APIs != nil:
		t.APIs = append(t.APIs, *l.APIs)
	case l.Exchange != nil:
		t.Exchanges = append(t.Exchanges, *l.Exchange)
	case l.Poll != nil:
		t.Polls = append(t.Polls, *l.Poll)
	default:
		return errors.New("is neither apis, an exchange nor a poll")
	}
	return nil
}

// note takes in an exchange as the source tells it.
func (t *Tape) note(poll int, e kafkasource.Exchange) {
	if i := slices.IndexFunc(t.APIs, func(a APIs) bool { return a.Broker == e.Broker }); i < 0 {
		apis := APIs{Broker: e.Broker}
		for _, v := range e.APIs {
			apis.Versions = append(apis.Versions, [3]int16{v.Key, v.Low, v.High})
		}
		t.APIs = append(t.APIs, apis)
	}
	if !e.Unsupported {
		t.Exchanges = append(t.Exchanges, Exchange{Poll: poll, Broker: e.Broker, Key: e.Key, Version: e.Version, Request: e.Request, Response: e.Response})
	}
}
